"""Predictions of a published version, made through its SavedModel as a server makes them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car_classifier.data.class_labels import spelling_key
from car_classifier.data.file_names import PHOTO_SUFFIXES, PICTURE_SUFFIXES, parse_file_name
from car_classifier.data.folder_walk import walk_folder
from car_classifier.data.manifest import Manifest, ManifestRow, class_indices
from car_classifier.data.photo_files import read_photo
from car_classifier.data.photo_sources import Candidate, LeftOut
from car_classifier.errors import UserError
from car_classifier.files import read_bytes
from car_classifier.progress import Report, silent
from car_classifier.registry.class_names import ClassNames
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.words import SURE_ABOVE, counted

BATCH_SIZE = 32


# --- Any photos: the most likely labels ---------------------------------------------------------------------------


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
        sure_above: The first answer is called not sure if its probability is lower.
        familiarity: The share of photos like those that the model knows that are less familiar; None if the version
            does not say.
        is_familiar: Whether that is enough; True if the version does not say.
    """

    photo: LabelledPhoto
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    sure_above: float = SURE_ABOVE
    familiarity: float | None = None
    is_familiar: bool = True

    @property
    def is_right(self) -> bool | None:
        """Whether the first answer is the truth; None if the truth is unknown."""
        return None if self.photo.truth is None else self.labels[0] == self.photo.truth

    @property
    def is_sure(self) -> bool:
        """Whether the first answer is likely enough."""
        return self.probabilities[0] >= self.sure_above

    def as_json(self) -> dict[str, Any]:
        """The answer as `--json` shows it."""
        ranked = zip(self.labels, self.probabilities, strict=True)
        answers = [{"label": label, "probability": round(value, 6)} for label, value in ranked]
        facts = {"photo": str(self.photo.path), "truth": self.photo.truth, "sure": self.is_sure, "answers": answers}
        if self.familiarity is None:
            return facts
        return facts | {"familiarity": round(self.familiarity, 4), "familiar": self.is_familiar}


@dataclass(frozen=True)
class Unreadable:
    """A photo that the model cannot read, and why."""

    photo: LabelledPhoto
    reason: str

    def as_json(self) -> dict[str, Any]:
        """The failure as `--json` shows it."""
        return {"photo": str(self.photo.path), "truth": self.photo.truth, "error": self.reason}


def classify(
    version: PublishedVersion, photos: Sequence[LabelledPhoto], sure_above: float = SURE_ABOVE
) -> Iterator[Answer | Unreadable]:
    """The version's answers about photos, in their order.

    Raises:
        UserError: There is no such model, or car-classifier did not export it.
    """
    signature = version.signature("classify")
    for start in range(0, len(photos), BATCH_SIZE):
        batch = photos[start : start + BATCH_SIZE]
        for places, answer in _ask(signature, [photo.path for photo in batch]):
            if isinstance(answer, Exception):
                yield from (Unreadable(batch[i], reason_not_read(batch[i].path)) for i in places)
                continue
            labels, probabilities = texts(answer["labels"].numpy()), answer["probabilities"].numpy()
            for place, (i, row, values) in enumerate(zip(places, labels, probabilities, strict=True)):
                familiar = _familiarity(answer, place)
                yield Answer(batch[i], tuple(map(str, row)), tuple(map(float, values)), sure_above, **familiar)


def _familiarity(answer: Mapping[str, Any], place: int) -> dict[str, Any]:
    """The familiarity of one photo of a batch, if the version tells it."""
    if "familiarity" not in answer:
        return {}
    return {
        "familiarity": float(answer["familiarity"][place]),
        "is_familiar": bool(answer["is_familiar"][place]),
    }


def texts(labels: NDArray[Any]) -> NDArray[np.str_]:
    """Labels as texts: a signature gives the bytes of their UTF-8."""
    return np.char.decode(labels.astype(bytes), "utf-8")


