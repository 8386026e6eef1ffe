"""TensorFlow Serving's REST interface as an ASGI application."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import zlib
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from functools import partial
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from car_classifier.serving.errors import Code, ServingError, invalid_argument
from car_classifier.serving.http import health, metadata
from car_classifier.serving.http.json_requests import read_request
from car_classifier.serving.http.json_text import quoted
from car_classifier.serving.metrics.monitoring import MetricsEndpoint
from car_classifier.serving.metrics.registry import Metrics
from car_classifier.serving.metrics.request_log import LoggedRequests, RequestLog, record_of
from car_classifier.serving.metrics.request_record import RequestRecord
from car_classifier.serving.models.repository import ModelRepository, VersionStatus
from car_classifier.serving.models.saved_model import SavedModel, Tensors
from car_classifier.serving.models.scheduling import Runner, Scheduler

logger = logging.getLogger(__name__)

_MODEL = r"/v1/models/([^/:]+)(?:/versions/([0-9]+)|/labels/([^/:]+))?"
_COMPUTE_URL = re.compile(_MODEL + r":(predict|classify|regress|explain)", re.IGNORECASE)
_READ_URL = re.compile(_MODEL + r"(?:/(metadata))?", re.IGNORECASE)
_NOT_FOUND_PAGE = "<HTML><HEAD>\n<TITLE>404 Not Found</TITLE>\n</HEAD><BODY>\n<H1>Not Found</H1>\n</BODY></HTML>\n"
# A body that unpacks to more is refused as if it were no gzip (gzip_zlib.h), which also stops one of gigabytes.
_MAX_UNPACKED_BYTES = 100 * 2**20
_CORS_HEADERS = {  # http_rest_api_util.cc
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, GET",
    "access-control-allow-headers": "Content-Type",
}


def create_app(
    repository: ModelRepository,
    scheduler: Scheduler,
    executor: Executor,
    enable_cors_support: bool = False,
    *,
    metrics: Metrics,
    monitoring_path: str | None,
    log: RequestLog,
) -> ASGIApp:
    """The ASGI application for a repository's models.

    Args:
        repository: the models; its owner starts and stops it.
        scheduler: runs them.
        executor: reads and writes JSON, off the event loop.
        enable_cors_support: whether browsers may show the answers to pages of other sites.
        metrics: counts requests.
        monitoring_path: the path of the metrics; None hides them.
        log: gets a line for each request.
    """
    routes = health.routes(repository)
    if monitoring_path is not None:
        routes.append(Route(monitoring_path, MetricsEndpoint(metrics, monitoring_path)))
    runner = Runner(scheduler, metrics)
    routes.append(Route("/{path:path}", RestApi(repository, runner, executor, metrics, enable_cors_support)))
    return LoggedRequests(Starlette(routes=routes), log)


class RestApi:
    """The ASGI endpoint of every path, because TensorFlow Serving has its own rules for methods and paths."""

    def __init__(
        self,
        repository: ModelRepository,
        runner: Runner,
        executor: Executor,
        metrics: Metrics,
        enable_cors_support: bool,
    ) -> None:
        self._repository = repository
        self._runner = runner
        self._executor = executor
        self._metrics = metrics
        self._extra_headers = _CORS_HEADERS if enable_cors_support else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        # Names are decoded after the URL is split, and a query string counts as part of the path.
        url = request.scope["raw_path"].decode("latin-1")
        if query := request.scope["query_string"]:
            url = f"{url}?{query.decode('latin-1')}"
        if not url.lower().startswith("/v1/"):
            return Response(_NOT_FOUND_PAGE, 404, {"content-type": "text/html"})
        response = await self._respond_under_v1(request, url)
        response.headers.update(self._extra_headers)
        return response

    async def _respond_under_v1(self, request: Request, url: str) -> Response:
        if request.method == "OPTIONS":
            # A browser's preflight. Without the extra headers it is useless, but http_server.cc answers it too.
            from_page = re.search("https?://", request.headers.get("origin", ""))
            return Response(b"", 200 if from_page else 400, {"content-type": "text/html; charset=ISO-8859-1"})
        record = record_of(request.scope)
        try:
            with self._metrics.request(record):
                return _json_response(await self._answer(request, url, record))
        except ServingError as error:
            code, message = error.code, error.message
        except ClientDisconnect:
            raise
        except Exception as error:
            logger.exception("%s %s failed", request.method, url)
            code, message = Code.INTERNAL, f"{type(error).__name__}: {error}"
        return _json_response(f'{{\n    "error": {quoted(message)}\n}}', code.http_status)

    async def _answer(self, request: Request, url: str, record: RequestRecord) -> str:
        if request.method == "GET" and url.lower() == "/v1/models":
            raise invalid_argument("Missing model name in request.")
        if request.method == "GET" and (match := _READ_URL.fullmatch(url)):
            record.model = self._repository.served_name(unquote(match[1]))
            name, number, version_label = _model(match)
            if match[4]:
                return self._metadata(name, number, version_label)
            return _status_json(self._repository.status(name, number))
        if request.method == "POST" and (match := _COMPUTE_URL.fullmatch(url)) and match[4].islower():
            record.model, record.api = self._repository.served_name(unquote(match[1])), match[4]
            body = await request.body()
            packed = "gzip" in request.headers.get("content-encoding", "")
            off_loop = partial(asyncio.get_running_loop().run_in_executor, self._executor)
            future, write = await off_loop(self._start, match, body, packed, record)
            return await off_loop(write, await _result(future, request.receive))
        raise invalid_argument(f"Malformed request: {request.method} {url}")

    def _start(
        self, match: re.Match[str], body: bytes, packed: bool, record: RequestRecord
    ) -> tuple[Future[Tensors], Callable[[Tensors], str]]:
        """Start a request; returns a future of its outputs, and the function that writes its answer."""
        model = _model(match)
        json_body = _gunzip(body) if packed else body
        with ExitStack() as in_use:

            def use() -> SavedModel:
                record.version, loaded = in_use.enter_context(self._repository.use(*model))
                return loaded

            request = read_request(match[4], json_body, use)
            future = self._runner.start(record, in_use, request.model, request.signature_name, request.inputs)
        return future, request.write

    def _metadata(self, name: str, number: int | None, version_label: str | None) -> str:
        with self._repository.use(name, number, version_label) as (version, model):
            answer = {
                "model_spec": {"name": name, "signature_name": "", "version": str(version)},
                "metadata": {"signature_def": metadata.describe(model.signatures)},
            }
        return json.dumps(answer, indent=1) + "\n"


def _json_response(text: str, status: int = 200) -> Response:
    # A model's strings may hold any bytes; they are sent unchanged.
    return Response(text.encode("utf-8", "surrogateescape"), status, {"content-type": "application/json"})


def _model(match: re.Match[str]) -> tuple[str, int | None, str | None]:
    """Name, version and version label in a URL."""
    name, number, version_label = match[1], match[2], match[3]
    if number is not None and (len(number) > 19 or int(number) >= 2**63):
        raise invalid_argument(f"Failed to convert version: {number} to numeric.")
    return (
        unquote(name),
        None if number is None else int(number),
        None if version_label is None else unquote(version_label),
    )


def _status_json(statuses: list[VersionStatus]) -> str:
    lines: list[dict[str, Any]] = []
    for status in statuses:
        code, message = status.code_and_message
        lines.append(
            {
                "version": str(status.version),
                "state": status.state.value,
                "status": {"error_code": code.name, "error_message": message},
            }
        )
    return json.dumps({"model_version_status": lines}, indent=1, ensure_ascii=False) + "\n"


def _gunzip(body: bytes) -> bytes:
    """The unpacked body; empty if it is not gzip or too long, as in the original."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(body, _MAX_UNPACKED_BYTES)
    except zlib.error:
        return b""
    return unpacked if unpacker.eof else b""


async def _result(future: Future[Tensors], receive: Receive) -> Tensors:
    """The outputs; if the client disconnects first, a request that still waits is dropped.

    Raises:
        ClientDisconnect: the client has disconnected.
    """
    outputs = asyncio.wrap_future(future)
    disconnected = asyncio.ensure_future(receive())  # after the body, nothing else can be received
    try:
        await asyncio.wait((outputs, disconnected), return_when=asyncio.FIRST_COMPLETED)
        if not outputs.done():
            raise ClientDisconnect
        return outputs.result()
    finally:
        disconnected.cancel()
        outputs.cancel()
