"""Measures the answers of a published version on labelled photos."""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from scipy.special import softmax

from car_classifier.data.indexing import index_photos
from car_classifier.data.layouts import Classes
from car_classifier.data.manifest import Manifest, ManifestRow, is_manifest, read_manifest, relocated
from car_classifier.data.photo_sources import sum_up
from car_classifier.errors import UserError
from car_classifier.evaluation.metrics import (
    abstention,
    answered_from,
    calibration,
    confused_pairs,
    confusion_matrix,
    guessing,
    macro_figures,
    score_table,
    share,
    top_classes,
)
from car_classifier.evaluation.predictions import Predictions, predict
from car_classifier.progress import print_left_out, progress_bar
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.words import counted


def evaluate_on(
    version: PublishedVersion, photos: Path, split: str | None, console: Console, classes: Classes | None = None
) -> dict[str, Any]:
    """Measure a published version on labelled photos, through its SavedModel.

    Args:
        version: The version.
        photos: A manifest or a folder with a `manifest.csv`, or labelled photos in any form that can be indexed.
        split: Only the photos of this split are measured; all photos if None.
        console: Where progress is shown.
        classes: Where the classes of photos without a manifest are read from; None for the first place that fits.

    Returns:
        `model`, `data` and `split`, and the figures of `evaluation_of` and `sure_figures`.

    Raises:
        UserError: There is no such model, photo or split, or the model knows none of the photos' labels.
    """
    known_labels = set(version.names.labels)
    manifest = _manifest_of(photos, classes, console)
    rows = [row for row in manifest.kept if split in (None, row.split)]
    if not rows:
        raise UserError(f"{photos} has no photos of split {split!r}. It has: {', '.join(sorted(manifest.counts()))}.")
    known = [row for row in rows if row.label in known_labels]
    unknown = Counter(row.label for row in rows if row.label not in known_labels)
    if not known:
        raise UserError(
            f"The model in {version} knows no label of the {counted(len(rows), 'photo')} in {photos}: "
            f"{named(unknown)}. It knows {named(dict.fromkeys(sorted(known_labels)))}. "
            "Labels must be spelled as in training."
        )
    notes: list[str] = []
    with progress_bar("Asking the model", console) as report:
        predictions = predict(version, manifest, known, report, notes.append)
    print_left_out(console, notes)
    about = {"model": str(version), "data": str(photos), "split": split or "all"}
    config = version.read_config() if version.config_path.is_file() else {}
    return about | evaluation_of(predictions, unknown) | sure_figures(predictions, config.get("sure"))


def evaluation_path(version: PublishedVersion, photos: Path, split: str | None) -> Path:
    """The file in which the dashboard looks for a version's figures on these photos.

    Returns:
        `NAME.json` in the version's folder of evaluations, where NAME is `report_name`.
    """
    return version.evaluations_folder / f"{report_name(photos, split)}.json"


def report_name(photos: Path, split: str | None) -> str:
    """The name of a report: that of the folder of photos (or of a list's folder and the list), and the split."""
    photos = Path(os.path.abspath(photos))  # of a link its own name, not that of its target
    parts = [photos.name] if photos.is_dir() else [photos.parent.name, photos.stem]
    name = "-".join(re.sub(r"[^\w.]+", "-", part).strip("-.") for part in [*parts, split or ""])
    return name.strip("-") or "photos"


