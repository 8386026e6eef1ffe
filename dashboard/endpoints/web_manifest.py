"""The web manifest, by which phones put the dashboard on their home screen.

GET  /app.webmanifest    name, icon and colours of the dashboard, by the subject of the photos
"""

from flask import Blueprint, Response, jsonify

from dashboard.services import Services
from dashboard.subject import CAR


def blueprint(services: Services) -> Blueprint:
    """Defines the address above."""
    routes = Blueprint("web_manifest", __name__)

    @routes.get("/app.webmanifest")
    def manifest() -> Response:
        subject = services.subject()
        icon = "favicon.svg" if subject == CAR else "favicon-photo.svg"
        answer = jsonify(
            {
                "name": subject.title,
                "short_name": subject.title.split()[0],
                "start_url": "/",
                "display": "standalone",
                "background_color": "#f5f7f8",
                "theme_color": "#1c7389",
                "icons": [{"src": f"/assets/{icon}", "type": "image/svg+xml", "sizes": "any"}],
            }
        )
        answer.mimetype = "application/manifest+json"
        return answer

    return routes
