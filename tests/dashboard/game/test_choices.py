"""The cars that a player can choose from."""

import random
from collections import Counter

import pytest

from dashboard.game.choices import choices, confused_with
from dashboard.game.rules import Difficulty, make_of
from tests.dashboard.game.conftest import LABELS

MAKES = {label: label.partition("_")[0] for label in LABELS}


def offered(difficulty, truth, confused=(), makes=None, seed=0):
    return choices(difficulty, truth, makes or MAKES, confused, random.Random(seed))  # noqa: S311


def test_easy_choices_are_of_different_makes():
    for seed in range(30):
        cars = offered(Difficulty.EASY, "Maki_Hoshi", seed=seed)
        assert len({MAKES[car] for car in cars}) == 4
        assert "Maki_Hoshi" in cars


def test_medium_choices_are_what_the_model_mixes_up():
    confused = ["Brandt_Nord", "Unknown_Car", "Orsini_Lince", "Aurelio_Corsa", "Maki_Tsuki"]
    for seed in range(30):
        cars = offered(Difficulty.MEDIUM, "Maki_Hoshi", confused, seed=seed)
        assert set(cars) == {"Maki_Hoshi", "Brandt_Nord", "Orsini_Lince", "Aurelio_Corsa"}


def test_what_is_never_mixed_up_has_its_own_make_among_the_choices():
    for seed in range(30):
        assert {"Maki_Hoshi", "Maki_Tsuki"} < set(offered(Difficulty.MEDIUM, "Maki_Hoshi", seed=seed))


def test_hard_games_offer_nothing():
    assert offered(Difficulty.HARD, "Maki_Hoshi") == ()


@pytest.mark.parametrize("difficulty", [Difficulty.EASY, Difficulty.MEDIUM])
def test_every_place_is_as_likely_to_be_the_right_one(difficulty):
    places = Counter(offered(difficulty, "Maki_Hoshi", seed=seed).index("Maki_Hoshi") for seed in range(400))
    assert set(places) == {0, 1, 2, 3}
    assert min(places.values()) > 60


@pytest.mark.parametrize("difficulty", [Difficulty.EASY, Difficulty.MEDIUM])
@pytest.mark.parametrize("count", [2, 3])
def test_a_small_data_set_offers_all_it_has(difficulty, count):
    labels = LABELS[:count]
    assert set(offered(difficulty, labels[0], makes={label: MAKES[label] for label in labels})) == set(labels)


METRICS = {
    "confusion": {"labels": ["A", "B", "C", "D"], "matrix": [[9, 1, 0, 4], [1, 9, 0, 0], [0, 0, 9, 0], [1, 0, 0, 9]]}
}


@pytest.mark.parametrize(
    ("label", "metrics", "expected"),
    [
        ("A", METRICS, ["D", "B"]),
        ("C", METRICS, []),
        ("E", METRICS, []),
        ("A", {}, []),
        ("A", {"confusion": None}, []),
        ("A", {"confusion": {"labels": ["A", "B"], "matrix": [[1]]}}, []),
    ],
)
def test_confusions_are_read_if_there_are_any(label, metrics, expected):
    assert confused_with(label, metrics) == expected


def test_a_label_that_is_no_longer_known_has_a_make():
    assert make_of("Maki_Hoshi", {}) == "Maki"
