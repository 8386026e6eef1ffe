"""The id of the request in hand, which the model server is told: both logs name it. Free of Flask."""

from contextvars import ContextVar

from dashboard.web.random_ids import new_id

HEADER = "X-Request-ID"

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin() -> None:
    """A request begins, and gets an id of its own."""
    _current.set(new_id())


def end(_: object = None) -> None:
    """The request has ended; its thread may do something else now."""
    _current.set(None)


def current() -> str:
    """The id of the request in hand; a new one each time where there is none, in a notebook say."""
    return _current.get() or new_id()
