"""Answers each kind of error with a sentence for people and a status of its own."""

import logging

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import HTTPException

from dashboard.database import DatabaseError, UnfitValue
from dashboard.model_server.errors import ModelServerError, TooSlow
from dashboard.photos.normalise import PhotoError, PhotoTooLarge
from dashboard.reports.answers import UnknownClass
from dashboard.services import Services
from dashboard.web import request_id

logger = logging.getLogger(__name__)


def answer_in_sentences(routes: Blueprint, services: Services) -> None:
    """Answers every error of a blueprint's addresses with JSON that has one key, `error`."""

    @routes.errorhandler(PhotoError)
    def photo_error(error: PhotoError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 413 if isinstance(error, PhotoTooLarge) else 422

    @routes.errorhandler(UnknownClass)
    def unknown_class(error: UnknownClass) -> tuple[Response, int]:
        return jsonify(error=str(error)), 422

    @routes.errorhandler(ModelServerError)
    def model_error(error: ModelServerError) -> tuple[Response, int]:
        logger.warning("%s: %s (request %s)", error.request, error, request_id.current())
        said = services.why_restarting() or str(error)  # a server that was just started knows no model yet
        return jsonify(error=said), 504 if isinstance(error, TooSlow) else 502

    @routes.errorhandler(DatabaseError)
    def database_error(error: DatabaseError) -> tuple[Response, int]:
        logger.error("The database fails: %s", error)
        return jsonify(error="The dashboard's database does not answer. Try again in a moment."), 503

    @routes.errorhandler(UnfitValue)
    def unfit_value(error: UnfitValue) -> tuple[Response, int]:
        logger.warning("The database rejects a value: %s", error)
        return jsonify(error="The request holds a value that cannot be stored. Reload the page and try again."), 422

    @routes.errorhandler(OSError)
    def disk_error(error: OSError) -> tuple[Response, int]:
        logger.error("The photo cannot be stored: %s", error)
        return jsonify(error="The server has no room for the photo. Tell whoever runs it."), 507

    @routes.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.description), error.code or 500
