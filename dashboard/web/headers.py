"""What browsers are told with every answer, so that others can do less harm."""

import base64
import hashlib
import re

import dash
from flask import Flask, Response

HEADERS = {
    "X-Content-Type-Options": "nosniff",  # what a visitor sent as a photo is shown as nothing else
    "X-Frame-Options": "SAMEORIGIN",  # no other site shows the page as a part of its own, to have it clicked
    "Referrer-Policy": "same-origin",  # other sites do not learn what was looked at
}
# Where the parts of a page may come from. Mantine and Plotly write styles into the page.
POLICY = {
    "default-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "font-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}


def register(app: dash.Dash) -> None:
    """Adds them, once all that the app writes into its pages is known."""
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

    # Flask's own decorator refuses after the first request, without which not all scripts are known.
    server.after_request_funcs.setdefault(None, []).append(add)


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
