"""Security headers of every response."""

import base64
import hashlib
import re

import dash
from flask import Flask, Response

HEADERS = {
    "X-Content-Type-Options": "nosniff",  # browsers show a visitor's upload as a photo or not at all
    "X-Frame-Options": "SAMEORIGIN",  # no other site may embed the page to trick people into clicks
    "Referrer-Policy": "same-origin",  # other sites do not learn which page a visitor comes from
}
# Content-Security-Policy. Mantine and Plotly need inline styles. A visitor may drop or paste the address of a photo on
# another site: the browser then fetches it, which the other site must allow too (CORS). Only scripts may fetch from
# there; images, styles and scripts of other sites stay forbidden.
POLICY = {
    "default-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self' data: https:",
    "media-src": "'self' blob:",
    "font-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}


def register(app: dash.Dash) -> None:
    """Adds the headers to all responses. Call it last: the policy lists the hashes of all inline scripts."""
    server: Flask = app.server
    scripts = [*app.csp_hashes(), *map(_hash, re.findall(r"<script>(.*?)</script>", app.index_string, re.DOTALL))]
    policy = POLICY | {"script-src": " ".join(["'self'", *dict.fromkeys(scripts)])}
    content_policy = "; ".join(f"{name} {sources}" for name, sources in policy.items())

    def add(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = content_policy
        return response

    # Not by Flask's decorator, which refuses after the first request; before it, not all scripts are known.
    server.after_request_funcs.setdefault(None, []).append(add)


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
