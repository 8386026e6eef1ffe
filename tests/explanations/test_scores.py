"""Scores do what their papers say, on maps whose worth is known."""

import numpy as np
import pytest

from car_classifier.explanations.faithfulness import average_drop, deletion_and_insertion, ranks, road
from car_classifier.explanations.imputation import KERNEL, impute
from car_classifier.explanations.localisation import energy_inside, frame_area, frame_share, hits
from car_classifier.explanations.sanity import similarity

SIZE = (24, 32)
OBJECT = (slice(6, 14), slice(10, 22))


def photo() -> np.ndarray:
    """A bright thing on a dark, noisy ground."""
    pixels = np.random.default_rng(0).uniform(0, 40, (*SIZE, 3)).astype(np.float32)
    pixels[OBJECT] = np.random.default_rng(1).uniform(200, 255, (8, 12, 3))
    return pixels


def sees_the_object(photos: np.ndarray) -> np.ndarray:
    """A net that knows the thing by how bright its place is."""
    return np.clip((photos[:, *OBJECT].mean(axis=(1, 2, 3)) - 40) / 190, 0, 1)


def on_object(value: float = 1.0) -> np.ndarray:
    drawn = np.zeros(SIZE, np.float32)
    drawn[OBJECT] = value
    return drawn


MAPS = {"right": on_object(), "flat": np.zeros(SIZE, np.float32), "wrong": on_object(-1.0)}


def test_a_right_map_scores_better_than_a_flat_one_and_that_better_than_a_wrong_one():
    found = {name: deletion_and_insertion(sees_the_object, photo(), drawn) for name, drawn in MAPS.items()}
    assert found["right"][0] < found["flat"][0] < found["wrong"][0]
    assert found["right"][1] > found["flat"][1] > found["wrong"][1]
    roads = {name: road(sees_the_object, photo(), drawn) for name, drawn in MAPS.items()}
    assert roads["right"] > 0.2
    assert abs(roads["flat"]) < 0.05
    assert roads["wrong"] < -0.2


def test_deletion_and_insertion_by_hand():
    """A net that sees every pixel alike: the mean stays the mean, and half of the area is below a straight line."""
    black_and_white = np.zeros((10, 10, 3), np.float32)
    black_and_white[:, 5:] = 255
    drawn = np.zeros((10, 10), np.float32)
    drawn[:, 5:] = 1
    deletion, insertion = deletion_and_insertion(
        lambda photos: photos.mean(axis=(1, 2, 3)) / 255, black_and_white, drawn
    )
    # From 0.5, the white half sinks to grey, 0.25, then the black one rises to it.
    assert deletion == pytest.approx(0.375, abs=0.01)
    # The blurred photo is as bright as the sharp one.
    assert insertion == pytest.approx(0.5, abs=0.03)


def test_a_flat_map_removes_pixels_in_random_order():
    places = ranks(np.zeros((20, 30)), seed=0)
    assert sorted(places.ravel()) == list(range(600))
    assert abs(np.corrcoef(places.ravel(), np.arange(600))[0, 1]) < 0.15
    np.testing.assert_array_equal(places, ranks(np.zeros((20, 30)), seed=0))


def test_ranks_go_from_the_largest_value_down():
    np.testing.assert_array_equal(ranks(np.array([[0.5, -1.0], [3.0, 0.0]]), seed=0), [[1, 3], [0, 2]])


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [(np.ones(SIZE, np.float32), 0.0), (np.zeros(SIZE, np.float32), 0.97), (on_object(), 0.0), (on_object(-1), 0.97)],
)
def test_average_drop(drawn, expected):
    """Without the object, its place has the photo's mean colour, which the net takes for a little of it."""
    assert average_drop(sees_the_object, photo(), drawn)[0] == pytest.approx(expected, abs=0.05)


def test_at_equal_area_a_broad_map_gains_nothing():
    broad = np.ones(SIZE, np.float32)
    broad[OBJECT] = 0.9  # lets nearly all of the photo through, but most of it elsewhere
    right, wrong = (average_drop(sees_the_object, photo(), drawn) for drawn in (on_object(), broad))
    assert wrong[0] < 0.2
    assert right[1] < 0.15 < 0.5 < wrong[1]


