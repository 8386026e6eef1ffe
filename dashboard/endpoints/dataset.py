"""The photos of the data set.

POST /dataset/ID/photo     nothing               201 the photo as if it had been sent, see `photos`, and what it
                                                     really shows: `label`, `truth`
POST /dataset/ID/answer    {label} or nothing    200 what the model says, see `dashboard.reports.answers`
GET  /dataset/ID.jpg       the photo as it would be sent to the model; `?side=` scales it down
"""

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import NotFound

from dashboard.endpoints.photos import about_kept
from dashboard.endpoints.pictures import asked_label, asked_side, jpeg_response
from dashboard.photos.dataset import DatasetPhoto
from dashboard.photos.normalise import Photo, normalise
from dashboard.reports.answers import answer_for
from dashboard.services import Services


def blueprint(services: Services) -> Blueprint:
    """The addresses above, answered with these services."""
    routes = Blueprint("dataset", __name__, url_prefix="/dataset")

    def find(photo_id: str) -> DatasetPhoto:
        photo = services.dataset.read().by_id.get(photo_id)
        if photo is None:
            raise NotFound("This photo is not in the data set any more. Choose another one.")
        return photo

    @routes.post("/<photo_id>/photo")
    def use(photo_id: str) -> tuple[Response, int]:
        photo = find(photo_id)
        kept = about_kept(services, read_photo(services, photo))
        return jsonify(kept | {"label": photo.label, "truth": photo.name}), 201

    @routes.post("/<photo_id>/answer")
    def answer(photo_id: str) -> Response:
        jpeg = read_photo(services, find(photo_id)).jpeg
        return jsonify(answer_for(jpeg, services.client, services.watch, services.versions, asked_label()))

    @routes.get("/<photo_id>.jpg")
    def show(photo_id: str) -> Response:
        photo = read_photo(services, find(photo_id), asked_side())
        return jpeg_response(photo.jpeg, "private, max-age=3600")

    return routes


def read_photo(services: Services, photo: DatasetPhoto, longest_side: int | None = None) -> Photo:
    """A photo of the data set as the dashboard shows it and sends it to the model.

    Args:
        services: Tells how large photos may be.
        photo: Which one.
        longest_side: Scale it down to this, in pixels, if it is larger.

    Raises:
        NotFound: Its file is gone.
        PhotoError: It cannot be used.
    """
    try:
        data = photo.path.read_bytes()
    except OSError as error:
        raise NotFound("The file of this photo is no longer there. Choose another one.") from error
    side = min(longest_side or services.settings.photo_side, services.settings.photo_side)
    return normalise(data, max_megapixels=services.settings.max_megapixels, longest_side=side)
