"""The state of the model server, and whether the dashboard is ready.

GET  /status    {state, text, detail, demo}: `state` is ready, starting, slow or down, for the page's scripts; `text` is
                    for people, and so is `detail`, a sentence or nothing; `demo` is the number of invented cars that
                    the served model knows, 0 if it is not the demo
GET  /readyz    200 {ready, database, photos, model_server}, each of the last three "ok" or its problem; 503 if the
                    database or the photo folder cannot be used. The model server's state is reported but does not
                    count: the page stays usable without the model server, and says so.
"""

import logging

from flask import Blueprint, Response, jsonify

from dashboard.database import DatabaseError
from dashboard.model_server.errors import Busy, ModelServerError, TooSlow, UnknownModel
from dashboard.model_server.status import STATUS_SECONDS
from dashboard.services import Services

logger = logging.getLogger(__name__)

OK = "ok"
READY_SECONDS = 1.0  # time for the model server in /readyz: probes are impatient, and its state does not count


def blueprint(services: Services) -> Blueprint:
    """Defines the addresses above."""
    routes = Blueprint("status", __name__)

    @routes.get("/status")
    def status() -> Response:
        state = _status(services)  # first: it looks which version answers
        return jsonify({"detail": ""} | state | {"demo": services.demo_classes()})

    @routes.get("/readyz")
    def ready() -> tuple[Response, int]:
        database, photos = _database(services), _photos(services)
        model_server = _status(services, READY_SECONDS)
        is_ready = database == photos == OK
        parts = {
            "ready": is_ready,
            "database": database,
            "photos": photos,
            "model_server": OK if model_server["state"] == "ready" else model_server["text"],
        }
        return jsonify(parts), 200 if is_ready else 503

    return routes


def _database(services: Services) -> str:
    try:
        services.database.check()
    except DatabaseError as error:
        logger.error("The database fails: %s", error)
        return "does not answer"
    return OK


def _photos(services: Services) -> str:
    try:
        services.photos.check()
    except OSError as error:
        logger.error("Photos cannot be stored: %s", error)
        return "cannot be kept in their folder"
    return OK


def _status(services: Services, patience: float = STATUS_SECONDS) -> dict[str, str]:
    try:
        status = services.watch.status(patience)
    except TooSlow:
        return {"state": "slow", "text": "Slow"}
    except Busy:
        return _restarting(services) or {"state": "starting", "text": "Starting"}
    except UnknownModel:
        return _restarting(services) or {"state": "starting", "text": "No model yet"}
    except ModelServerError:
        return _unreachable(services)
    if status.ready:
        return {"state": "ready", "text": f"Ready, version {status.version}"}
    return _restarting(services) or {"state": "starting", "text": "Starting"}


def _restarting(services: Services) -> dict[str, str] | None:
    """The state of a server that ended and has no model again yet, which it may say itself; None for any other."""
    detail = services.why_restarting()
    return {"state": "starting", "text": "Restarting", "detail": detail} if detail else None


def _unreachable(services: Services) -> dict[str, str]:
    """The state of a server that does not answer, with what others know about it."""
    if services.server_note is not None and services.server_note.read() is not None:
        return _restarting(services) or {"state": "starting", "text": "Starting"}
    if not services.versions.all() and (services.runs.preparation() or services.runs.all()):
        return {"state": "starting", "text": "No model yet"}
    return {"state": "down", "text": "Not reachable"}
