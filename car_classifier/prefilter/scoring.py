"""Scoring photos with an ImageNet net, and excluding those that show no car or too little of one.

The idea is the original project's: a net trained on ImageNet gives each photo a probability for each of 1000 classes.
The sum over the classes that are cars is the photo's score, and photos below a threshold are excluded. Nothing is
deleted: the manifest holds each score, and the reason for each exclusion.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car_classifier.data.exclusions import (
    BY_FREQUENCY,
    BY_SCORE,
    check_top,
    exclude_low_scores,
    keep_most_frequent,
    lift,
)
from car_classifier.data.manifest import (
    COLUMNS,
    OPTIONAL_COLUMNS,
    Manifest,
    check_manifest_out,
    read_manifest,
    relocated,
    write_manifest,
)
from car_classifier.errors import UserError
from car_classifier.files import csv_columns
from car_classifier.prefilter.imagenet_classes import imagenet_classes, indices_of
from car_classifier.prefilter.scores_file import PrefilterScores
from car_classifier.progress import Report, silent
from car_classifier.subject import read_subject, write_subject
from car_classifier.words import counted

CAR_CLASSES = (
    "minivan", "limousine", "sports car", "convertible", "cab", "racer", "recreational vehicle", "pickup",
    "police van", "minibus", "moving van", "tow truck", "jeep", "beach wagon", "grille",
)  # fmt: skip
"""Names of the ImageNet classes that count as a car.

