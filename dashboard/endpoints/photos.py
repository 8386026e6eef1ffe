"""The photos that visitors send.

POST /photos               a photo's bytes            201 {id, src, width, height}: how the page shows it
POST /photos/ID/answer     {label} or nothing         200 the answer, see `dashboard.reports.answers`; with the class
                                                          `label` too, if the request names one
GET  /photos/ID            the photo as the model gets it, a JPEG or PNG
GET  /photos/ID.jpg        the photo as the page shows it, a JPEG or PNG; `?side=` scales it down further
"""

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from dashboard.endpoints.pictures import asked_label, asked_side, picture_response
from dashboard.photos.normalise import JPEG_QUALITY, PREVIEW_QUALITY, Photo, PhotoTooLarge, for_model, normalise
from dashboard.reports.answers import answer_for
from dashboard.services import Services

CACHE_CONTROL = "private, max-age=3600, immutable"


def blueprint(services: Services) -> Blueprint:
    """Defines the addresses above."""
    routes = Blueprint("photos", __name__)
    settings = services.settings

    def kept(photo_id: str) -> bytes:
        content = services.photos.get(photo_id)
        if content is None:
            raise NotFound("This photo is no longer kept. Choose it again.")
        return content

    @routes.post("/photos")
    def add_photo() -> tuple[Response, int]:
        limit = int(settings.max_upload_mb * 1e6)
        # One byte more than allowed: Flask cuts a body without Content-Length off there, silently, and the extra byte
        # shows that the photo was too large.
        request.max_content_length = limit + 1
        try:
            data = request.get_data()
            if len(data) > limit:
                raise RequestEntityTooLarge
        except RequestEntityTooLarge as error:
            raise PhotoTooLarge(
                f"The photo has more than {settings.max_upload_mb:g} MB. Scale it down and try again."
            ) from error
        photo = for_model(data, max_megapixels=settings.max_megapixels, longest_side=settings.photo_side)
        return jsonify(about_kept(services, photo)), 201

    @routes.post("/photos/<photo_id>/answer")
    def answer(photo_id: str) -> Response:
        return jsonify(
            answer_for(
                kept(photo_id),
                services.client,
                services.watch,
                services.versions,
                asked_label(),
                sure_above=services.settings.sure_above,
            )
        )

    @routes.get("/photos/<photo_id>")
    def send(photo_id: str) -> Response:
        return picture_response(kept(photo_id), CACHE_CONTROL)

    @routes.get("/photos/<photo_id>.jpg")
    def show(photo_id: str) -> Response:
        return picture_response(shown(services, kept(photo_id), asked_side()).content, CACHE_CONTROL)

    return routes


def shown(services: Services, content: bytes, side: int | None = None) -> Photo:
    """Scales a photo down as the pages show it.

    Args:
        services: Its settings limit the size of photos.
        content: The photo's bytes.
        side: Longest side in pixels, if shorter than that of the settings.

    Raises:
        PhotoError: It is not a photo that the dashboard can use.
    """
    settings = services.settings
    return normalise(
        content,
        max_megapixels=settings.max_megapixels,
        longest_side=min(side or settings.photo_side, settings.photo_side),
        quality=PREVIEW_QUALITY if side else JPEG_QUALITY,
    )


def about_kept(services: Services, photo: Photo) -> dict[str, str | int]:
    """Stores a photo for a while and returns its id, and its address and size as the page shows it."""
    photo_id = services.photos.add(photo.content)
    width, height = photo.size_within(services.settings.photo_side)
    return {"id": photo_id, "src": f"/photos/{photo_id}.jpg", "width": width, "height": height}