def test_a_photo_that_is_not_recognised_cannot_drop():
    assert average_drop(lambda photos: np.zeros(len(photos)), photo(), on_object()) == (0, 0)


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_imputation_solves_its_equations(share):
    """Each pixel that is gone is close to the weighted mean of its neighbours; none that is left has changed."""
    rng = np.random.default_rng(2)
    whole = np.cumsum(np.cumsum(rng.normal(0, 3, (40, 50, 3)), axis=0), axis=1).astype(np.float32)
    gone = rng.random((40, 50)) < share
    filled = impute(whole, gone, seed=0)
    np.testing.assert_array_equal(filled[~gone], whole[~gone])
    padded, counts = np.pad(filled, ((1, 1), (1, 1), (0, 0))), np.pad(np.ones((40, 50)), 1)
    means, around = np.zeros_like(filled), np.zeros((40, 50))
    for (i, j), weight in np.ndenumerate(KERNEL):
        means += weight * padded[i : i + 40, j : j + 50]
        around += weight * counts[i : i + 40, j : j + 50]
    difference = (filled - means / around[..., None])[gone]
    # What remains is the noise, of standard deviation 2.55.
    assert np.sqrt((difference**2).mean()) < 2.55 * 1.3


def test_imputation_of_all_or_nothing():
    whole = photo()
    np.testing.assert_array_equal(impute(whole, np.zeros(SIZE, bool)), whole)
    nothing = impute(whole, np.ones(SIZE, bool))
    assert np.isfinite(nothing).all()
    assert nothing.std() < 4


BOX = [(10, 6, 22, 14)]  # the object


@pytest.mark.parametrize(
    ("point", "tolerance", "expected"),
    [((10, 15), 0, True), ((6, 10), 0, True), ((5, 10), 0, False), ((5, 10), 1, True), ((14, 15), 0, False),
     ((13, 21), 0, True), ((13, 22), 0, False), ((0, 0), 15, True), ((0, 31), 9, False)],
)  # fmt: skip
def test_the_pointing_game(point, tolerance, expected):
    drawn = np.zeros(SIZE, np.float32)
    drawn[point] = 1
    assert hits(drawn, BOX, tolerance) is expected


def test_a_map_without_evidence_points_nowhere():
    assert not hits(np.zeros(SIZE, np.float32), BOX, 100)
    assert not hits(on_object(-1), [(0, 0, 32, 24)], 100)


@pytest.mark.parametrize(
    ("drawn", "boxes", "expected"),
    [
        (on_object(), BOX, 1.0),
        (on_object(), [(16, 6, 22, 14)], 0.5),
        (on_object(), [(10, 6, 16, 14), (14, 6, 22, 14)], 1.0),  # boxes that overlap count once
        (on_object(-1), BOX, 0.0),
        (np.ones(SIZE, np.float32), BOX, 96 / 768),
        (np.zeros(SIZE, np.float32), BOX, 0.0),
    ],
)
def test_energy_inside(drawn, boxes, expected):
    assert energy_inside(drawn, boxes) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [(np.ones((20, 40), np.float32), 0.36), (np.zeros((20, 40), np.float32), None), (-np.ones((20, 40)), None)],
)
def test_evidence_in_the_frame(drawn, expected):
    assert frame_area(0.1) == pytest.approx(0.36)
    assert frame_share(drawn, 0.1) == pytest.approx(expected)


def test_evidence_in_the_middle_or_at_the_edge():
    drawn = np.zeros((20, 40), np.float32)
    drawn[10, 20] = 3
    drawn[0, 0] = 1
    assert frame_share(drawn, 0.1) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([[1, 2], [3, 4]], 1),
        ([[4, 3], [2, 1]], 1),
        ([[-1, -2], [-3, -4]], 1),
        ([[2, 1], [4, 3]], 0.6),
        ([[5, 5], [5, 5]], 0),
    ],
)
def test_similarity_is_of_the_order_of_places(other, expected):
    assert similarity(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array(other, float)) == pytest.approx(expected)


def test_two_flat_maps_are_alike():
    assert similarity(np.zeros((2, 2)), np.zeros((2, 2))) == 1
