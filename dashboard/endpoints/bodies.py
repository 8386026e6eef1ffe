"""Reads JSON from the body of a request."""

from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest


def json_body() -> Any:
    """Reads the request's body.

    Raises:
        BadRequest: The body is not JSON.
    """
    try:
        return request.get_json(force=True)
    except BadRequest as error:
        raise BadRequest("The body of the request must be JSON.") from error


def json_object() -> dict[str, Any]:
    """Reads a JSON object from the request's body.

    Raises:
        BadRequest: The body is not a JSON object.
    """
    body = json_body()
    if not isinstance(body, dict):
        raise BadRequest("The body of the request must be a JSON object.")
    return body


def json_text(key: str) -> str:
    """Reads one text of the JSON object in the request's body.

    Raises:
        BadRequest: The body is not a JSON object, or it has no text under this key.
    """
    text = json_object().get(key)
    if not isinstance(text, str):
        raise BadRequest(f'The body must be {{"{key}": "text"}}.')
    return text
