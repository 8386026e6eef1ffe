"""The published versions of the model, for the pages' scripts.

GET  /versions/N/classes    [{label, name}]: the classes of version N, sorted by name; an empty list if they are unknown
"""

from flask import Blueprint, Response, jsonify

from dashboard.names import display_name
from dashboard.services import Services


def blueprint(services: Services) -> Blueprint:
    """Defines the address above."""
    routes = Blueprint("versions", __name__)

    @routes.get("/versions/<int:number>/classes")
    def classes(number: int) -> Response:
        version = services.versions.find(number)
        labels = version.labels if version else []
        named = [{"label": label, "name": display_name(label)} for label in labels]
        return jsonify(sorted(named, key=lambda entry: entry["name"].casefold()))

    return routes
