"""What a published model answers for labelled photos, asked through its SavedModel as a server would ask it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car_classifier.data.manifest import Manifest, ManifestRow, class_indices
from car_classifier.errors import UserError
from car_classifier.progress import Report, silent

BATCH_SIZE = 32


@dataclass(frozen=True)
class ClassNames:
    """The classes of a model, in its order.

    Attributes:
        labels: Label of each class, `Make_Model`.
        makes: Make of each class.
    """

    labels: tuple[str, ...]
    makes: tuple[str, ...]

    @property
    def all_makes(self) -> tuple[str, ...]:
        """Every make once, sorted."""
        return tuple(sorted(set(self.makes)))

    @property
    def make_of_class(self) -> NDArray[np.int64]:
        """For each class, the place of its make in `all_makes`. [classes]."""
        return np.searchsorted(self.all_makes, self.makes)


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


def read_class_names(version_dir: Path) -> ClassNames:
    """The classes that a published version knows, from its `labels.json`.

    Raises:
        UserError: There is no such file.
    """
    path = version_dir / "assets.extra" / "labels.json"
    if not path.is_file():
        raise UserError(f"The model in {version_dir} has no labels.json: it was not exported by car-classifier.")
    content = json.loads(path.read_text(encoding="utf-8"))
    return ClassNames(tuple(content["labels"]), tuple(content["makes"][label] for label in content["labels"]))


def known_labels(known: Sequence[str], *asked: str | None) -> list[str | None]:
    """Labels as a model spells them: a space may stand for an underscore.

    Args:
        known: Labels of the model.
        asked: What to find among them; None stays None. No two may be the same.

    Raises:
        UserError: The model does not know one of them, or two are the same.
    """
    spelled = {name.replace("_", " "): name for name in known}
    found: list[str | None] = []
    for name in asked:
        label = name if name is None or name in known else spelled.get(name.replace("_", " "))
        if name is not None and label is None:
            near = get_close_matches(name, known, cutoff=0.4) or sorted(known)[:5]
            raise UserError(f"The model knows no '{name}'. It knows {len(known)} labels, such as {', '.join(near)}.")
        if label is not None and label in found:
            raise UserError(f"--versus must be another class than the one that is explained, {label}.")
        found.append(label)
    return found


def predict(version_dir: Path, manifest: Manifest, rows: Sequence[ManifestRow], report: Report = silent) -> Predictions:
    """Ask a published version about photos.

    Args:
        version_dir: Folder of a version, `model/1`.
        manifest: Tells where the photos are.
        rows: Which photos; at least one, all of labels that the model knows.
        report: Called with photos done and photos in all.

    Raises:
        UserError: There is no such model, it was published before there was `all_classes`, or a photo is missing or
            cannot be read by it.
    """
    names = read_class_names(version_dir)
    all_classes = load_signature(version_dir, "all_classes")
    logits = np.empty((len(rows), len(names.labels)), np.float32)
    probabilities = np.empty_like(logits)
    for start in range(0, len(rows), BATCH_SIZE):
        batch = rows[start : start + BATCH_SIZE]
        end = start + len(batch)
        answer = ask_about(all_classes, manifest, batch)
        logits[start:end], probabilities[start:end] = answer["logits"].numpy(), answer["probabilities"].numpy()
        report(end, len(rows))
    return Predictions(tuple(rows), names, logits, probabilities)


def ask_about(signature: Any, manifest: Manifest, batch: Sequence[ManifestRow], class_index: int | None = None) -> Any:
    """A signature's answer for photos of a manifest.

    Args:
        signature: As `load_signature` gives it, or another function of a string tensor named `image_bytes`.
        manifest: Tells where the photos are.
        batch: Which photos.
        class_index: The class to ask for, of a signature that takes one.

    Raises:
        UserError: A photo is missing or cannot be read by the model; it is named.
    """
    import tensorflow as tf

    def ask(contents: list[bytes]) -> Any:
        asked = {} if class_index is None else {"class_index": tf.fill([len(contents)], class_index)}
        return signature(image_bytes=tf.constant(contents), **asked)

    contents = [photo_content(manifest.photo_path(row)) for row in batch]
    try:
        return ask(contents)
    except tf.errors.InvalidArgumentError:
        for row, content in zip(batch, contents, strict=True):
            try:
                ask([content])
            except tf.errors.InvalidArgumentError as error:
                raise UserError(
                    f"{manifest.photo_path(row)} is damaged or no JPEG or PNG file. Index the photos anew with "
                    "car-classifier data index, which leaves such files out."
                ) from error
        raise


def photo_content(path: Path) -> bytes:
    """The bytes of a photo of a manifest.

    Raises:
        UserError: It is gone.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}. Index the photos anew with car-classifier data index."
        ) from error


def load_signature(saved_model: Path, name: str) -> Any:
    """A signature of a SavedModel as a function of named tensors.

    Raises:
        UserError: There is no SavedModel, or it has no such signature.
    """
    import tensorflow as tf

    if not (saved_model / "saved_model.pb").is_file():
        raise UserError(f"There is no SavedModel in {saved_model}. Give the folder of a version, such as model/1.")
    loaded = tf.saved_model.load(str(saved_model))
    if name not in loaded.signatures:
        raise UserError(
            f"The model in {saved_model} has no signature '{name}': an older car-classifier published it, or another "
            "program. Publish it anew with car-classifier train."
        )
    signature = loaded.signatures[name]
    signature._keep_alive = loaded  # a signature alone does not hold its model's variables
    return signature
