"""One line of JSON per request, and the id that follows a request from server to server.

The lines go to standard output, and the server's messages for people to standard error, so that nobody has to separate
them.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from car_classifier.serving.errors import Code
from car_classifier.serving.metrics.request_record import RequestRecord

REQUEST_ID_HEADER = "X-Request-ID"

_ID = re.compile(r"[ -~]{1,128}")
_KEY = "car_classifier.request_record"
_CLIENT_GONE = Code.CANCELLED.http_status


def request_id(client_id: str | None) -> str:
    """The id from the client if it is valid (at most 128 printable ASCII characters), or else a new one."""
    return client_id if client_id and _ID.fullmatch(client_id) else secrets.token_hex(16)


class RequestLog:
    """Writes a line per request, if enabled.

    Args:
        enabled: whether it writes lines.
    """

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled

    def write(self, record: RequestRecord, status: int | str, seconds: float) -> None:
        """Write the line of a request that has ended.

        Args:
            record: the request.
            status: HTTP's status, or the name of gRPC's code.
            seconds: the time that it took.
        """
        if not self._enabled:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": record.request_id,
            "method": record.method,
            "path": record.path,
            "model": record.model or None,
            "version": record.version,
            "signature": record.signature,
            "instances": record.instances,
            "status": status,
            "milliseconds": round(seconds * 1e3, 3),
            "error": record.error,
        }
        with suppress(OSError):  # a closed standard output must not break answers
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


class LoggedRequests:
    """ASGI middleware that gives every HTTP request a record, and logs it when it has been answered.

    Args:
        app: answers; it gets the record by `record_of`.
        log: writes the lines.
    """

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = time.perf_counter(), _CLIENT_GONE
        path = scope["raw_path"].decode("latin-1")
        if query := scope["query_string"]:
            path = f"{path}?{query.decode('latin-1')}"
        record = RequestRecord(request_id(Headers(scope=scope).get(REQUEST_ID_HEADER)), scope["method"], path)
        scope[_KEY] = record

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = record.request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._log.write(record, status, time.perf_counter() - begin)


def record_of(scope: Scope) -> RequestRecord:
    """The record of a request that came through `LoggedRequests`."""
    record: RequestRecord = scope[_KEY]
    return record
