"""One request to a model server: sent again where that is safe, and answered with JSON or an error.

A request is sent again, at most twice, if no answer to it began: nothing listened, the connection was cut, or the
server was too busy to take it (429, 503). Asking a model changes nothing, so it does no harm should the server have
worked on it after all. It is not sent again after it took too long (the server may be at it still, and a second one
would be more of the same work) nor after any other answer (which would be the same again).

urllib3's `Retry` is not used: it takes a cut connection and a slow answer for one kind of failure, knows of no limit
for all attempts together, and waits for hours if a `Retry-After` says so.
"""

import base64
import json
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import numpy as np
import requests

from dashboard.model_server.errors import (
    BadAnswer,
    Busy,
    Failed,
    ModelServerError,
    NotReachable,
    Refused,
    TooSlow,
    UnknownModel,
)
from dashboard.web import request_id

ATTEMPTS = 3
FIRST_PAUSE = 0.1  # seconds, at most; the next is three times as long. A server that is down costs 0.4 seconds more.
BUSY = (429, 503)

_NO_ADDRESS = (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timeout:
    """How long to wait, in seconds.

    Attributes:
        connect: For the connection to stand.
        read: For the answer to begin, once it stands, and between any two parts of it.
    """

    connect: float = 2.0
    read: float = 30.0

    @property
    def total(self) -> float:
        """For both."""
        return self.connect + self.read

    def within(self, seconds: float) -> "Timeout":
        """The same, but both together no longer than some seconds."""
        connect = min(self.connect, max(seconds / 2, seconds - self.read))
        return Timeout(connect, min(self.read, seconds - connect))


class ModelRequests:
    """Sends requests about one model to one server. Threads may share it.

    Args:
        url: The server's address, such as `http://localhost:8501`.
        model_name: The model's name there.
        timeout: How long to wait for an answer.
    """

    def __init__(self, url: str, model_name: str, timeout: Timeout):
        self.url = url
        self.model_name = model_name
        self.timeout = timeout
        self._session = requests.Session()
        # The model server is a neighbour: a proxy set for the outside world must not get between.
        self._session.trust_env = False
        # A new connection costs 0.3 ms on one machine, of the tens that an answer takes. A kept one may be gone when it
        # is needed, would be shared by processes that fork, and holds on to one of several servers behind one address.
        self._session.headers["Connection"] = "close"
        # From here on nothing changes the session, which threads share: a proxy's cookies could.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    def close(self) -> None:
        """Closes the connections that are open."""
        self._session.close()

    def ask(self, method: str, what: str, until: float, body: Mapping[str, Any] | None = None) -> tuple[Any, str]:
        """Sends a request, again if need be and if it is safe.

        Args:
            method: GET or POST.
            what: What comes after the model's name in the address, such as `:predict`.
            until: When to give up, all attempts included; a time of `time.monotonic`.
            body: Sent as JSON. Bytes become `{"b64": …}`, arrays become lists.

        Returns:
            The answer, an object of JSON, and the request, as errors name it.

        Raises:
            ModelServerError: One of its kinds, see `dashboard.model_server.errors`.
        """
        request = f"{method} {self.url}/v1/models/{quote(self.model_name, safe='')}{what}"
        headers = {request_id.HEADER: request_id.current()}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body, default=_plain).encode()
        attempt = 1
        while True:
            try:
                return self._read(self._send(request, until, data, headers), request), request
            except _NotTaken as failure:
                pause = failure.after + FIRST_PAUSE * 3 ** (attempt - 1) * random.uniform(0.5, 1)  # noqa: S311
                # An answer needs time as well: no more than half of what is left goes into waiting.
                if attempt == ATTEMPTS or pause > (until - time.monotonic()) / 2:
                    raise failure.error from failure.__cause__
                logger.info("%s: %s Once more in %.2f s.", request, failure.error, pause)
            time.sleep(pause)
            attempt += 1

    def _send(self, request: str, until: float, data: bytes | None, headers: Mapping[str, str]) -> requests.Response:
        """One attempt. Raises `_NotTaken` where another one is safe."""
        left = until - time.monotonic()
        if left <= 0:
            raise TooSlow("The model server took too long. Try again in a moment.", request)
        timeout = self.timeout.within(left)
        took_longer = f"The model server took longer than {timeout.read:.3g} seconds. Try again in a moment."
        gone = _not_reachable(self.url, request)
        method, _, address = request.partition(" ")
        try:
            response = self._session.request(
                method,
                address,
                data=data,
                headers=headers,
                timeout=(timeout.connect, timeout.read),
                allow_redirects=False,
                stream=True,  # what fails before an answer begins is told from what fails after that
            )
        except requests.ReadTimeout as error:
            raise TooSlow(took_longer, request) from error
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise gone from error
        except requests.ConnectionError as error:
            if _timed_out(error):
                message = "The model server took in only a part of the request in time. Try again in a moment."
                raise TooSlow(message, request) from error
            raise _NotTaken(gone) from error
        except _NO_ADDRESS as error:
            raise BadAnswer(
                f"{self.url} is no web address. Give one such as http://localhost:8501.", request
            ) from error
        except requests.RequestException as error:
            raise gone from error
        try:
            with response:
                _ = response.content  # requests keeps it
        except requests.RequestException as error:
            raise TooSlow(took_longer, request) if _timed_out(error) else gone from error
        return response

    def _read(self, response: requests.Response, request: str) -> dict[str, Any]:
        """The answer, if it is one. Raises `_NotTaken` where another attempt is safe."""
        try:
            answer = response.json()
        except (ValueError, RecursionError):  # no JSON, or such as nobody sends: numbers or a depth beyond all bounds
            answer = None
        if response.status_code in BUSY:
            error = self._error(response.status_code, answer, request)
            raise _NotTaken(error, _seconds(response.headers.get("Retry-After")))
        if response.status_code != requests.codes.ok:
            raise self._error(response.status_code, answer, request)
        if not isinstance(answer, dict):
            raise BadAnswer(not_a_model_server(self.url), request)
        return answer

    def _error(self, code: int, answer: object, request: str) -> ModelServerError:
        if not (isinstance(answer, dict) and isinstance(answer.get("error"), str)):
            # Not the shape of the model server's own errors: somebody else answers, such as a proxy.
            if code in (502, 503, 504):
                return _not_reachable(self.url, request)
            return BadAnswer(not_a_model_server(self.url), request)
        # Of an error in the graph, TensorFlow adds where in the graph, in double brackets.
        said = " ".join(answer["error"].split(" [[{{")[0].split())[:300]
        if code == 404:
            return UnknownModel(
                f"The model server has no model named “{self.model_name}” ready. "
                "If it is still starting, wait a moment; otherwise check its name (DASHBOARD_MODEL_NAME).",
                request,
            )
        if code in BUSY:
            return Busy(f"The model server is busy or starting ({said}). Try again in a moment.", request)
        if code == 504:
            return TooSlow("The model server ran out of time. Try again in a moment.", request)
        if code < 500:
            return Refused(f"The model server did not accept the request: {said}", request)
        return Failed(f"The model server failed: {said}", request)


