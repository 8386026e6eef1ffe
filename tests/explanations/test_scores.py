"""Scores do what their papers say, on maps whose worth is known."""

import cv2
import numpy as np
import pytest
from rich.console import Console

from car_classifier.data.manifest import Manifest
from car_classifier.errors import UserError
from car_classifier.explanations.evaluation import _drop_half_done, evaluate_explanations
from car_classifier.explanations.faithfulness import average_drop, deletion_and_insertion, ranks, road
from car_classifier.explanations.imputation import KERNEL, impute
from car_classifier.explanations.localisation import energy_inside, frame_area, frame_share, hits
from car_classifier.explanations.methods import METHODS
from car_classifier.explanations.sanity import similarity
from car_classifier.explanations.scoring import ScoredMap, append_scores, read_scores, summary, write_scores
from car_classifier.files import exclusive_lock
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.registry.score_kinds import SCORES

SIZE = (24, 32)
OBJECT = (slice(6, 14), slice(10, 22))


def photo() -> np.ndarray:
    """A bright object on a dark, noisy background."""
    pixels = np.random.default_rng(0).uniform(0, 40, (*SIZE, 3)).astype(np.float32)
    pixels[OBJECT] = np.random.default_rng(1).uniform(200, 255, (8, 12, 3))
    return pixels


def sees_the_object(photos: np.ndarray) -> np.ndarray:
    """A net that recognises the object by the brightness of its place."""
    return np.clip((photos[:, *OBJECT].mean(axis=(1, 2, 3)) - 40) / 190, 0, 1)


def on_object(value: float = 1.0) -> np.ndarray:
    heatmap = np.zeros(SIZE, np.float32)
    heatmap[OBJECT] = value
    return heatmap


MAPS = {"right": on_object(), "flat": np.zeros(SIZE, np.float32), "wrong": on_object(-1.0)}


def test_a_right_map_scores_better_than_a_flat_one_and_that_better_than_a_wrong_one():
    scores = {name: deletion_and_insertion(sees_the_object, photo(), heatmap) for name, heatmap in MAPS.items()}
    assert scores["right"][0] < scores["flat"][0] < scores["wrong"][0]
    assert scores["right"][1] > scores["flat"][1] > scores["wrong"][1]
    roads = {name: road(sees_the_object, photo(), heatmap) for name, heatmap in MAPS.items()}
    assert roads["right"] > 0.2
    assert abs(roads["flat"]) < 0.05
    assert roads["wrong"] < -0.2


def test_deletion_and_insertion_by_hand():
    """A net that sees every pixel alike: the mean stays the mean, and half of the area is below a straight line."""
    black_and_white = np.zeros((10, 10, 3), np.float32)
    black_and_white[:, 5:] = 255
    heatmap = np.zeros((10, 10), np.float32)
    heatmap[:, 5:] = 1
    deletion, insertion = deletion_and_insertion(
        lambda photos: photos.mean(axis=(1, 2, 3)) / 255, black_and_white, heatmap
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
    ("heatmap", "expected"),
    [(np.ones(SIZE, np.float32), 0.0), (np.zeros(SIZE, np.float32), 0.97), (on_object(), 0.0), (on_object(-1), 0.97)],
)
def test_average_drop(heatmap, expected):
    """Without the object, its place has the photo's mean colour, which the net takes for a little of it."""
    assert average_drop(sees_the_object, photo(), heatmap)[0] == pytest.approx(expected, abs=0.05)


def test_at_equal_area_a_broad_map_gains_nothing():
    broad = np.ones(SIZE, np.float32)
    broad[OBJECT] = 0.9  # lets nearly all of the photo through, but most of it elsewhere
    right, wrong = (average_drop(sees_the_object, photo(), heatmap) for heatmap in (on_object(), broad))
    assert wrong[0] < 0.2
    assert right[1] < 0.15 < 0.5 < wrong[1]


def test_a_photo_that_is_not_recognised_cannot_drop():
    assert average_drop(lambda photos: np.zeros(len(photos)), photo(), on_object()) == (0, 0)


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_imputation_solves_its_equations(share):
    """Each removed pixel is close to the weighted mean of its neighbours; no other pixel has changed."""
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


