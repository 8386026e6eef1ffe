"""The id of the current request. It is sent to the model server too, so that both logs name it. Does not need Flask."""

from contextvars import ContextVar

from dashboard.web.random_ids import new_id

HEADER = "X-Request-ID"

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin() -> None:
    """Gives the request that begins a new id."""
    _current.set(new_id())


def end(_: object = None) -> None:
    """Forgets the id when the request ends, because the thread is reused."""
    _current.set(None)


def current() -> str:
    """Returns the current request's id; a new one each time outside of requests, as in a notebook."""
    return _current.get() or new_id()
