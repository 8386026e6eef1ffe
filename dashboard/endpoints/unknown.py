"""Answers unknown addresses below those of the other modules with 404 and a sentence, as for every other error."""

from typing import NoReturn

from flask import Blueprint
from werkzeug.exceptions import NotFound

from dashboard.services import Services

PAGES = ("/play", "/data")
OTHERS = ("/versions", "/photos", "/dataset", "/feedback")
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def blueprint(services: Services) -> Blueprint:  # noqa: ARG001 (the other modules' signature)
    """Defines the addresses that no other module does. Register it last."""
    routes = Blueprint("unknown", __name__)

    def unknown(rest: str = "") -> NoReturn:  # noqa: ARG001 (a part of the address)
        raise NotFound("There is nothing at this address.")

    for start in (*PAGES, *OTHERS):
        routes.add_url_rule(f"{start}/<path:rest>", view_func=unknown, methods=METHODS)
    for start in OTHERS:
        routes.add_url_rule(start, view_func=unknown, methods=METHODS)
    return routes