def test_road_is_half_the_difference_at_four_shares():
    seen = []

    def ask(photos: np.ndarray) -> np.ndarray:
        seen.append(photos)
        return np.tile([0.9, 0.3], len(photos) // 2)

    assert road(ask, photo(), on_object()) == pytest.approx(0.3)
    changed = (np.concatenate(seen) != photo()).any(axis=-1).mean(axis=(1, 2))
    np.testing.assert_allclose(changed, np.repeat([0.2, 0.4, 0.6, 0.8], 2), atol=0.01)


def test_deletion_ends_in_the_mean_colour_and_insertion_begins_with_a_blur():
    seen = []

    def ask(photos: np.ndarray) -> np.ndarray:
        seen.append(photos)
        return np.ones(len(photos))

    deletion_and_insertion(ask, photo(), on_object())
    (photos,) = seen
    deleted, inserted = np.split(photos, 2)
    np.testing.assert_array_equal(deleted[0], photo())
    np.testing.assert_array_equal(inserted[-1], photo())
    np.testing.assert_allclose(deleted[-1].std(axis=(0, 1)), 0, atol=1e-3)
    steps = [np.abs(np.diff(image, axis=1)).mean() for image in (photo(), inserted[0])]
    assert steps[1] < 0.4 * steps[0]


@pytest.mark.parametrize(("shape", "most"), [("blob", 3.6), ("ring", 6)])
def test_imputation_is_close_to_the_exact_solution_of_large_holes(shape, most):
    from scipy.sparse import lil_matrix
    from scipy.sparse.linalg import spsolve

    noise = np.random.default_rng(2).normal(size=(48, 64, 3)).astype(np.float32)
    whole = 128 + 400 * cv2.GaussianBlur(noise, (0, 0), 4)  # as smooth as a photo: a spread of some 30 of 255
    inside = np.zeros((48, 64), bool)
    inside[12:36, 16:48] = True
    gone = inside if shape == "blob" else ~inside
    places = {tuple(place): i for i, place in enumerate(np.argwhere(gone))}
    equations, known = lil_matrix((len(places), len(places))), np.zeros((len(places), 3))
    for (y, x), i in places.items():
        near = {
            (y + a - 1, x + b - 1): weight
            for (a, b), weight in np.ndenumerate(KERNEL)
            if weight and 0 <= y + a - 1 < 48 and 0 <= x + b - 1 < 64
        }
        equations[i, i] = 1
        for place, weight in near.items():
            if place in places:
                equations[i, places[place]] = -weight / sum(near.values())
            else:
                known[i] += weight / sum(near.values()) * whole[place]
    exact = spsolve(equations.tocsr(), known)
    error = impute(whole, gone)[gone] - exact
    assert np.sqrt((error**2).mean()) < most  # of 255; 2.55 of it is the noise
    assert 2 < error.std(axis=0).mean()


def scored(method: str, deletions: list[float], hits: list[float]) -> list[ScoredMap]:
    return [
        ScoredMap(f"{i}.jpg", method, True, dict.fromkeys(SCORES) | {"deletion": deletion, "hit": hit})
        for i, (deletion, hit) in enumerate(zip(deletions, hits, strict=True))
    ]


@pytest.mark.parametrize(
    ("gains", "expected"),
    [([0.2], False), ([0.2, 0.2], False), ([0.2] * 12, True), ([0.2, -0.2] * 6, False), ([0.0] * 12, False),
     ([-0.2] * 12, False), ([0.3, 0.1, 0.2] * 5, True)],
)  # fmt: skip
def test_a_method_beats_a_baseline_only_by_more_than_chance(gains, expected):
    count = len(gains)
    scored_maps = scored("exact", [0.5 - gain for gain in gains], [1.0] * count)
    scored_maps += scored("random", [0.5] * count, [0.0] * count)
    methods = summary(scored_maps, [METHODS["exact"], METHODS["random"]])
    assert ("deletion" not in methods["exact"]["no_better_than"]) is expected
    assert ("hit" not in methods["exact"]["no_better_than"]) is (count >= 12)
    assert methods["random"]["no_better_than"] == {}
    figure = methods["exact"]["scores"]["hit"]
    assert figure["mean"] == 1
    assert figure["interval"][0] < 1


def test_scores_are_read_as_they_were_written_but_for_a_line_that_was_cut_off(tmp_path):
    scored_maps = scored("exact", [0.125, 0.5], [1.0, 0.0])
    write_scores(tmp_path / "scores.csv", scored_maps[:1])
    append_scores(tmp_path / "scores.csv", scored_maps[1:])
    assert read_scores(tmp_path / "scores.csv") == scored_maps
    whole = (tmp_path / "scores.csv").read_bytes()
    (tmp_path / "scores.csv").write_bytes(whole[:-3])
    assert read_scores(tmp_path / "scores.csv") == scored_maps[:1]


def test_one_process_scores_a_version_at_a_time(tmp_path):
    version, manifest = PublishedVersion(tmp_path / "1"), Manifest(tmp_path / "manifest.csv", ())
    for folder in (version.folder / "variables", version.explanations_folder):
        folder.mkdir(parents=True)
    for path in (version.config_path, version.metrics_path):
        path.write_text("{}")
    with exclusive_lock(version.explanations_folder, ""), pytest.raises(UserError, match="Another process is scoring"):
        evaluate_explanations(version, manifest, (), (), {}, "test", 0, 0, Console(quiet=True))


def test_a_photo_counts_as_done_when_all_methods_were_scored_on_it(tmp_path):
    scored_maps = scored("exact", [0.1, 0.2], [1, 1]) + scored("random", [0.3], [1])
    write_scores(tmp_path / "scores.csv", scored_maps)
    assert _drop_half_done(tmp_path / "scores.csv", 2) == {"0.jpg"}
    assert {scored.file_name for scored in read_scores(tmp_path / "scores.csv")} == {"0.jpg"}


BOX = [(10, 6, 22, 14)]  # the object


@pytest.mark.parametrize(
    ("point", "tolerance", "expected"),
    [((10, 15), 0, True), ((6, 10), 0, True), ((5, 10), 0, False), ((5, 10), 1, True), ((14, 15), 0, False),
     ((13, 21), 0, True), ((13, 22), 0, False), ((0, 0), 15, True), ((0, 31), 9, False)],
)  # fmt: skip
def test_the_pointing_game(point, tolerance, expected):
    heatmap = np.zeros(SIZE, np.float32)
    heatmap[point] = 1
    assert hits(heatmap, BOX, tolerance) is expected


def test_15_pixels_beside_the_part_are_a_hit():
    for x, expected in ((36, True), (37, False)):
        heatmap = np.zeros((60, 80), np.float32)
        heatmap[10, x] = 1
        assert hits(heatmap, BOX) is expected


def test_a_map_without_evidence_points_nowhere():
    assert not hits(np.zeros(SIZE, np.float32), BOX, 100)
    assert not hits(on_object(-1), [(0, 0, 32, 24)], 100)


@pytest.mark.parametrize(
    ("heatmap", "boxes", "expected"),
    [
        (on_object(), BOX, 1.0),
        (on_object(), [(16, 6, 22, 14)], 0.5),
        (on_object(), [(10, 6, 16, 14), (14, 6, 22, 14)], 1.0),  # boxes that overlap count once
        (on_object(-1), BOX, 0.0),
        (np.ones(SIZE, np.float32), BOX, 96 / 768),
        (np.zeros(SIZE, np.float32), BOX, 0.0),
    ],
)
def test_energy_inside(heatmap, boxes, expected):
    assert energy_inside(heatmap, boxes) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("heatmap", "expected"),
    [(np.ones((20, 40), np.float32), 0.36), (np.zeros((20, 40), np.float32), None), (-np.ones((20, 40)), None)],
)
def test_evidence_in_the_frame(heatmap, expected):
    assert frame_area(0.1) == pytest.approx(0.36)
    assert frame_share(heatmap, 0.1) == pytest.approx(expected)


def test_evidence_in_the_middle_or_at_the_edge():
    heatmap = np.zeros((20, 40), np.float32)
    heatmap[10, 20] = 3
    heatmap[0, 0] = 1
    assert frame_share(heatmap, 0.1) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([[1, 2], [3, 4]], 1),
        ([[4, 3], [2, 1]], 1),
        ([[-1, -2], [-3, -4]], 1),
        ([[2, 1], [4, 3]], 0.6),
        ([[5, 5], [5, 5]], 0),
        ([[5, -5], [5, -5]], 0),
    ],
)
def test_similarity_is_of_the_order_of_places(other, expected):
    assert similarity(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array(other, float)) == pytest.approx(expected)


def test_two_flat_maps_are_alike():
    assert similarity(np.zeros((2, 2)), np.zeros((2, 2))) == 1
