"""Caches the model server's status, so that many visitors cause one request."""

import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextvars import copy_context
from dataclasses import dataclass

from dashboard.model_server.client import ModelClient, Status
from dashboard.model_server.errors import BadAnswer, ModelServerError, TooSlow

FRESH_SECONDS = 2.0  # a status of this age is returned without a request
USABLE_SECONDS = 10.0  # one of this age is returned during a request, and names the version for answers
STATUS_SECONDS = 5.0  # 2 of them for the connection: a server that needs 3 to report its state is slow


@dataclass(frozen=True)
class _Observation:
    """The outcome of one status request: a status, or the error instead."""

    outcome: Status | ModelServerError
    at: float

    @property
    def age(self) -> float:
        return time.monotonic() - self.at

    def result_or_raise(self) -> Status:
        if isinstance(self.outcome, Status):
            return self.outcome
        # A new error for each caller, because threads would write their tracebacks into a shared one.
        raise type(self.outcome)(str(self.outcome), self.outcome.request)

    @property
    def may_answer(self) -> bool:
        """Whether the server may answer requests."""
        return self.outcome.ready if isinstance(self.outcome, Status) else isinstance(self.outcome, TooSlow)


class ModelWatch:
    """Keeps the model server's status for some seconds, for all requests of a process.

    While the server is slow, one request waits for the status and the others get the last known one.

    Args:
        client: Client of the model server.
    """

    def __init__(self, client: ModelClient):
        self._client = client
        self._lock = threading.Lock()
        self._last: _Observation | None = None
        self._version: str | None = None
        self._asking: Future[_Observation] | None = None
        self.has_been_ready = False
        """Whether the server was seen with a version that answers."""

    def status(self, patience: float = STATUS_SECONDS) -> Status:
        """Returns the model's version and state, at most some seconds old.

        Args:
            patience: Seconds to wait for the server, if it must be asked.

        Raises:
            ModelServerError: One of its subclasses, see `dashboard.model_server.errors`.
        """
        with self._lock:
            last, asking = self._last, self._asking
            if last and (last.age < FRESH_SECONDS or (asking and last.age < USABLE_SECONDS)):
                return last.result_or_raise()
            if asking is None:
                asking = self._asking = Future()
                # In a thread of its own: the request at hand may have less patience than others that wait with it.
                # The copied context carries the id of the request at hand to the model server.
                threading.Thread(target=copy_context().run, args=(self._observe, asking), daemon=True).start()
        try:
            return asking.result(max(0.0, patience)).result_or_raise()
        except FutureTimeout:
            message = f"The model server took longer than {patience:g} seconds to report its state."
            raise TooSlow(message, f"GET {self._client.url}") from None

    def version(self, patience: float = STATUS_SECONDS) -> str | None:
        """Returns the version that answers, from the cache if that is recent; None if unknown.

        Args:
            patience: Seconds to wait for the server, if it must be asked.

        Raises:
            ModelServerError: The server cannot be asked. A slow or unreadable status is no error: predictions may work.
        """
        last = self._last
        if last is None or last.age >= USABLE_SECONDS or not last.may_answer:
            try:
                self.status(patience)
            except (BadAnswer, TooSlow):
                pass
        return self._version

    @property
    def last_version(self) -> str | None:
        """The version that answered when the server was last asked; None if unknown. Asks nobody."""
        return self._version

    def version_after(self, gone: str, patience: float = STATUS_SECONDS) -> str | None:
        """Returns the version that answers now that the version `gone` has been removed."""
        with self._lock:
            if self._version == gone:
                self._last = self._version = None
        return self.version(patience)

    def _observe(self, asking: "Future[_Observation]") -> None:
        try:
            observation = _Observation(self._ask(), time.monotonic())
        except Exception as error:
            with self._lock:
                self._asking = None
            asking.set_exception(error)
            return
        with self._lock:
            self._last, self._asking = observation, None
            if isinstance(observation.outcome, Status):
                self._version = observation.outcome.version if observation.outcome.ready else None
                self.has_been_ready |= observation.outcome.ready
            elif not isinstance(observation.outcome, TooSlow):  # a slow server still has its version
                self._version = None
        asking.set_result(observation)

    def _ask(self) -> Status | ModelServerError:
        try:
            return self._client.status(STATUS_SECONDS)
        except ModelServerError as error:
            return error
