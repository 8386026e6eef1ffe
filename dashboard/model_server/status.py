"""How the model server is: asked once in a while, however many want to know."""

import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from contextvars import copy_context
from dataclasses import dataclass

from dashboard.model_server.client import ModelClient, Status
from dashboard.model_server.errors import BadAnswer, ModelServerError, TooSlow

FRESH_SECONDS = 2.0  # what is known is told without asking
USABLE_SECONDS = 10.0  # it is told while somebody asks, and names the version for answers
STATUS_SECONDS = 5.0  # of which 2 for the connection: a server that takes 3 to tell its state is slow


@dataclass(frozen=True)
class _Look:
    """What was seen: a state, or why there is none."""

    seen: Status | ModelServerError
    at: float

    @property
    def age(self) -> float:
        return time.monotonic() - self.at

    def result_or_raise(self) -> Status:
        if isinstance(self.seen, Status):
            return self.seen
        # Another one for each that is told, because threads would write their tracebacks into the same.
        raise type(self.seen)(str(self.seen), self.seen.request)

    @property
    def answers(self) -> bool:
        """Whether the server may answer requests."""
        return self.seen.ready if isinstance(self.seen, Status) else isinstance(self.seen, TooSlow)


class ModelWatch:
    """Keeps the model server's state for some seconds, for all requests of a process.

    While the server is slow one request waits for its state, and the others are told what was seen last.

    Args:
        client: Asks the model server.
    """

    def __init__(self, client: ModelClient):
        self._client = client
        self._lock = threading.Lock()
        self._last: _Look | None = None
        self._version: str | None = None
        self._asking: Future[_Look] | None = None

    def status(self, patience: float = STATUS_SECONDS) -> Status:
        """The model's version and state, at most some seconds old.

        Args:
            patience: Seconds to wait for it, if it must be asked for.

        Raises:
            ModelServerError: One of its kinds, see `dashboard.model_server.errors`.
        """
        with self._lock:
            last, asking = self._last, self._asking
            if last and (last.age < FRESH_SECONDS or (asking and last.age < USABLE_SECONDS)):
                return last.result_or_raise()
            if asking is None:
                asking = self._asking = Future()
                # Not in this request's own thread, which may have less patience than others that wait with it.
                # The model server is told the id of the request that began it.
                threading.Thread(target=copy_context().run, args=(self._look, asking), daemon=True).start()
        try:
            return asking.result(max(0.0, patience)).result_or_raise()
        except NotInTime:
            message = f"The model server took longer than {patience:g} seconds to tell its state."
            raise TooSlow(message, f"GET {self._client.url}") from None

    def version(self, patience: float = STATUS_SECONDS) -> str | None:
        """The version that answers, without waiting if it was seen a short while ago; None if it is not known.

        Args:
            patience: Seconds to wait for it, if it must be asked for.

        Raises:
            ModelServerError: The server cannot be asked. One that is slow or odd may answer all the same.
        """
        last = self._last
        if last is None or last.age >= USABLE_SECONDS or not last.answers:
            try:
                self.status(patience)
            except (BadAnswer, TooSlow):
                pass
        return self._version

    def version_after(self, gone: str, patience: float = STATUS_SECONDS) -> str | None:
        """As `version`, now that the version `gone` is not there any more."""
        with self._lock:
            if self._version == gone:
                self._last = self._version = None
        return self.version(patience)

    def _look(self, asking: "Future[_Look]") -> None:
        try:
            look = _Look(self._ask(), time.monotonic())
        except Exception as error:
            with self._lock:
                self._asking = None
            asking.set_exception(error)
            return
        with self._lock:
            self._last, self._asking = look, None
            if isinstance(look.seen, Status):
                self._version = look.seen.version if look.seen.ready else None
            elif not isinstance(look.seen, TooSlow):  # a slow server has the version that it had
                self._version = None
        asking.set_result(look)

    def _ask(self) -> Status | ModelServerError:
        try:
            return self._client.status(STATUS_SECONDS)
        except ModelServerError as error:
            return error
