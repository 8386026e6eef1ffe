"""Answers with photos, and the options of requests for them."""

from flask import Response, request
from werkzeug.exceptions import BadRequest

from dashboard.endpoints.bodies import json_body

SIDES = ("160", "400", "800")  # pixels; few sizes, so that browsers reuse cached photos


def picture_response(content: bytes, cache_control: str) -> Response:
    """Answers with a JPEG or PNG that a browser may cache as `cache_control` says."""
    headers = {"Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"}
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    return Response(content, mimetype=kind, headers=headers)


def asked_side() -> int | None:
    """Reads the request's `side`: the longest side of the photo, in pixels; None for the photo's own size.

    Raises:
        BadRequest: `side` is none of `SIDES`.
    """
    side = request.args.get("side")
    if side is None:
        return None
    if side not in SIDES:
        raise BadRequest(f"side must be one of {', '.join(SIDES)}. Received: {side!r}.")
    return int(side)


def asked_label() -> str | None:
    """Reads the class that a request asks for besides the most likely ones: `label` in the JSON body, if it has one.

    Raises:
        BadRequest: The body is neither empty nor a JSON object with a text under `label`.
    """
    if not request.get_data():
        return None
    body = json_body()
    label = body.get("label") if isinstance(body, dict) else body
    if label is not None and not isinstance(label, str):
        raise BadRequest('The body must be empty or {"label": "Make_Model"}.')
    return label
