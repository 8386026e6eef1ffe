"""What a request brings with it."""

from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest


def json_body() -> Any:
    """The request's body.

    Raises:
        BadRequest: It is not JSON.
    """
    try:
        return request.get_json(force=True)
    except BadRequest as error:
        raise BadRequest("The body of the request must be JSON.") from error


def json_object() -> dict[str, Any]:
    """The request's body, an object.

    Raises:
        BadRequest: It is something else.
    """
    body = json_body()
    if not isinstance(body, dict):
        raise BadRequest("The body of the request must be a JSON object.")
    return body


def json_text(key: str) -> str:
    """A text in the request's body.

    Raises:
        BadRequest: There is none.
    """
    text = json_object().get(key)
    if not isinstance(text, str):
        raise BadRequest(f'The body must be {{"{key}": "text"}}.')
    return text
