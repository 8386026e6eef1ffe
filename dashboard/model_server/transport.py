"""Sends one request to a model server, again where that is safe, and returns JSON or raises an error.

A request is sent again, at most twice, if no answer began to arrive: nothing listened, the connection broke, or the
server was too busy to accept the request (429, 503). A prediction changes nothing on the server, so sending it twice
does no harm. A request that took too long is not sent again, because the server may still be working on it and would
then do the work twice; nor is a request that got any other answer, which would be the same again.

This module does not use urllib3's `Retry`, which treats a broken connection and a slow answer alike, has no limit for
all attempts together, and waits for hours if a `Retry-After` header says so.
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
FIRST_PAUSE = 0.1  # seconds at most; the next pause is three times as long. A server that is down costs 0.4 s.
BUSY = (429, 503)

_NO_ADDRESS = (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timeout:
    """How long to wait, in seconds.

    Attributes:
        connect: Until the connection is established.
        read: From then until the answer begins, and between any two parts of the answer.
    """

    connect: float = 2.0
    read: float = 30.0

    @property
    def total(self) -> float:
        """Connecting and reading together."""
        return self.connect + self.read

    def within(self, seconds: float) -> "Timeout":
        """The same limits, shortened so that both together do not exceed the given seconds."""
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
        # The model server is nearby: a proxy that is configured for the internet must not get in between.
        self._session.trust_env = False
        # A new connection costs 0.3 ms on one machine, where an answer takes tens. A kept connection may be closed by
        # the time it is needed, would be shared by forked processes, and sticks to one of several servers behind one
        # address.
        self._session.headers["Connection"] = "close"
        # Threads share the session, so nothing may change it from here on; the cookies of a proxy would.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    def close(self) -> None:
        """Closes open connections."""
        self._session.close()

    def ask(self, method: str, path: str, until: float, body: Mapping[str, Any] | None = None) -> tuple[Any, str]:
        """Sends a request, and again if necessary and safe.

        Args:
            method: GET or POST.
            path: Rest of the address after the model's name, such as `:predict`.
            until: Deadline of all attempts together, in the time of `time.monotonic`.
            body: Sent as JSON. Bytes become `{"b64": …}`, arrays become lists.

        Returns:
            The answer, a JSON object, and the request, as error messages name it.

        Raises:
            ModelServerError: One of its subclasses, see `dashboard.model_server.errors`.
        """
        request = f"{method} {self.url}/v1/models/{quote(self.model_name, safe='')}{path}"
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
                pause = failure.retry_after + FIRST_PAUSE * 3 ** (attempt - 1) * random.uniform(0.5, 1)  # noqa: S311
                # Waiting may take at most half of the time that is left: the answer needs time as well.
                if attempt == ATTEMPTS or pause > (until - time.monotonic()) / 2:
                    raise failure.error from failure.__cause__
                logger.info("%s: %s Trying again in %.2f s.", request, failure.error, pause)
            time.sleep(pause)
            attempt += 1

    def _send(self, request: str, until: float, data: bytes | None, headers: Mapping[str, str]) -> requests.Response:
        """Makes one attempt. Raises `_NotTaken` if another attempt is safe."""
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
                stream=True,  # separates a failure before the answer begins from a later one
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
                _ = response.content  # reads it; requests keeps it
        except requests.RequestException as error:
            raise TooSlow(took_longer, request) if _timed_out(error) else gone from error
        return response

    def _read(self, response: requests.Response, request: str) -> dict[str, Any]:
        """Reads an answer. Raises `_NotTaken` if another attempt is safe."""
        try:
            answer = response.json()
        except (ValueError, RecursionError):  # not JSON, or with absurdly long numbers or deep nesting
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
            # A model server's own errors have another form: something else answers, such as a proxy.
            if code in (502, 503, 504):
                return _not_reachable(self.url, request)
            return BadAnswer(not_a_model_server(self.url), request)
        # TensorFlow appends the place of an error in the graph, in double brackets.
        reason = " ".join(answer["error"].split(" [[{{")[0].split())[:300]
        if code == 404:
            return UnknownModel(
                f"The model server has no model named “{self.model_name}” ready. "
                "If it is still starting, wait a moment; otherwise check its name (DASHBOARD_MODEL_NAME).",
                request,
            )
        if code in BUSY:
            return Busy(f"The model server is busy or starting ({reason}). Try again in a moment.", request)
        if code == 504:
            return TooSlow("The model server ran out of time. Try again in a moment.", request)
        if code < 500:
            return Refused(f"The model server did not accept the request: {reason}", request)
        return Failed(f"The model server failed: {reason}", request)


def not_a_model_server(url: str) -> str:
    """Error message for an answer that no model server gives."""
    return f"What answers at {url} is not a model server. Check its address (DASHBOARD_MODEL_SERVER_URL)."


def _not_reachable(url: str, request: str) -> NotReachable:
    return NotReachable(f"The model server at {url} cannot be reached. Start it, then try again.", request)


class _NotTaken(Exception):
    """The server did not accept the request, which may be sent again.

    Attributes:
        error: Raised if the request is not sent again.
        retry_after: Seconds that the server asks to wait.
    """

    def __init__(self, error: ModelServerError, retry_after: float = 0.0):
        super().__init__(str(error))
        self.error = error
        self.retry_after = retry_after


def _timed_out(error: BaseException) -> bool:
    """Whether a time limit caused an error of `requests`, which wraps errors in errors."""
    if isinstance(error, TimeoutError):
        return True
    # Not `__context__`: that may be an earlier error of the caller.
    return any(_timed_out(inner) for inner in (*error.args, error.__cause__) if isinstance(inner, BaseException))


def _seconds(retry_after: str | None) -> float:
    """Reads a `Retry-After` header in seconds: 0 if missing, or a date, which model servers do not send."""
    return float(retry_after) if retry_after is not None and retry_after.strip().isdecimal() else 0.0


def _plain(value: Any) -> Any:
    """Converts values that JSON cannot represent."""
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"A model cannot be sent a {type(value).__name__}. Give numbers, text, bytes, lists or arrays.")
