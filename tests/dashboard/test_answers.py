"""What the page gets to know of an answer."""

import json

import numpy as np
import pytest

from dashboard.answers import describe
from dashboard.model_client import Explanation


def explanation_of(maps: np.ndarray) -> Explanation:
    count = len(maps)
    labels = tuple(f"Make_Model {i}" for i in range(count))
    extent = (-0.1, -0.1, 0.9, 0.9)
    return Explanation(labels, (1 / count,) * count, maps.astype(np.float32), extent, ("Other", "Make_"), (0.25, 0.75))


def described(maps: np.ndarray) -> dict:
    return describe(explanation_of(maps), model="cars", version="7", milliseconds=12.6)


def test_maps_share_one_scale_whose_top_is_one():
    page = described(np.array([[[4.0, -2.0]], [[1.0, 0.0]]]))
    assert [entry["map"] for entry in page["classes"]] == [[[1.0, -0.5]], [[0.25, 0.0]]]


def test_says_where_the_maps_lie():
    assert described(np.ones((1, 2, 2)))["extent"] == [-0.1, -0.1, 0.9, 0.9]


def test_maps_without_any_evidence_stay_below_zero():
    page = described(np.array([[[-4.0, -2.0]], [[-1.0, 0.0]]]))
    assert page["classes"][0]["map"] == [[-4.0, -2.0]]


def test_names_version_and_time_are_given():
    page = described(np.ones((2, 1, 1)))
    assert [entry["name"] for entry in page["classes"]] == ["Make Model 0", "Make Model 1"]
    assert page["make"] == {"name": "Make", "probability": 0.75}
    assert (page["model"], page["version"], page["milliseconds"]) == ("cars", "7", 13)


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (5, 5), (9, 5)])
def test_at_most_five_classes_are_shown(count, shown):
    assert len(described(np.ones((count, 2, 2)))["classes"]) == shown


def test_an_answer_is_a_few_kilobytes():
    maps = np.random.default_rng(0).normal(size=(5, 10, 10))
    assert len(json.dumps(described(maps))) < 6000
