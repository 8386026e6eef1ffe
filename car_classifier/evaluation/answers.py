"""What a published model answers about photos, asked through its SavedModel as a server would ask it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from car_classifier.data.file_names import PHOTO_SUFFIXES, parse_file_name
from car_classifier.data.photo_files import read_photo
from car_classifier.data.photo_sources import Candidate, LeftOut
from car_classifier.errors import UserError
from car_classifier.registry.folder import find_version

BATCH_SIZE = 32


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo, and its label if that is known."""

    path: Path
    truth: str | None


@dataclass(frozen=True)
class Answer:
    """The model's answer about a photo.

    Attributes:
        photo: The photo.
        labels: The most likely labels, best first.
        probabilities: Their probabilities.
    """

    photo: LabelledPhoto
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]

    @property
    def is_right(self) -> bool | None:
        """Whether the first answer is the truth; None if that is unknown."""
        return None if self.photo.truth is None else self.labels[0] == self.photo.truth


@dataclass(frozen=True)
class Unreadable:
    """A photo that the model cannot read, and why."""

    photo: LabelledPhoto
    reason: str


class PublishedModel:
    """A published version of a model, ready to be asked.

    Args:
        path: The version's folder, or a model folder: then its newest version.

    Raises:
        UserError: There is none, or it was not exported by car-classifier.
    """

    def __init__(self, path: Path) -> None:
        from car_classifier.evaluation.predictions import load_signature

        self.folder = find_version(path)
        labels_file = self.folder / "assets.extra" / "labels.json"
        if not labels_file.is_file():
            raise UserError(f"The model in {self.folder} has no labels.json: it was not exported by car-classifier.")
        content = json.loads(labels_file.read_text(encoding="utf-8"))
        self.labels: tuple[str, ...] = tuple(content["labels"])
        self.makes: dict[str, str] = content["makes"]
        self._classify = load_signature(self.folder, "classify")

    def ask(self, photos: Sequence[LabelledPhoto]) -> Iterator[Answer | Unreadable]:
        """The answers about photos, in their order.

        Photos are taken as their pixels lie in the file: the model knows nothing of EXIF orientation.
        """
        for start in range(0, len(photos), BATCH_SIZE):
            yield from self._ask_batch(photos[start : start + BATCH_SIZE])

    def _ask_batch(self, photos: Sequence[LabelledPhoto]) -> list[Answer | Unreadable]:
        import tensorflow as tf

        try:
            content = [photo.path.read_bytes() for photo in photos]
            answer = self._classify(image_bytes=tf.constant(content))
        except (OSError, tf.errors.InvalidArgumentError):
            if len(photos) == 1:  # one bad photo fails its batch, so each is asked alone
                return [Unreadable(photos[0], _reason(photos[0].path))]
            return [found for photo in photos for found in self._ask_batch([photo])]
        labels, probabilities = answer["labels"].numpy().astype(str), answer["probabilities"].numpy()
        return [
            Answer(photo, tuple(map(str, labels[i])), tuple(map(float, probabilities[i])))
            for i, photo in enumerate(photos)
        ]


def _reason(path: Path) -> str:
    """Why a photo that the model refused cannot be read."""
    found = read_photo(Candidate(path, "", "", None, None))
    return found.reason if isinstance(found, LeftOut) else "its pixels cannot be decoded"


def is_turned(path: Path) -> bool:
    """Whether a photo's EXIF data say that it is to be turned or mirrored before it is looked at."""
    with Image.open(path) as image:
        return bool(image.getexif().get(ExifTags.Base.Orientation, 1) != 1)


def find_labelled_photos(paths: Sequence[Path], labels: Sequence[str]) -> list[LabelledPhoto]:
    """Photos at paths, with the label that a file's or its folder's name tells, if it is one of `labels`.

    Args:
        paths: Photos, or folders of photos. A file is taken whatever its name.
        labels: Labels that the model knows.

    Raises:
        UserError: A folder holds no photo.
    """
    photos: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [
                file
                for file in sorted(path.rglob("*"))
                if file.suffix.lower() in PHOTO_SUFFIXES
                and not any(part.startswith(".") for part in file.relative_to(path).parts)
            ]
            if not inside:
                raise UserError(f"{path} holds no photo: no file in it ends in {', '.join(PHOTO_SUFFIXES)}.")
            photos += inside
        else:
            photos.append(path)
    known = set(labels)
    return [LabelledPhoto(path, _truth(path, known)) for path in photos]


def _truth(path: Path, known: set[str]) -> str | None:
    try:
        if (label := parse_file_name(path.name).label) in known:
            return label
    except ValueError:
        pass
    return next((folder.name for folder in path.absolute().parents if folder.name in known), None)


def as_json(answer: Answer | Unreadable) -> dict[str, Any]:
    """An answer as `--json` shows it."""
    photo = {"photo": str(answer.photo.path), "truth": answer.photo.truth}
    if isinstance(answer, Unreadable):
        return photo | {"error": answer.reason}
    ranked = zip(answer.labels, answer.probabilities, strict=True)
    return photo | {"answers": [{"label": label, "probability": round(value, 6)} for label, value in ranked]}