def find_labelled_photos(paths: Sequence[Path], labels: Sequence[str]) -> list[LabelledPhoto]:
    """Photos at paths, each with the label in its own or a folder's name, if that is one of `labels`.

    Args:
        paths: Photos, or folders of photos. A file is taken whatever its name, and of a folder also pictures that the
            model cannot decode: whoever asks about them learns why.
        labels: Labels that the model knows.

    Raises:
        UserError: A folder holds no photo.
    """
    photos: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [file for file in walk_folder(path).files if file.suffix.lower() in PICTURE_SUFFIXES]
            if not inside:
                raise UserError(f"{path} holds no photo: no file in it ends in {', '.join(PHOTO_SUFFIXES)}.")
            photos += inside
        else:
            photos.append(path)
    known = {spelling_key(label): label for label in labels}
    return [LabelledPhoto(path, _truth(path, known)) for path in photos]


def _truth(path: Path, known: Mapping[str, str]) -> str | None:
    try:
        if (key := spelling_key(parse_file_name(path.name).label)) in known:
            return known[key]
    except ValueError:
        pass
    folders = (spelling_key(folder.name) for folder in path.absolute().parents)
    return next((known[key] for key in folders if key in known), None)


def reason_not_read(path: Path) -> str:
    """Why a photo that the model refused, or that is not there, cannot be read."""
    result = read_photo(Candidate(path, "", "", None, None))
    return result.reason if isinstance(result, LeftOut) else "its pixels cannot be decoded"


# --- Photos of a manifest: every class ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Predictions:
    """Answers of `all_classes` for some photos, in their order.

    Attributes:
        rows: The photos, all of labels that the model knows.
        names: The model's classes.
        logits: As the net gives them, float32 [n, classes].
        probabilities: Calibrated, float32 [n, classes].
    """

    rows: tuple[ManifestRow, ...]
    names: ClassNames
    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]

    @property
    def truth(self) -> NDArray[np.int64]:
        """The true class of each photo. [n]."""
        return np.array(class_indices(self.rows, self.names.labels))

    @property
    def make_probabilities(self) -> NDArray[np.float32]:
        """For each of `names.all_makes`, the sum over its models. [n, makes]."""
        membership = np.eye(len(self.names.all_makes), dtype=np.float32)[self.names.make_of_class]
        return self.probabilities @ membership


def predict(
    version: PublishedVersion,
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    report: Report = silent,
    notify: Callable[[str], object] | None = None,
) -> Predictions:
    """Ask a version for the probability of every class.

    Args:
        version: The version.
        manifest: Locates the photos.
        rows: Which photos; at least one, all of labels that the model knows.
        report: Called with photos done and photos in all.
        notify: That of `ask_in_batches`.

    Raises:
        UserError: There is no such model, an older car-classifier without `all_classes` published it, or a photo is
            missing or cannot be read, or all are.
    """
    names, all_classes = version.names, version.signature("all_classes")
    asked: list[ManifestRow] = []
    logits: list[NDArray[np.float32]] = []
    probabilities: list[NDArray[np.float32]] = []
    for batch, answer in ask_in_batches(all_classes, manifest, rows, report, notify):
        asked += batch
        logits.append(answer["logits"].numpy())
        probabilities.append(answer["probabilities"].numpy())
    return Predictions(tuple(asked), names, np.concatenate(logits), np.concatenate(probabilities))


def ask_in_batches(
    signature: Any,
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    report: Report = silent,
    notify: Callable[[str], object] | None = None,
    class_index: int | None = None,
) -> Iterator[tuple[list[ManifestRow], Any]]:
    """A signature's answers for photos of a manifest, with the rows that each is for.

    Args:
        signature: That of `ask_about`.
        manifest: Locates the photos.
        rows: Which photos; at least one.
        report: Called with photos done and photos in all.
        notify: Called with a sentence for each photo that is missing or cannot be read, which is then left out. If
            left out, such a photo is an error.
        class_index: That of `ask_about`.

    Raises:
        UserError: A photo is missing or cannot be read, or all are.
    """
    count, first = 0, None
    for start in range(0, len(rows), BATCH_SIZE):
        batch = rows[start : start + BATCH_SIZE]
        for places, answer in _ask(signature, [manifest.photo_path(row) for row in batch], class_index):
            if not isinstance(answer, Exception):
                count += len(places)
                yield [batch[i] for i in places], answer
                continue
            path = manifest.photo_path(batch[places[0]])
            if notify is None or len(rows) == 1:
                raise _refusal(path) from answer
            first = first or _refusal(path)
            notify(f"{path} cannot be used ({reason_not_read(path)}), so it is left out.")
        report(start + len(batch), len(rows))
    if not count:
        raise UserError(f"None of the {len(rows)} photos can be used. The first: {first}") from first


