"""The published versions of the model, as the pages' scripts need them.

GET  /versions/N/classes    [{label, name}]: the classes of version N, sorted by name; none if they are not known
"""

from flask import Blueprint, Response, jsonify

from dashboard.names import display_name
from dashboard.services import Services


def blueprint(services: Services) -> Blueprint:
    """The address above, answered with these services."""
    routes = Blueprint("versions", __name__)

    @routes.get("/versions/<int:number>/classes")
    def classes(number: int) -> Response:
        version = services.versions.find(number)
        labels = version.labels if version else []
        named = [{"label": label, "name": display_name(label)} for label in labels]
        return jsonify(sorted(named, key=lambda entry: entry["name"].casefold()))

    return routes
