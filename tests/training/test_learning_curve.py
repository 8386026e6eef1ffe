"""The learning curve of a closed-form head, while the photos go by."""

import numpy as np

from car_classifier.training.closed_form_head import USUAL_DOUBT, USUAL_SHRINKAGE
from car_classifier.training.discriminant import Weighting, left_out_scores, measure
from car_classifier.training.learning_curve import LearningCurve

CLASSES, PHOTOS, WIDTH = 4, 200, 6
RNG = np.random.default_rng(0)
Y = RNG.integers(0, CLASSES, PHOTOS)
X = (RNG.normal(size=(CLASSES, WIDTH))[Y] + RNG.normal(size=(PHOTOS, WIDTH))).astype(np.float16)
GROUPS = np.arange(PHOTOS) // 2
FINER = np.full((PHOTOS, 3), 1000, np.float16)  # another layer, which the curve leaves out


def curve_of(order, batch: int) -> list[tuple[int, float]]:
    points: list[tuple[int, float]] = []
    curve = LearningCurve(Y, GROUPS, CLASSES, WIDTH, 0, lambda photos, accuracy: points.append((photos, accuracy)))
    for start in range(0, len(order), batch):
        indices = order[start : start + batch]
        curve.add(indices.tolist(), np.concatenate([FINER, X], axis=1)[indices])
    curve.finish()
    return points


def cross_validated(seen) -> float:
    weighting = Weighting(np.ones(WIDTH), USUAL_SHRINKAGE, USUAL_DOUBT)
    (scores,) = left_out_scores(X[seen], Y[seen], GROUPS[seen], measure(X[seen], Y[seen], CLASSES), weighting)
    return float((scores.argmax(axis=1) == Y[seen]).mean())


def test_a_point_is_the_cross_validated_accuracy_of_a_head_fitted_to_the_photos_so_far():
    order = RNG.permutation(PHOTOS)
    points = curve_of(order, 7)
    assert len(points) == 10
    assert points[-1][0] == PHOTOS
    assert [photos for photos, _ in points] == sorted({photos for photos, _ in points})
    for photos, accuracy in points:
        assert abs(accuracy - cross_validated(order[:photos])) < 1e-9


def test_photos_that_come_all_at_once_give_a_curve_as_well():
    points = curve_of(np.arange(PHOTOS), PHOTOS)
    assert points[0][0] == PHOTOS // 10
    assert points[-1][0] == PHOTOS
    assert abs(points[-1][1] - cross_validated(np.arange(PHOTOS))) < 1e-9


def test_photos_that_never_come_end_the_curve_early():
    assert curve_of(np.arange(PHOTOS // 2), 10)[-1][0] == PHOTOS // 2
