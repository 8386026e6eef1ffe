"""How good a closed-form head is after a part of the training photos: its learning curve, while the photos go by."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from car_classifier.training.closed_form_head import USUAL_DOUBT, USUAL_SHRINKAGE, drawn_groups
from car_classifier.training.discriminant import Moments, Weighting, left_out_scores, measure
from car_classifier.training.live_progress import Budget

POINTS = 10
"""Points of a curve."""

MOST_LEFT_OUT = 2000
"""Photos that are left out in turn at each point, which bounds the time that a point takes."""

SHARE_OF_TIME = 0.03
"""Share of the pass over the photos that the points may take; where they take longer, there are fewer points."""

FREE_SECONDS = 1.0
"""Seconds that the points may take however short the pass is."""


class LearningCurve:
    """Fits the head again at every tenth of the photos, and measures it on photos that it has not seen.

    The head is a simple one: the last layer alone, at the usual shrinkage. The same sums that the fit needs grow as
    photos come, so a point costs one small matrix inversion and not a second look at the photos.

    Args:
        classes: Of all photos, int64 [n].
        groups: Photos of the same number are near-duplicates, int64 [n]; they are left out together.
        count: Number of classes.
        width: Number of features of the last layer, which come last.
        seed: Seed of the draw of photos that are left out.
        on_point: Called with a number of photos and the cross-validated accuracy after them.
    """

    def __init__(
        self,
        classes: NDArray[np.int64],
        groups: NDArray[np.int64],
        count: int,
        width: int,
        seed: int,
        on_point: Callable[[int, float], object],
    ) -> None:
        self._classes, self._groups, self._count, self._width = classes, groups, count, width
        self._is_left_out = np.zeros(len(classes), bool)
        self._is_left_out[drawn_groups(groups, seed, MOST_LEFT_OUT)] = True
        self._on_point = on_point
        self._budget = Budget(SHARE_OF_TIME, FREE_SECONDS)
        self._moments: Moments | None = None
        self._new: list[tuple[NDArray[np.int64], NDArray[np.float16]]] = []
        self._left_out: list[tuple[NDArray[np.int64], NDArray[np.float16]]] = []
        self._seen = self._last_point = 0

    def add(self, indices: Sequence[int], features: NDArray[np.float16]) -> None:
        """Photos have gone by.

        Args:
            indices: Of the photos.
            features: Of all layers, float16 [m, d].
        """
        tenth = max(1, -(-len(self._classes) // POINTS))
        for start in range(0, len(indices), tenth):
            self._add(np.array(indices[start : start + tenth], np.int64), features[start : start + tenth])
            if self._seen // tenth > self._last_point // tenth and self._budget.allows():
                self._draw_point()

    def finish(self) -> None:
        """All photos have gone by: the curve ends with a point for all."""
        if self._seen > self._last_point:
            self._draw_point()

    def _add(self, indices: NDArray[np.int64], features: NDArray[np.float16]) -> None:
        rows = np.ascontiguousarray(features[:, -self._width :])
        self._new.append((indices, rows))
        kept = self._is_left_out[indices]
        self._left_out.append((indices[kept], rows[kept]))
        self._seen += len(indices)

    def _draw_point(self) -> None:
        with self._budget.spending():
            new, features = _joined(self._new)
            moments = measure(features, self._classes[new], self._count)
            self._moments = moments if self._moments is None else self._moments.joined(moments)
            self._new.clear()
            left_out, rows = _joined(self._left_out)
            self._left_out = [(left_out, rows)]
            self._last_point = self._seen
            if not len(left_out):
                return
            weighting = Weighting(np.ones(self._width), USUAL_SHRINKAGE, USUAL_DOUBT)
            classes = self._classes[left_out]
            (scores,) = left_out_scores(rows, classes, self._groups[left_out], self._moments, weighting)
            self._on_point(self._seen, float((scores.argmax(axis=1) == classes).mean()))


def _joined(
    parts: Sequence[tuple[NDArray[np.int64], NDArray[np.float16]]],
) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
    return np.concatenate([indices for indices, _ in parts]), np.concatenate([rows for _, rows in parts])