def evaluation_of(predictions: Predictions, unknown_labels: Mapping[str, int]) -> dict[str, Any]:
    """All figures of a model's answers.

    Args:
        predictions: The answers for at least one photo, all with labels that the model knows.
        unknown_labels: Number of photos with each label that the model does not know, which were left out.

    Returns:
        `count`; the shares `top1`, `top5`, `make_top1` (a make's probability is the sum over its models), `macro_f1`
        and `balanced_accuracy`, each with its 95 % interval under `NAME_interval`; `mean_confidence` of the first
        answers; `guessing`, `calibration` (after temperature scaling, and before it under `NAME_before`), `abstention`,
        `per_class`, `per_make`, `confusion` (rows are true labels, columns are answers) and `confused_pairs`, all as
        the functions in `metrics` return them; `unknown_labels`. Where no class has a make, `make_top1` and
        `per_make` are missing.
    """
    names, truth, probabilities = predictions.names, predictions.truth, predictions.probabilities
    best = top_classes(probabilities, 5)
    answers, confidences = best[:, 0], probabilities.max(axis=1)
    right = answers == truth
    of_makes = _make_figures(predictions) if names.has_makes else {}
    before = calibration(softmax(predictions.logits, axis=1), truth)
    return {
        "count": len(truth),
        **share("top1", right),
        **share("top5", (best == truth[:, None]).any(axis=1)),
        **of_makes,
        **macro_figures(truth, answers, len(names.labels)),
        "mean_confidence": float(confidences.mean(dtype=np.float64)),
        "guessing": guessing(truth, names.labels),
        "calibration": calibration(probabilities, truth) | {f"{name}_before": value for name, value in before.items()},
        "abstention": abstention(confidences, right),
        "per_class": [
            {"label": label} | ({"make": make} if names.has_makes else {}) | row
            for label, make, row in zip(
                names.labels, names.makes, score_table(truth, answers, names.labels), strict=True
            )
        ],
        "confusion": {
            "labels": list(names.labels),
            "matrix": confusion_matrix(truth, answers, len(names.labels)).tolist(),
        },
        "confused_pairs": confused_pairs(
            truth, answers, confidences, names.labels, [row.file_name for row in predictions.rows]
        ),
        "unknown_labels": dict(sorted(unknown_labels.items())),
    }


def sure_figures(predictions: Predictions, sure: Any) -> dict[str, Any]:
    """The figures of a version's own threshold on some photos.

    Args:
        predictions: The answers.
        sure: The entry `sure` of its `config.json`; older versions have none.

    Returns:
        `sure`: the wish, `wrong_at_most`, and the figures of `metrics.answered_from` at the threshold (None if no
        threshold met the wish on validation photos). Nothing if the version was not made with a wish.
    """
    if not isinstance(sure, dict):
        return {}
    confidences, right = predictions.probabilities.max(axis=1), predictions.probabilities.argmax(axis=1)
    figures = None if sure["above"] is None else answered_from(sure["above"], confidences, right == predictions.truth)
    return {"sure": {"wrong_at_most": sure["wrong_at_most"], "given": figures}}


def _make_figures(predictions: Predictions) -> dict[str, Any]:
    names, truth = predictions.names, predictions.truth
    make_truth, make_answers = names.make_of_class[truth], predictions.make_probabilities.argmax(axis=1)
    scores = score_table(make_truth, make_answers, names.all_makes)
    return {
        **share("make_top1", make_answers == make_truth),
        "per_make": [{"make": make} | row for make, row in zip(names.all_makes, scores, strict=True)],
    }


def rows_of(
    manifest: Manifest, split: str | None, labels: Sequence[str], count: int | None = None, seed: int = 0
) -> list[ManifestRow]:
    """The photos of a split whose labels a model knows, or some of them, drawn at random.

    Args:
        manifest: All photos.
        split: Name of the split; None or `all` for every photo.
        labels: The labels that the model knows.
        count: The largest number of photos; all if left out.
        seed: Seed of the draw.

    Raises:
        UserError: There is no such photo.
    """
    known = set(labels)
    rows = [row for row in manifest.kept if split in (None, "all", row.split) and row.label in known]
    if not rows:
        counts = ", ".join(f"{photos} {name}" for name, photos in sorted(manifest.counts().items()))
        raise UserError(
            f"{manifest.path} has no photo of split {split} whose label the model knows. It has {counts} photos; "
            f"the model knows {named(dict.fromkeys(sorted(known)))}."
        )
    return rows if count is None else [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))[:count]]


def named(labels: Mapping[str, int | None], most: int = 10) -> str:
    """Labels in words, with their counts if they have any; of many, the first few."""
    words = [label if count is None else f"{label} ({count})" for label, count in labels.items()]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def _manifest_of(photos: Path, classes: Classes | None, console: Console) -> Manifest:
    """The manifest at a path, or a new one of the photos there, with file names relative to their folder."""
    manifest = photos / "manifest.csv" if photos.is_dir() else photos
    if manifest.is_file() and is_manifest(manifest):
        return read_manifest(manifest)
    root = photos if photos.is_dir() else photos.parent
    with tempfile.TemporaryDirectory() as folder, progress_bar("Reading photos", console) as report:
        result = index_photos(photos, Path(folder) / "manifest.csv", min_classes=1, report=report, classes=classes)
        rows = relocated(result.manifest.rows, Path(folder), root)
    for line in sum_up(result.left_out):
        console.print(line, style="yellow", markup=False)
    return Manifest(root / "manifest.csv", tuple(rows))
