"""Visitors' feedback on answers.

POST   /photos/ID/feedback    an opinion, see `dashboard.endpoints.opinion`    201 {id, label}: the label as stored
DELETE /feedback/ID           nothing                                          200 {}: the visitor's feedback is deleted
"""

import hashlib
import re

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import NotFound

from dashboard.database import Feedback
from dashboard.endpoints.bodies import json_body
from dashboard.endpoints.opinion import FeedbackError, read_opinion
from dashboard.endpoints.photos import shown
from dashboard.services import Services
from dashboard.web.visitors import visitor

_ID = re.compile(r"[0-9a-f]{64}")


def blueprint(services: Services) -> Blueprint:
    """Defines the addresses above."""
    routes = Blueprint("feedback", __name__)

    @routes.post("/photos/<photo_id>/feedback")
    def add(photo_id: str) -> tuple[Response, int]:
        photo = services.photos.get(photo_id)
        if photo is None:
            raise NotFound("This photo is no longer kept, so it cannot take feedback. Choose it again.")
        photo = shown(services, photo).content  # enough for training, and a tenth of the bytes of a phone's photo
        feedback_id = hashlib.sha256(photo).hexdigest()
        content = json_body()
        version = services.versions.find(content.get("version") if isinstance(content, dict) else None)
        opinion = read_opinion(content, version.labels if version else ())
        services.database.feedback.add(
            Feedback(
                visitor=visitor(),
                photo_sha256=feedback_id,
                model=services.client.model_name,
                version=opinion.version,
                answer_label=opinion.answer_label,
                probability=opinion.probability,
                answer_is_right=opinion.right,
                right_label=opinion.label,
                may_train=opinion.may_train,
                photo=photo if opinion.may_train else None,
            )
        )
        return jsonify(id=feedback_id, label=opinion.label), 201

    @routes.delete("/feedback/<feedback_id>")
    def remove(feedback_id: str) -> Response:
        if not _ID.fullmatch(feedback_id):
            raise NotFound("There is no feedback at this address.")
        services.database.feedback.remove(visitor(), feedback_id)
        return jsonify({})

    @routes.errorhandler(FeedbackError)
    def feedback_error(error: FeedbackError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 422

    return routes
