"""The photos of the data set.

POST /dataset/ID/photo     nothing               201 the photo as if a visitor had sent it, see `photos`, with its
                                                     class: `label`, and its name in `truth`
POST /dataset/ID/answer    {label} or nothing    200 the model's answer, see `dashboard.reports.answers`
GET  /dataset/ID.jpg       the photo as the pages show it; `?side=` scales it down further
"""

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import NotFound

from dashboard.endpoints.photos import about_kept, shown
from dashboard.endpoints.pictures import asked_label, asked_side, picture_response
from dashboard.photos.dataset import DatasetPhoto
from dashboard.photos.normalise import Photo, for_model
from dashboard.reports.answers import answer_for
from dashboard.services import Services


def blueprint(services: Services) -> Blueprint:
    """Defines the addresses above."""
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
        content = read_photo(services, find(photo_id)).content
        return jsonify(
            answer_for(
                content,
                services.client,
                services.watch,
                services.versions,
                asked_label(),
                sure_above=services.settings.sure_above,
            )
        )

    @routes.get("/<photo_id>.jpg")
    def show(photo_id: str) -> Response:
        picture = read_picture(services, find(photo_id), asked_side())
        return picture_response(picture.content, "private, max-age=3600")

    return routes


def read_photo(services: Services, photo: DatasetPhoto) -> Photo:
    """Reads a photo of the data set as the model gets it.

    Raises:
        NotFound: The photo's file is gone.
        PhotoError: The file is not a photo that the dashboard can use.
    """
    settings = services.settings
    return for_model(_read(photo), max_megapixels=settings.max_megapixels, longest_side=settings.photo_side)


def read_picture(services: Services, photo: DatasetPhoto, side: int | None = None) -> Photo:
    """Reads a photo of the data set as the pages show it.

    Args:
        services: Its settings limit the size of photos.
        photo: The photo.
        side: Longest side in pixels, if shorter than that of the settings.

    Raises:
        NotFound: The photo's file is gone.
        PhotoError: The file is not a photo that the dashboard can use.
    """
    return shown(services, _read(photo), side)


def _read(photo: DatasetPhoto) -> bytes:
    try:
        return photo.path.read_bytes()
    except OSError as error:
        raise NotFound("The file of this photo is no longer there. Choose another one.") from error