They are the original project's, with two changes. Its "passenger car" is left out because it is a railway carriage.
"grille" is added: a close-up of the front shows make and model well, but was dropped because ImageNet has a class of
its own for it. Wheels and mirrors have classes too, but say little about the model, and photos of whole cars whose
most likely class is a wheel pass the threshold anyway.
"""

SCORES_FILE = ".prefilter_scores.sqlite"
BATCH_SIZE = 32

Predict = Callable[[Any], NDArray[np.float32]]


@dataclass(frozen=True)
class ImageNetNet:
    """A net with ImageNet's 1000 classes.

    Attributes:
        key: Identifies the net and its weights; scores are kept under it.
        image_size: Height and width of its input in pixels.
        load: Returns the function from RGB, float32 [n, height, width, 3], 0 to 255, to probabilities,
            float32 [n, 1000]. Called only when there is a photo to score.
    """

    key: str
    image_size: tuple[int, int]
    load: Callable[[], Predict]


@dataclass(frozen=True)
class PrefilterResult:
    """The result of prefiltering.

    Attributes:
        manifest: The manifest that was written.
        before: Number of photos of each label, without those that are excluded for other reasons.
        after: Number of these photos that their score did not exclude.
    """

    manifest: Manifest
    before: Counter[str]
    after: Counter[str]

    def halved(self) -> list[str]:
        """Labels that lost more than half of their photos, those that kept the smallest share first."""
        shares = {label: self.after[label] / count for label, count in self.before.items()}
        return sorted((label for label in shares if shares[label] < 0.5), key=lambda label: (shares[label], label))


def prefilter_photos(
    manifest_path: Path,
    net: ImageNetNet,
    out: Path | None = None,
    threshold: float = 0.1,
    car_classes: Sequence[str] = CAR_CLASSES,
    top: int | None = None,
    report: Report = silent,
) -> PrefilterResult:
    """Score the photos of a manifest and exclude those below a threshold.

    Scores are kept in a file beside `out`, so that an interrupted run continues where it stopped, and another
    threshold needs no net.

    Args:
        manifest_path: The manifest.
        net: The net that scores the photos.
        out: The manifest to write; None replaces the one that was read.
        threshold: Photos with a lower score are excluded; from 0 to 1.
        car_classes: Names of the ImageNet classes whose probabilities are summed.
        top: Number of classes to keep, those with the most photos left; None keeps all.
        report: Called with the number of photos scored so far, and of all photos.

    Raises:
        UserError: The manifest, a photo, an option or the net's weights cannot be used, or fewer than two classes
            would be left.
    """
    if not 0 <= threshold <= 1:
        raise UserError(f"--threshold must be from 0 to 1. Received: {threshold:g}")
    if top is not None:
        check_top(top)
    indices = indices_of(car_classes)
    manifest = read_manifest(manifest_path)
    out = out or manifest.path
    _check_out(out)
    manifest.check_photos(manifest.rows)
    subject = read_subject(manifest.path.parent)
    wnids = ",".join(imagenet_classes()[index].wnid for index in indices)
    with closing(PrefilterScores(out.parent / SCORES_FILE, _short_hash(f"{net.key} {wnids}"))) as scores:
        _score_photos(manifest, net, indices, scores, report)
        scored = [replace(row, prefilter_score=scores[row.sha256]) for row in manifest.rows]

    rows = lift(scored, BY_SCORE)
    if top is not None:
        rows = lift(rows, BY_FREQUENCY)
    before = Manifest(manifest.path, tuple(rows)).label_counts()
    rows = exclude_low_scores(rows, threshold)
    after = Manifest(manifest.path, tuple(rows)).label_counts()
    if len(after) < 2:
        raise UserError(
            f"At a threshold of {threshold:g}, {after.total()} of {counted(before.total(), 'photo')} would be left, of "
            f"{counted(len(after), 'class')}, and a classifier needs two. Choose a lower --threshold."
        )
    if top is not None:
        rows = keep_most_frequent(rows, top)
    if out.parent.resolve() != manifest.path.parent.resolve():
        rows = relocated(rows, manifest.path.parent, out.parent)
    written = write_manifest(out, rows)
    if subject is not None:
        write_subject(out.parent, subject)
    return PrefilterResult(written, before, after)


def _check_out(out: Path) -> None:
    check_manifest_out(out)
    own = set(csv_columns(out)) - {*COLUMNS, *OPTIONAL_COLUMNS} if out.is_file() else set()
    if own:
        raise UserError(
            f"{out} has columns that a manifest does not hold and that would be lost: {', '.join(sorted(own))}. "
            "Name another file with --out."
        )


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _score_photos(
    manifest: Manifest, net: ImageNetNet, indices: Sequence[int], scores: PrefilterScores, report: Report
) -> None:
    """Add the scores that are missing; each batch is saved, so that it is never scored again."""
    path_of = {row.sha256: manifest.photo_path(row) for row in manifest.rows}
    missing = [sha256 for sha256 in path_of if sha256 not in scores]
    paths = [path_of[sha256] for sha256 in missing]
    done = len(path_of) - len(missing)
    report(done, len(path_of))
    if not missing:
        return
    predict = net.load()
    for images in _batches(paths, net.image_size):
        probabilities = predict(images)
        sums = probabilities[:, list(indices)].sum(axis=1)
        if not all(math.isfinite(value) for value in sums):
            raise UserError("The net's answers are not numbers. Its weights file is damaged: download it again.")
        batch, missing = missing[: len(sums)], missing[len(sums) :]
        scores.add({sha256: round(float(value), 4) for sha256, value in zip(batch, sums, strict=True)})
        done += len(batch)
        report(done, len(path_of))


def _batches(paths: Sequence[Path], image_size: tuple[int, int]) -> Iterator[Any]:
    """Batches of the photos: RGB, float32 [n, height, width, 3], 0 to 255; few are in memory at a time."""
    import tensorflow as tf

    from car_classifier.network.preprocessing import load_photo

    data = tf.data.Dataset.from_tensor_slices([str(path) for path in paths])
    data = data.map(lambda path: load_photo(tf.io.read_file(path), image_size), num_parallel_calls=tf.data.AUTOTUNE)
    batches = iter(data.batch(BATCH_SIZE).prefetch(1))
    for start in range(0, len(paths), BATCH_SIZE):
        try:
            images = next(batches)
        except tf.errors.OpError as error:
            damaged = _first_damaged(paths[start : start + BATCH_SIZE], image_size)
            if damaged is None:
                raise
            raise UserError(f"{damaged} cannot be decoded. Repair or remove it, and index the photos again.") from error
        yield images


def _first_damaged(paths: Sequence[Path], image_size: tuple[int, int]) -> Path | None:
    import tensorflow as tf

    from car_classifier.network.preprocessing import load_photo

    for path in paths:
        try:
            load_photo(tf.io.read_file(str(path)), image_size)
        except tf.errors.OpError:
            return path
    return None
