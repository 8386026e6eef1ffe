"""Photos as answers to a browser."""

from flask import Response, request
from werkzeug.exceptions import BadRequest

from dashboard.endpoints.bodies import json_body

SIDES = ("160", "400", "800")  # pixels; few, so that browsers keep what they have


def jpeg_response(jpeg: bytes, cache_control: str) -> Response:
    """A JPEG, with how long a browser may keep it."""
    headers = {"Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"}
    return Response(jpeg, mimetype="image/jpeg", headers=headers)


def asked_side() -> int | None:
    """How long the longest side of a photo shall be, as the request's `side` says, in pixels.

    Raises:
        BadRequest: Not one of the sizes that photos can be had in.
    """
    side = request.args.get("side")
    if side is None:
        return None
    if side not in SIDES:
        raise BadRequest(f"side must be one of {', '.join(SIDES)}. Received: {side!r}.")
    return int(side)


def asked_label() -> str | None:
    """The class that the JSON of a request asks for besides the most likely ones.

    Raises:
        BadRequest: The body is neither empty nor JSON with a text under `label`.
    """
    if not request.get_data():
        return None
    body = json_body()
    label = body.get("label") if isinstance(body, dict) else body
    if label is not None and not isinstance(label, str):
        raise BadRequest('The body must be empty or {"label": "Make_Model"}.')
    return label