def not_a_model_server(url: str) -> str:
    """The sentence for an answer that no model server gives."""
    return f"What answers at {url} is not a model server. Check its address (DASHBOARD_MODEL_SERVER_URL)."


def _not_reachable(url: str, request: str) -> NotReachable:
    return NotReachable(f"The model server at {url} cannot be reached. Start it, then try again.", request)


class _NotTaken(Exception):
    """The server did not take the request, which may be sent again.

    Attributes:
        error: What to tell if it is not.
        after: Seconds that the server wants to be left alone for.
    """

    def __init__(self, error: ModelServerError, after: float = 0.0):
        super().__init__(str(error))
        self.error = error
        self.after = after


def _timed_out(error: BaseException) -> bool:
    """Whether a time limit is behind an error of requests, which wraps errors in errors."""
    if isinstance(error, TimeoutError):
        return True
    # Not `__context__`: that may be what the caller had to do with before.
    return any(_timed_out(inner) for inner in (*error.args, error.__cause__) if isinstance(inner, BaseException))


def _seconds(retry_after: str | None) -> float:
    """A `Retry-After` in seconds; 0 if there is none, or a date, which the servers that we ask do not send."""
    return float(retry_after) if retry_after is not None and retry_after.strip().isdecimal() else 0.0


def _plain(value: Any) -> Any:
    """What JSON has no form for, in one that it has."""
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"A model cannot be sent a {type(value).__name__}. Give numbers, text, bytes, lists or arrays.")
