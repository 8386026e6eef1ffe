"""What visitors say of answers.

POST   /photos/ID/feedback    an opinion, see `dashboard.endpoints.opinion`    201 {id, label}: the car as kept, if any
DELETE /feedback/ID           nothing                                 200 {}: what the visitor said there is forgotten
"""

import hashlib
import re

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import NotFound

from dashboard.database import Feedback
from dashboard.endpoints.bodies import json_body
from dashboard.endpoints.opinion import FeedbackError, read_opinion
from dashboard.services import Services
from dashboard.web.visitors import visitor

_ID = re.compile(r"[0-9a-f]{64}")


def blueprint(services: Services) -> Blueprint:
    """The addresses above, answered with these services."""
    routes = Blueprint("feedback", __name__)

    @routes.post("/photos/<photo_id>/feedback")
    def add(photo_id: str) -> tuple[Response, int]:
        jpeg = services.photos.get(photo_id)
        if jpeg is None:
            raise NotFound("This photo is no longer kept, so nothing can be said of it. Choose it again.")
        feedback_id = hashlib.sha256(jpeg).hexdigest()
        content = json_body()
        version = services.versions.find(content.get("version") if isinstance(content, dict) else None)
        said = read_opinion(content, version.labels if version else ())
        services.database.feedback.add(
            Feedback(
                visitor=visitor(),
                photo_sha256=feedback_id,
                model=services.client.model_name,
                version=said.version,
                answer_label=said.answer_label,
                probability=said.probability,
                answer_is_right=said.right,
                right_label=said.label,
                may_train=said.may_train,
                photo=jpeg if said.may_train else None,
            )
        )
        return jsonify(id=feedback_id, label=said.label), 201

    @routes.delete("/feedback/<feedback_id>")
    def remove(feedback_id: str) -> Response:
        if not _ID.fullmatch(feedback_id):
            raise NotFound("Nothing was said under this address.")
        services.database.feedback.remove(visitor(), feedback_id)
        return jsonify({})

    @routes.errorhandler(FeedbackError)
    def cannot_be_kept(error: FeedbackError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 422

    return routes