def readable_rows(
    manifest: Manifest, rows: Sequence[ManifestRow], report: Report, notify: Callable[[str], object]
) -> list[ManifestRow]:
    """The photos that a model can read, for work that needs all of its photos.

    Args:
        manifest: Locates the photos.
        rows: Which photos; at least one.
        report: Called with photos done and photos in all.
        notify: That of `ask_in_batches`.

    Raises:
        UserError: No photo can be read.
    """
    import tensorflow as tf

    from car_classifier.network.preprocessing import decode_photo

    def sizes(image_bytes: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(lambda photo: tf.shape(decode_photo(photo)), image_bytes, fn_output_signature=tf.int32)

    return [
        row
        for batch, _ in ask_in_batches(tf.function(sizes, autograph=False), manifest, rows, report, notify)
        for row in batch
    ]


def ask_about(signature: Any, manifest: Manifest, batch: Sequence[ManifestRow], class_index: int | None = None) -> Any:
    """A signature's answer for photos of a manifest.

    Args:
        signature: A signature of a version, or another function of a string tensor named `image_bytes`.
        manifest: Locates the photos.
        batch: Which photos.
        class_index: The class to ask for, if the signature takes one.

    Raises:
        UserError: A photo is missing, or the model cannot read it; the message names it.
    """
    paths = [manifest.photo_path(row) for row in batch]
    for places, answer in _ask(signature, paths, class_index):
        if isinstance(answer, Exception):
            raise _refusal(paths[places[0]]) from answer
    return answer  # the only one: of several, one is an exception


def _refusal(path: Path) -> UserError:
    """The error that names the photo about which a model could not be asked."""
    return UserError(
        f"{path} cannot be used ({reason_not_read(path)}). Index the photos again with car-classifier data index, "
        "which leaves such files out."
    )


def known_labels(known: Sequence[str], *asked: str | None) -> list[str | None]:
    """Labels as a model spells them: a space may stand for an underscore.

    Args:
        known: Labels of the model.
        asked: Labels to look up; None stays None. No two may be the same.

    Raises:
        UserError: The model does not know a label, or two are the same.
    """
    spelled = {name.replace("_", " "): name for name in known}
    labels: list[str | None] = []
    for name in asked:
        label = name if name is None or name in known else spelled.get(name.replace("_", " "))
        if name is not None and label is None:
            near = get_close_matches(name, known, cutoff=0.4) or sorted(known)[:5]
            raise UserError(
                f"The model knows no '{name}'. It knows {counted(len(known), 'label')}, such as {', '.join(near)}."
            )
        if label is not None and label in labels:
            raise UserError(f"--versus must be another class than the one that is explained, {label}.")
        labels.append(label)
    return labels


# --- A batch, and its photos one by one ------------------------------------------------------------------------------


def _ask(signature: Any, paths: Sequence[Path], class_index: int | None = None) -> list[tuple[Sequence[int], Any]]:
    """A signature's answer for a batch of photos. One bad photo fails its batch: then each photo is asked alone.

    Returns:
        The places of photos in `paths`, and the answer for them: all at once; or one by one, where an exception stands
        for the answer about a photo that cannot be read, and there is at least one.
    """
    import tensorflow as tf

    def ask(*batch: Path) -> Any:
        contents = [read_bytes(path) for path in batch]
        inputs = {} if class_index is None else {"class_index": tf.fill([len(contents)], class_index)}
        return signature(image_bytes=tf.constant(contents), **inputs)

    try:
        return [(range(len(paths)), ask(*paths))]
    except (OSError, ValueError, tf.errors.InvalidArgumentError):
        answers: list[tuple[Sequence[int], Any]] = []
        for i, path in enumerate(paths):
            try:
                answers.append(([i], ask(path)))
            except (OSError, ValueError, tf.errors.InvalidArgumentError) as error:
                answers.append(([i], error))
        if not any(isinstance(answer, Exception) for _, answer in answers):
            raise  # the batch is refused as a whole: no photo is to blame
        return answers
