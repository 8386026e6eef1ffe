"""How good a published model is, asked through its SavedModel as a server would ask it."""

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from car_classifier.dataset import index_photos
from car_classifier.errors import UserError
from car_classifier.manifest import Manifest, ManifestRow, is_manifest, read_manifest
from car_classifier.progress import Report, progress_bar, silent
from car_classifier.versions import find_version

BATCH_SIZE = 32


@dataclass(frozen=True)
class Predictions:
    """Answers of `classify` for some photos, in their order.

    Attributes:
        rows: The photos.
        labels: The K most likely labels of each, best first, [n, K].
        probabilities: Their probabilities, float32 [n, K].
        makes: The most likely make of each, [n].
    """

    rows: tuple[ManifestRow, ...]
    labels: NDArray[np.str_]
    probabilities: NDArray[np.float32]
    makes: NDArray[np.str_]

    @property
    def ranks(self) -> NDArray[np.int64]:
        """Place of the true label among the K, from 0; K if it is not there. [n]."""
        truth = np.array([row.label for row in self.rows])[:, None]
        hits = self.labels == truth
        return np.where(hits.any(axis=1), hits.argmax(axis=1), self.labels.shape[1])


def predict(saved_model: Path, manifest: Manifest, rows: Sequence[ManifestRow], report: Report = silent) -> Predictions:
    """Ask a SavedModel's `classify` about photos.

    Args:
        saved_model: Folder of a version, `model/1`.
        manifest: Tells where the photos are.
        rows: Which photos; at least one.
        report: Called with photos done and photos in all.

    Raises:
        UserError: There is no such SavedModel, or a photo cannot be read by it.
    """
    import tensorflow as tf

    classify = load_signature(saved_model, "classify")
    answers: dict[str, list[NDArray[Any]]] = {"labels": [], "probabilities": [], "makes": []}
    for start in range(0, len(rows), BATCH_SIZE):
        batch = rows[start : start + BATCH_SIZE]
        content = tf.constant([manifest.photo_path(row).read_bytes() for row in batch])
        try:
            answer = classify(image_bytes=content)
        except tf.errors.InvalidArgumentError as error:
            names = ", ".join(row.file_name for row in batch)
            raise UserError(f"One of these photos cannot be read: {names}. {str(error).splitlines()[0]}") from error
        answers["labels"].append(answer["labels"].numpy().astype(str))
        answers["probabilities"].append(answer["probabilities"].numpy())
        best_make = answer["make_probabilities"].numpy().argmax(axis=1)
        answers["makes"].append(
            np.take_along_axis(answer["make_labels"].numpy().astype(str), best_make[:, None], 1)[:, 0]
        )
        report(start + len(batch), len(rows))
    joined = {name: np.concatenate(parts) for name, parts in answers.items()}
    return Predictions(tuple(rows), **joined)


def evaluate_on(saved_model: Path, photos: Path, split: str | None, console: Console) -> dict[str, Any]:
    """Measure a model on labelled photos.

    Args:
        saved_model: Folder of a version, or of several: then the newest is taken.
        photos: A manifest, or a folder (or CSV) of labelled photos in any form that can be indexed.
        split: Only the photos of this split.
        console: Where progress is shown.

    Returns:
        The figures of `metrics_of`, and which model and photos they are of.

    Raises:
        UserError: There is no such model, photo or split.
    """
    saved_model = find_version(saved_model)
    labels_file = saved_model / "assets.extra" / "labels.json"
    if not labels_file.is_file():
        raise UserError(f"The model in {saved_model} has no labels.json: it was not exported by car-classifier.")
    known_labels = json.loads(labels_file.read_text(encoding="utf-8"))["labels"]
    with tempfile.TemporaryDirectory() as folder:
        manifest = _manifest_of(photos, Path(folder) / "manifest.csv", console)
        rows = manifest.rows if split is None else tuple(row for row in manifest.rows if row.split == split)
        if not rows:
            raise UserError(
                f"{photos} has no photos of split {split!r}. It has: {', '.join(sorted(manifest.counts()))}."
            )
        with progress_bar("Asking the model", console) as report:
            predictions = predict(saved_model, manifest, rows, report)
    return {"model": str(saved_model), "data": str(photos), "split": split} | metrics_of(predictions, known_labels)


def _manifest_of(photos: Path, temporary: Path, console: Console) -> Manifest:
    """The manifest at a path, or one made of the photos there."""
    if photos.is_file() and is_manifest(photos):
        return read_manifest(photos)
    with progress_bar("Reading photos", console) as report:
        result = index_photos(photos, temporary, min_classes=1, report=report)
    for left_out in result.left_out:
        console.print(f"Left out {left_out.path}: {left_out.reason}", style="yellow", markup=False)
    return result.manifest


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
        raise UserError(f"The model in {saved_model} has no signature '{name}': it was not exported by car-classifier.")
    signature = loaded.signatures[name]
    signature._keep_alive = loaded  # a signature alone does not hold its model's variables
    return signature


def metrics_of(predictions: Predictions, known_labels: Sequence[str]) -> dict[str, Any]:
    """Figures that sum predictions up.

    Args:
        predictions: The answers.
        known_labels: Labels that the model can give. Photos of others are counted and named, and left out of
            the accuracies.

    Returns:
        `count` and `top1`, `top5`, `make_top1` (shares of the photos with a known label), `top1_interval` (95 %,
        Wilson), `mean_confidence` (mean probability of the first answer), `unknown_labels` (photos by label).
        The shares are None when no photo has a known label.
    """
    labels = set(known_labels)
    known = np.array([row.label in labels for row in predictions.rows])
    unknown = Counter(row.label for row, is_known in zip(predictions.rows, known, strict=True) if not is_known)
    count = int(known.sum())
    figures: dict[str, Any] = {"count": count}
    ranks = predictions.ranks[known]
    truth_makes = np.array([row.make for row in predictions.rows])[known]
    figures["top1"] = float((ranks == 0).mean()) if count else None
    figures["top5"] = float((ranks < 5).mean()) if count else None
    figures["make_top1"] = float((predictions.makes[known] == truth_makes).mean()) if count else None
    figures["top1_interval"] = wilson_interval(int((ranks == 0).sum()), count) if count else None
    figures["mean_confidence"] = float(predictions.probabilities[known, 0].mean()) if count else None
    figures["unknown_labels"] = dict(sorted(unknown.items()))
    return figures


def wilson_interval(hits: int, count: int) -> list[float]:
    """The 95 % interval of a share (Wilson 1927)."""
    z, share = 1.959964, hits / count
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * ((share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5)
    return [max(middle - half, 0.0), min(middle + half, 1.0)]
