"""The photos that a version compares others with: choosing them, and keeping their features beside the SavedModel."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from rich.console import Console
from scipy.special import softmax

from car_classifier.data.manifest import Manifest, class_indices
from car_classifier.evaluation.predictions import ask_in_batches
from car_classifier.files import write_atomically
from car_classifier.network.backbones import normalise
from car_classifier.network.familiarity import MOST_PHOTOS, KnownPhotos, fit_familiarity
from car_classifier.network.preprocessing import load_photos
from car_classifier.network.signatures import Classifier
from car_classifier.progress import print_left_out, progress_bar

MOST_MEASURED = MOST_PHOTOS * 3 // 4
"""Validation photos to compare with; the rest of the room is for photos that are taught later."""


def with_familiarity(
    classifier: Classifier, manifest: Manifest, console: Console
) -> tuple[Classifier, KnownPhotos | None]:
    """A classifier that tells familiar photos from others, and the photos that it compares them with.

    Those are validation photos, which the net was not fitted to.

    Args:
        classifier: A calibrated classifier.
        manifest: Locates the photos.
        console: Where progress is shown.
    """
    rows = list(manifest.split("validation"))
    if len(rows) > MOST_MEASURED:
        rows = [rows[i] for i in sorted(np.random.default_rng(0).permutation(len(rows))[:MOST_MEASURED])]
    if not rows:
        return classifier, None

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def features_of(image_bytes: tf.Tensor) -> Any:
        photos = normalise(classifier.backbone, load_photos(image_bytes, classifier.image_size))
        activations = classifier.net(photos, training=False)
        return tf.reduce_mean(activations, axis=[1, 2]), classifier.head(activations, training=False)

    notes: list[str] = []
    read, features, logits = [], [], []
    with progress_bar("Validation photos, familiarity", console) as report:
        for batch, answer in ask_in_batches(features_of, manifest, rows, report, notes.append):
            read += batch
            features.append(answer[0].numpy())
            logits.append(answer[1].numpy())
    print_left_out(console, notes)
    largest = np.finfo(np.float16).max
    known = KnownPhotos(
        np.concatenate(features).clip(-largest, largest).astype(np.float16),
        np.array(class_indices(read, classifier.labels)),
        np.ones(len(read), bool),
    )
    return compared(classifier, known, np.concatenate(logits)), known


def compared(classifier: Classifier, known: KnownPhotos, logits: NDArray[np.floating[Any]]) -> Classifier:
    """A classifier that compares photos with known ones; `logits` [m, classes] are its answers about measured ones."""
    probabilities = softmax(logits.astype(np.float64) / classifier.temperature, axis=1)
    return replace(classifier, familiarity=fit_familiarity(known, probabilities))


def within_bounds(known: KnownPhotos) -> KnownPhotos:
    """At most `MOST_PHOTOS` photos: all measured ones, and the newest of the others."""
    others = np.flatnonzero(~known.is_measured)
    room = MOST_PHOTOS - int(known.is_measured.sum())
    kept = known.is_measured.copy()
    kept[others[len(others) - min(room, len(others)) :]] = True
    return known.chosen(kept)


def write_known_photos(path: Path, known: KnownPhotos) -> None:
    """Write known photos to a `.npz` file: the arrays of `KnownPhotos`, by their names."""

    def write(target: Path) -> None:
        with target.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **vars(known))

    write_atomically(path, write)


def read_known_photos(path: Path) -> KnownPhotos:
    """Read what `write_known_photos` wrote.

    Raises:
        OSError, ValueError, LookupError: The file cannot be read, or is damaged.
    """
    with np.load(path, allow_pickle=False) as content:
        return KnownPhotos(content["features"], content["classes"], content["is_measured"])
