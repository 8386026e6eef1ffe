"""Whether a net has seen anything like a photo before.

A classifier names a class for every picture, and its probability says how the classes compare, not whether any of them
is there. Two views of a photo tell strangers apart, each of another kind:

* **Far ones**, such as a test pattern or a house: their features lie far from those of photos that are known to be of
  the subject. The measure is the mean Euclidean distance to the nearest of these photos (Sun et al. 2022,
  https://arxiv.org/abs/2204.06507, who divide features by their length first; a net that was trained on few classes
  from random weights pulls all pictures into the classes' directions, and only lengths still differ).
* **Near ones**, such as a model of car that the net was never shown: their features lie among the others, but no class
  fits well. The measure is the highest probability (Hendrycks and Gimpel 2017, https://arxiv.org/abs/1610.02136).

Both are compared with photos on which the net was not fitted: the share of them with a lower value. Far strangers lie
beyond nearly all of these photos, so the share of the first view is taken `CLOSE_WEIGHT` times. A photo counts by the
lower of the two, and its familiarity is, again, the share of those photos for which that is lower. So 5 % of photos
like these are less familiar than 0.05, whatever the net.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

NEAREST = 5
"""Photos to which distances are taken."""

CLOSE_WEIGHT = 5
"""Of five photos like the known ones that are called unfamiliar, about one is for its features, the others for doubt:
features tell far strangers without error, but say nothing of near ones."""

MOST_PHOTOS = 1024
"""Photos whose features the graph holds: of 2,048 numbers each, 8 MB."""

FEWEST_MEASURED = 20
"""Photos that are needed to compare with; of fewer, 5 % is less than one."""

UNFAMILIAR_BELOW = 0.05
"""A photo that is less familiar than this is none that the model knows."""


@dataclass(frozen=True)
class KnownPhotos:
    """Features of photos of the known classes.

    Attributes:
        features: Activations averaged over their cells, float16 [n, d].
        classes: Class indices, int64 [n].
        is_measured: Whether the net was fitted without the photo, so that others can be compared with it, bool [n].
    """

    features: NDArray[np.float16]
    classes: NDArray[np.int64]
    is_measured: NDArray[np.bool_]

    def joined(self, other: "KnownPhotos") -> "KnownPhotos":
        """The photos of both."""
        return KnownPhotos(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.classes, other.classes]),
            np.concatenate([self.is_measured, other.is_measured]),
        )

    def chosen(self, photos: NDArray[Any]) -> "KnownPhotos":
        """Some of the photos, by their indices or a mask."""
        return KnownPhotos(self.features[photos], self.classes[photos], self.is_measured[photos])


@dataclass(frozen=True)
class Familiarity:
    """What the graph compares photos with.

    Attributes:
        middle: The mean of the known photos' features, float32 [d].
        photos: The known photos' features less the middle, for precision, float32 [n, d].
        closeness: Mean distance of each measured photo to the nearest of the others, negative, ascending, float32 [m].
        sureness: Highest probability of each measured photo, ascending, float32 [m].
        lower_share: The lower of both shares of each measured photo, the first weighted, ascending, float32 [m].
        unfamiliar_below: Photos of a familiarity below it are not familiar, from 0 to 1.
    """

    middle: NDArray[np.float32]
    photos: NDArray[np.float32]
    closeness: NDArray[np.float32]
    sureness: NDArray[np.float32]
    lower_share: NDArray[np.float32]
    unfamiliar_below: float = UNFAMILIAR_BELOW


def fit_familiarity(
    known: KnownPhotos, probabilities: NDArray[np.floating[Any]], unfamiliar_below: float = UNFAMILIAR_BELOW
) -> Familiarity | None:
    """What photos are compared with.

    Args:
        known: Known photos, at most `MOST_PHOTOS` of them.
        probabilities: The net's calibrated answers about the measured ones, [m, classes].
        unfamiliar_below: The share of photos like these that may be called unfamiliar.

    Returns:
        None if too few photos were measured.
    """
    if known.is_measured.sum() < FEWEST_MEASURED:
        return None
    features = known.features.astype(np.float32)
    middle = features.mean(axis=0)
    photos = features - middle
    measured, squares = photos[known.is_measured], (photos**2).sum(axis=1)
    squared = np.maximum((measured**2).sum(axis=1)[:, None] + squares - 2 * measured @ photos.T, 0)
    squared[np.arange(len(squared)), np.flatnonzero(known.is_measured)] = np.inf  # from each photo to itself
    nearest = min(NEAREST, len(photos) - 1)
    close = -np.sqrt(np.partition(squared, nearest - 1, axis=1)[:, :nearest]).mean(axis=1)
    sure = probabilities.max(axis=1).astype(np.float32)
    closeness, sureness = np.sort(close), np.sort(sure)
    lower = np.minimum(CLOSE_WEIGHT * _share_below(close, closeness), _share_below(sure, sureness))
    return Familiarity(middle, photos, closeness, sureness, np.sort(lower).astype(np.float32), unfamiliar_below)


def _share_below(values: NDArray[np.float32], ascending: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.searchsorted(ascending, values) / len(ascending), np.float32)


class FamiliarityGraph(tf.Module):
    """Says in a SavedModel how familiar photos are, with stock operations."""

    def __init__(self, familiarity: Familiarity) -> None:
        super().__init__(name="familiarity")
        self._photos = tf.Variable(familiarity.photos, trainable=False)
        self._middle = tf.Variable(familiarity.middle, trainable=False)
        self._squares = tf.constant((familiarity.photos**2).sum(axis=1))
        self._tables = [familiarity.closeness, familiarity.sureness, familiarity.lower_share]
        self._nearest = min(NEAREST, len(familiarity.photos) - 1)
        self._unfamiliar_below = familiarity.unfamiliar_below

    def __call__(self, activations: tf.Tensor, probabilities: tf.Tensor) -> dict[str, tf.Tensor]:
        """The familiarity of photos.

        Args:
            activations: float32 [n, h, w, d].
            probabilities: float32 [n, classes].

        Returns:
            `familiarity`, the share of measured photos that are less familiar, float32 [n]; and `is_familiar`, bool
            [n].
        """
        features = tf.reduce_mean(activations, axis=[1, 2]) - self._middle
        products = tf.matmul(features, self._photos, transpose_b=True)
        squared = tf.reduce_sum(features**2, axis=1, keepdims=True) + self._squares - 2 * products
        nearest = -tf.math.top_k(-squared, self._nearest).values
        close = -tf.reduce_mean(tf.sqrt(tf.maximum(nearest, 0)), axis=1)
        closeness, sureness, lower_share = self._tables
        lower = tf.minimum(
            CLOSE_WEIGHT * _share_in(close, closeness), _share_in(tf.reduce_max(probabilities, axis=1), sureness)
        )
        familiarity = _share_in(lower, lower_share)
        return {"familiarity": familiarity, "is_familiar": familiarity >= self._unfamiliar_below}


def _share_in(values: tf.Tensor, ascending: Sequence[float] | NDArray[np.float32]) -> tf.Tensor:
    """The share of a table's values that are below each value."""
    table = tf.constant(ascending)
    return tf.cast(tf.searchsorted(table, values), tf.float32) / len(ascending)
