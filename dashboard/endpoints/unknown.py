"""Addresses below those of the other modules that are none: 404, in a sentence as everywhere here."""

from typing import NoReturn

from flask import Blueprint
from werkzeug.exceptions import NotFound

from dashboard.services import Services

PAGES = ("/play", "/data")
OTHERS = ("/versions", "/photos", "/dataset", "/feedback")
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def blueprint(services: Services) -> Blueprint:  # noqa: ARG001 (as the other modules')
    """What is left over when all other addresses are known."""
    routes = Blueprint("unknown", __name__)

    def unknown(rest: str = "") -> NoReturn:  # noqa: ARG001 (a part of the address)
        raise NotFound("There is nothing at this address.")

    for start in (*PAGES, *OTHERS):
        routes.add_url_rule(f"{start}/<path:rest>", view_func=unknown, methods=METHODS)
    for start in OTHERS:
        routes.add_url_rule(start, view_func=unknown, methods=METHODS)
    return routes
