"""The id of the request in hand, which the model server is told: both logs name it. Free of Flask."""

import secrets
from contextvars import ContextVar

HEADER = "X-Request-ID"

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin() -> None:
    """A request begins, and gets an id of its own."""
    _current.set(secrets.token_hex(16))


def end(_: object = None) -> None:
    """The request has ended; its thread may do something else now."""
    _current.set(None)


def current() -> str:
    """The id of the request in hand; a new one each time where there is none, in a notebook say."""
    return _current.get() or secrets.token_hex(16)
