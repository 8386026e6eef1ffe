"""TensorFlow Serving's REST interface as an ASGI application."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import re
import zlib
from concurrent.futures import Executor
from contextlib import ExitStack
from functools import partial
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from car_classifier.serving import signatures
from car_classifier.serving.errors import Code, ServingError, invalid_argument
from car_classifier.serving.json_text import parse_object, pretty, quoted
from car_classifier.serving.repository import ModelRepository, VersionStatus
from car_classifier.serving.request_tensors import RequestFormat, read_inputs, signature_name
from car_classifier.serving.response_json import write_outputs
from car_classifier.serving.saved_model import SavedModel, Tensors
from car_classifier.serving.scheduling import Scheduler

logger = logging.getLogger(__name__)

_MODEL = r"/v1/models/([^/:]+)(?:/versions/([0-9]+)|/labels/([^/:]+))?"
_COMPUTE_URL = re.compile(_MODEL + r":(predict|classify|regress)", re.IGNORECASE)
_READ_URL = re.compile(_MODEL + r"(?:/(metadata))?", re.IGNORECASE)
_NOT_FOUND_PAGE = "<HTML><HEAD>\n<TITLE>404 Not Found</TITLE>\n</HEAD><BODY>\n<H1>Not Found</H1>\n</BODY></HTML>\n"


def create_app(repository: ModelRepository, scheduler: Scheduler, executor: Executor) -> Starlette:
    """The application that answers for a repository's models.

    Args:
        repository: the models; its owner starts and stops it.
        scheduler: what runs them.
        executor: where JSON is read and written, off the event loop.
    """
    return Starlette(routes=[Route("/{path:path}", RestApi(repository, scheduler, executor))])


class RestApi:
    """The ASGI endpoint for every path: TensorFlow Serving judges methods and paths in its own way."""

    def __init__(self, repository: ModelRepository, scheduler: Scheduler, executor: Executor) -> None:
        self._repository = repository
        self._scheduler = scheduler
        self._executor = executor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        # Names are decoded after the URL was taken apart, and a query string belongs to the path.
        url = request.scope["raw_path"].decode("latin-1")
        if query := request.scope["query_string"]:
            url = f"{url}?{query.decode('latin-1')}"
        if not url.lower().startswith("/v1/"):
            return Response(_NOT_FOUND_PAGE, 404, {"content-type": "text/html"})
        if request.method == "OPTIONS":
            return Response(b"", 400, {"content-type": "text/html; charset=ISO-8859-1"})
        try:
            return _json_response(await self._answer(request, url))
        except ServingError as error:
            code, message = error.code, error.message
        except ClientDisconnect:
            raise
        except Exception as error:
            logger.exception("%s %s failed", request.method, url)
            code, message = Code.INTERNAL, f"{type(error).__name__}: {error}"
        return _json_response(f'{{\n    "error": {quoted(message)}\n}}', code.http_status)

    async def _answer(self, request: Request, url: str) -> str:
        if request.method == "GET" and url.lower() == "/v1/models":
            raise invalid_argument("Missing model name in request.")
        if request.method == "GET" and (match := _READ_URL.fullmatch(url)):
            name, number, label = _model(match)
            if match[4]:
                return self._metadata(name, number, label)
            return _status_json(self._repository.status(name, number))
        if request.method == "POST" and (match := _COMPUTE_URL.fullmatch(url)) and match[4].islower():
            body = await request.body()
            packed = request.headers.get("content-encoding", "").lower() == "gzip"
            return await self._compute(match, body, packed)
        raise invalid_argument(f"Malformed request: {request.method} {url}")

    async def _compute(self, match: re.Match[str], body: bytes, packed: bool) -> str:
        off_loop = partial(asyncio.get_running_loop().run_in_executor, self._executor)
        with ExitStack() as in_use:
            model, wanted, inputs, request_format = await off_loop(self._read, match, body, packed, in_use)
            outputs = await asyncio.wrap_future(self._scheduler.submit(model, wanted, inputs))
            return await off_loop(write_outputs, outputs, request_format)

    def _read(
        self, match: re.Match[str], body: bytes, packed: bool, in_use: ExitStack
    ) -> tuple[SavedModel, str, Tensors, RequestFormat]:
        """What is to be run; the model stays loaded until the stack is closed."""
        name, number, label = _model(match)
        document = parse_object(_gunzip(body) if packed else body)
        wanted = signature_name(document)
        if match[4] != "predict":
            _check_examples(document)
        _, model = in_use.enter_context(self._repository.use(name, number, label))
        if match[4] != "predict":
            raise signatures.refuse_examples(match[4], model.signature(wanted))
        infos = model.signature(wanted).inputs
        if not infos:
            raise invalid_argument(f"Failed to get input map for signature: {wanted or 'DEFAULT'}")
        inputs, request_format = read_inputs(document, infos)
        return model, wanted, inputs, request_format

    def _metadata(self, name: str, number: int | None, label: str | None) -> str:
        with self._repository.use(name, number, label) as (version, model):
            answer = {
                "model_spec": {"name": name, "signature_name": "", "version": str(version)},
                "metadata": {"signature_def": signatures.describe(model.signatures)},
            }
        return json.dumps(answer, indent=1) + "\n"


def _json_response(text: str, status: int = 200) -> Response:
    # Strings that a model answers with may hold any bytes; they go out as they are.
    return Response(text.encode("utf-8", "surrogateescape"), status, {"content-type": "application/json"})


def _model(match: re.Match[str]) -> tuple[str, int | None, str | None]:
    name, number, label = match[1], match[2], match[3]
    if number is not None and (len(number) > 19 or int(number) >= 2**63):
        raise invalid_argument(f"Failed to convert version: {number} to numeric.")
    return unquote(name), None if number is None else int(number), None if label is None else unquote(label)


def _status_json(statuses: list[VersionStatus]) -> str:
    lines: list[dict[str, Any]] = []
    for status in statuses:
        code, message = (status.error.code, status.error.message) if status.error else (Code.OK, "")
        lines.append(
            {
                "version": str(status.version),
                "state": status.state.value,
                "status": {"error_code": code.name, "error_message": message},
            }
        )
    return json.dumps({"model_version_status": lines}, indent=1, ensure_ascii=False) + "\n"


def _gunzip(body: bytes) -> bytes:
    """The body unpacked; nothing if it is not gzip, as the original has it."""
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return b""


def _check_examples(document: dict[str, Any]) -> None:
    examples = document.get("examples")
    if "examples" not in document:
        raise invalid_argument(
            f"JSON Value: {pretty(document)} When method is classify, key 'examples' is expected and was not found"
        )
    if not isinstance(examples, list):
        raise invalid_argument(f"JSON Value: {pretty(document)} Expecting 'examples' value to be an list/array")
    if not examples:
        raise invalid_argument(f"JSON Value: {pretty(document)} 'examples' value is an empty array")
