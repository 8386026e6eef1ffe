"""Searches the data set, and describes one photo of it.

GET  /dataset/photos       200 a page of the photos that the query selects, see `dashboard.photos.search`:
                               `photos`; `found`, the number of all of them; `of`, the number of photos in the data
                               set; `page`, `pages`; `classes`, the photos of each class, whatever label the query
                               names; `suspects`, the number of photos found whose label may be wrong; `looked_at`, the
                               number of photos checked for that, with `version`, the model's version that did
GET  /dataset/ID.json      200 one photo: `columns` as in the manifest, its near-`duplicates`, and `similar` photos
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, NotFound

from dashboard.names import display_name
from dashboard.photos.dataset import Dataset, DatasetPhoto, read_columns
from dashboard.photos.search import (
    PhotoSearch,
    SearchError,
    count_classes,
    find_photos,
    near_duplicates,
    page_of,
    read_search,
)
from dashboard.photos.similar import FEATURES_FILE, FeaturesFile
from dashboard.reports.label_suspects import LatestSuspects, Suspect, SuspectReport
from dashboard.services import Services


def blueprint(services: Services) -> Blueprint:
    """Defines the addresses above."""
    routes = Blueprint("data", __name__, url_prefix="/dataset")
    suspects = LatestSuspects()
    files: dict[Path, FeaturesFile] = {}

    @routes.get("/photos")
    def photos() -> Response:
        try:
            search = read_search(request.args)
        except SearchError as error:
            raise BadRequest(str(error)) from error
        dataset = services.dataset.read()
        report, version = _suspects(services, dataset, suspects)
        return jsonify(_result(search, dataset, report) | {"version": version})

    @routes.get("/<photo_id>.json")
    def about(photo_id: str) -> Response:
        dataset = services.dataset.read()
        photo = dataset.by_id.get(photo_id)
        if photo is None:
            raise NotFound("This photo is not in the data set any more. Choose another one.")
        report, _ = _suspects(services, dataset, suspects)
        suspect = next((suspect for suspect in report.suspects if suspect.photo.id == photo.id), None)
        return jsonify(
            _summary(photo, suspect)
            | {
                "columns": list(read_columns(services.settings.manifest_file, photo.file_name).items()),
                "duplicates": [_summary(other) for other in near_duplicates(photo, dataset.photos)],
                "similar": _similar(services, files, photo, dataset),
            }
        )

    return routes


def _suspects(services: Services, dataset: Dataset, suspects: LatestSuspects) -> tuple[SuspectReport, int | None]:
    """Returns the photos whose labels the newest version of the model contradicts, and the number of that version."""
    versions = services.versions.all()
    if not versions:
        return SuspectReport(), None
    return suspects.of(dataset, versions[0]), versions[0].number


def _result(search: PhotoSearch, dataset: Dataset, report: SuspectReport) -> dict[str, Any]:
    suspects = {suspect.photo.id: suspect for suspect in report.suspects}
    of_any_label = find_photos(search.of_any_label(), dataset.photos)
    suspected = [suspect.photo for suspect in report.suspects if search.accepts(suspect.photo)]
    if search.suspects:
        of_any_label = [photo for photo in of_any_label if photo.id in suspects]
        photos = suspected
    else:
        photos = [photo for photo in of_any_label if search.label in (None, photo.label)]
    page = page_of(photos, search.page)
    return {
        "found": len(photos),
        "of": len(dataset.photos),
        "page": page.number,
        "pages": page.count,
        "photos": [_summary(photo, suspects.get(photo.id)) for photo in page.photos],
        "classes": [
            {"label": count.label, "name": count.name, "photos": count.photos, "splits": count.splits}
            for count in count_classes(of_any_label)
        ],
        "suspects": len(suspected),
        "looked_at": report.looked_at,
    }


def _summary(photo: DatasetPhoto, suspect: Suspect | None = None) -> dict[str, Any]:
    return {
        "id": photo.id,
        "name": photo.name,
        "label": photo.label,
        "year": photo.year,
        "split": photo.split,
        "group": photo.near_duplicate_group,
        "excluded": photo.excluded,
        "suspect": suspect
        and {
            "name": display_name(suspect.answer),
            "probability": suspect.probability,
            "label_probability": suspect.label_probability,
            "threshold": suspect.threshold,
        },
    }


def _similar(
    services: Services, files: dict[Path, FeaturesFile], photo: DatasetPhoto, dataset: Dataset
) -> Mapping[str, Any]:
    """Returns `photos` with their `similarity`, and the model's `version`; or a `problem` and the `command` to run."""
    settings, manifest = services.settings, services.settings.manifest_file
    path = manifest.with_name(FEATURES_FILE)
    features_file = files.setdefault(path, FeaturesFile(path))
    command = f"car-classifier data features --data {manifest} --model {settings.model_folder}"
    features = features_file.read()
    if features is None:
        return {"problem": "To find similar photos, run this command first:", "command": command}
    similar = features.similar(photo, dataset)
    if similar is None:
        return {
            "problem": "This photo is newer than the file of similar photos. Update the file:",
            "command": command,
        }
    return {
        "version": features.version,
        "photos": [_summary(other) | {"similarity": round(cosine, 3)} for other, cosine in similar],
    }
