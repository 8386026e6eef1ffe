"""Liveness and readiness, at addresses that TensorFlow Serving does not have.

GET  /healthz    200 {"alive": true}: the process answers
GET  /readyz     200 {"ready": true, "missing": []} if every model has an available version; otherwise 503, and
                 `missing` names the models without one
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from car_classifier.serving.errors import ServingError
from car_classifier.serving.models.repository import ModelRepository, VersionState


def routes(repository: ModelRepository) -> list[Route]:
    """The routes of both addresses, for a repository's models."""

    async def alive(_: Request) -> JSONResponse:
        return JSONResponse({"alive": True})

    async def ready(_: Request) -> JSONResponse:
        missing = [name for name in repository.names() if not _is_available(repository, name)]
        return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200)

    return [Route("/healthz", alive), Route("/readyz", ready)]


def _is_available(repository: ModelRepository, name: str) -> bool:
    try:
        return any(status.state is VersionState.AVAILABLE for status in repository.status(name))
    except ServingError:  # no version of it was ever seen
        return False
