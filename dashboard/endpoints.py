"""The addresses that the page's scripts ask, beside those of Dash itself.

    POST /photos               a photo's bytes        201 {id, src, width, height}
    POST /samples/N/photo      nothing                201 the same, and `truth`
    POST /photos/ID/answer     nothing                200 what the model says, see `dashboard.answers`
    GET  /photos/ID.jpg        the photo as it is shown and was sent to the model
    GET  /samples/N.jpg        a sample's thumbnail
    GET  /status               {state, text}: how the model server is

Whatever cannot be done is answered with a 4xx or 5xx and `{"error": "a sentence for people"}`.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge

from dashboard import photos
from dashboard.answers import describe
from dashboard.model_client import ModelClient
from dashboard.model_errors import Busy, ModelServerError, TooSlow, UnknownModel
from dashboard.photo_store import PhotoStore
from dashboard.samples import Sample
from dashboard.settings import Settings

THUMBNAIL_SIDE = 400
STATUS_READ_TIMEOUT = 3.0

logger = logging.getLogger(__name__)


def blueprint(settings: Settings, client: ModelClient, store: PhotoStore, samples: Sequence[Sample]) -> Blueprint:
    """The addresses above, answered with these parts."""
    routes = Blueprint("photos", __name__)

    def keep(data: bytes) -> dict[str, str | int]:
        photo = photos.normalise(data, max_megapixels=settings.max_megapixels, longest_side=settings.photo_side)
        photo_id = store.add(photo.jpeg)
        return {
            "id": photo_id,
            "src": f"/photos/{photo_id}.jpg",
            "width": photo.width,
            "height": photo.height,
        }

    def sample(number: int) -> tuple[Sample, bytes]:
        try:
            return samples[number], samples[number].path.read_bytes()
        except (IndexError, OSError) as error:
            raise NotFound("This sample photo is no longer there. Choose another one.") from error

    @routes.post("/photos")
    def add_photo() -> tuple[Response, int]:
        limit = int(settings.max_upload_mb * 1e6)
        # One byte more: what comes without its length is cut off there in silence, and is told by it.
        request.max_content_length = limit + 1
        try:
            data = request.get_data()
            if len(data) > limit:
                raise RequestEntityTooLarge
        except RequestEntityTooLarge as error:
            raise photos.PhotoTooLarge(
                f"The photo has more than {settings.max_upload_mb:g} MB. Scale it down and try again."
            ) from error
        return jsonify(keep(data)), 201

    @routes.post("/samples/<int:number>/photo")
    def add_sample(number: int) -> tuple[Response, int]:
        chosen, data = sample(number)
        return jsonify(keep(data) | {"truth": chosen.name}), 201

    @routes.post("/photos/<photo_id>/answer")
    def answer(photo_id: str) -> Response:
        jpeg = _kept(store, photo_id)
        start = time.perf_counter()
        explanation = client.explain(jpeg)
        milliseconds = (time.perf_counter() - start) * 1000
        try:
            version = client.status(STATUS_READ_TIMEOUT).version
        except ModelServerError:  # the answer is here; its version is an extra
            version = None
        return jsonify(describe(explanation, model=client.model_name, version=version, milliseconds=milliseconds))

    @routes.get("/photos/<photo_id>.jpg")
    def show_photo(photo_id: str) -> Response:
        return _jpeg(_kept(store, photo_id), "private, max-age=3600, immutable")

    @routes.get("/samples/<int:number>.jpg")
    def show_sample(number: int) -> Response:
        _, data = sample(number)
        small = photos.normalise(data, max_megapixels=settings.max_megapixels, longest_side=THUMBNAIL_SIDE)
        return _jpeg(small.jpeg, "private, max-age=600")

    @routes.get("/status")
    def status() -> Response:
        return jsonify(_status(client))

    @routes.errorhandler(photos.PhotoError)
    def photo_error(error: photos.PhotoError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 413 if isinstance(error, photos.PhotoTooLarge) else 422

    @routes.errorhandler(ModelServerError)
    def model_error(error: ModelServerError) -> tuple[Response, int]:
        logger.warning("%s: %s", error.request, error)
        return jsonify(error=str(error)), 504 if isinstance(error, TooSlow) else 502

    @routes.errorhandler(OSError)
    def disk_error(error: OSError) -> tuple[Response, int]:
        logger.error("The photo cannot be kept in %s: %s", Path(store.folder), error)
        return jsonify(error="The server has no room for the photo. Tell whoever runs it."), 507

    @routes.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.description), error.code or 500

    return routes


def _kept(store: PhotoStore, photo_id: str) -> bytes:
    jpeg = store.get(photo_id)
    if jpeg is None:
        raise NotFound("This photo is no longer kept. Choose it again.")
    return jpeg


def _jpeg(data: bytes, cache_control: str) -> Response:
    headers = {"Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"}
    return Response(data, mimetype="image/jpeg", headers=headers)


def _status(client: ModelClient) -> dict[str, str]:
    """The model server's state in a word for the page's scripts and in words for people."""
    try:
        status = client.status(STATUS_READ_TIMEOUT)
    except (Busy, TooSlow):
        return {"state": "starting", "text": "Starting"}
    except UnknownModel:
        return {"state": "starting", "text": "No model yet"}
    except ModelServerError:
        return {"state": "down", "text": "Not reachable"}
    if status.ready:
        return {"state": "ready", "text": f"Ready, version {status.version}"}
    return {"state": "starting", "text": "Starting"}
