"""How the model server is, and whether the dashboard can do its work.

GET  /status    {state, text}: ready, starting, slow or down for the page's scripts, and in words for people
GET  /readyz    200 {ready, database, photos, model_server}, each "ok" or what is wrong with it; 503 if the database or
                    the folder of the photos cannot be used. The model server's state is told but does not count: the
                    page stays usable without it, and says so.
"""

import logging

from flask import Blueprint, Response, jsonify

from dashboard.database import DatabaseError
from dashboard.model_server.errors import Busy, ModelServerError, TooSlow, UnknownModel
from dashboard.model_server.status import STATUS_SECONDS, ModelWatch
from dashboard.services import Services

logger = logging.getLogger(__name__)

OK = "ok"
READY_SECONDS = 1.0  # whoever asks for readiness is impatient, and this part does not count


def blueprint(services: Services) -> Blueprint:
    """The addresses above, answered with these services."""
    routes = Blueprint("status", __name__)

    @routes.get("/status")
    def status() -> Response:
        return jsonify(_status(services.watch))

    @routes.get("/readyz")
    def ready() -> tuple[Response, int]:
        database, photos = _database(services), _photos(services)
        model_server = _status(services.watch, READY_SECONDS)
        is_ready = database == photos == OK
        about = {
            "ready": is_ready,
            "database": database,
            "photos": photos,
            "model_server": OK if model_server["state"] == "ready" else model_server["text"],
        }
        return jsonify(about), 200 if is_ready else 503

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
        logger.error("Photos cannot be kept: %s", error)
        return "cannot be kept in their folder"
    return OK


def _status(watch: ModelWatch, patience: float = STATUS_SECONDS) -> dict[str, str]:
    try:
        status = watch.status(patience)
    except TooSlow:
        return {"state": "slow", "text": "Slow"}
    except Busy:
        return {"state": "starting", "text": "Starting"}
    except UnknownModel:
        return {"state": "starting", "text": "No model yet"}
    except ModelServerError:
        return {"state": "down", "text": "Not reachable"}
    if status.ready:
        return {"state": "ready", "text": f"Ready, version {status.version}"}
    return {"state": "starting", "text": "Starting"}
