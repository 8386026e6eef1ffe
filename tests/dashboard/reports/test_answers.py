"""The part of the model's answer that the page gets."""

import json

import numpy as np
import pytest

from dashboard.model_server.client import ClassExplanation, Explanation
from dashboard.reports.answers import describe


def described(maps: np.ndarray, asked: np.ndarray | None = None) -> dict:
    maps = maps.astype(np.float32)
    classes = [
        ClassExplanation(f"Make_Model {i}", i, 1 / len(maps), one, float(one.sum()) + 0.1, 0.1)
        for i, one in enumerate(maps)
    ]
    explanation = Explanation(
        classes=tuple(classes),
        asked=None if asked is None else ClassExplanation("Other_Model", 9, 0.01, asked.astype(np.float32), 9.5, 0.5),
        map_extent=(-0.1, -0.1, 0.9, 0.9),
        makes=tuple((f"Make_{i}", 0.75 - i / 10) for i in range(5)),
    )
    return describe(explanation, model="cars", version="7", milliseconds=12.6)


def test_maps_are_contributions_and_share_one_scale():
    page = described(np.array([[[4.0, -2.0]], [[1.0, 0.0]]]))
    assert [entry["map"] for entry in page["classes"]] == [[[4.0, -2.0]], [[1.0, 0.0]]]
    assert page["scale"] == 4.0


@pytest.mark.parametrize(
    ("maps", "scale"), [([[[-4.0, -2.0]], [[-1.0, 0.0]]], 1.0), ([[[0.0]]], 1.0), ([[[0.5]]], 0.5)]
)
def test_without_any_evidence_there_is_still_a_scale(maps, scale):
    assert described(np.array(maps))["scale"] == scale


def test_the_class_that_was_asked_for_does_not_change_the_scale():
    page = described(np.array([[[4.0]], [[1.0]]]), asked=np.array([[9.0]]))
    assert page["asked"] == {
        "label": "Other_Model",
        "name": "Other Model",
        "index": 9,
        "probability": 0.01,
        "logit": 9.5,
        "bias": 0.5,
        "map": [[9.0]],
    }
    assert page["scale"] == 4.0


def test_says_where_the_maps_lie():
    assert described(np.ones((1, 2, 2)))["extent"] == [-0.1, -0.1, 0.9, 0.9]


def test_names_makes_version_and_time_are_given():
    page = described(np.ones((2, 1, 1)))
    assert [(entry["label"], entry["name"]) for entry in page["classes"]] == [
        ("Make_Model 0", "Make Model 0"),
        ("Make_Model 1", "Make Model 1"),
    ]
    assert [make["name"] for make in page["makes"]] == ["Make 0", "Make 1", "Make 2"]
    assert page["asked"] is None
    assert (page["model"], page["version"], page["milliseconds"]) == ("cars", "7", 13)


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (5, 5), (9, 5)])
def test_at_most_five_classes_are_shown(count, shown):
    assert len(described(np.ones((count, 2, 2)))["classes"]) == shown


def test_an_answer_is_a_few_kilobytes_and_keeps_all_digits():
    maps = np.random.default_rng(0).normal(size=(5, 10, 10)).astype(np.float32)
    text = json.dumps(described(maps))
    assert len(text) < 8000
    page = json.loads(text)
    assert (np.array([entry["map"] for entry in page["classes"]], np.float32) == maps).all()
    for entry in page["classes"]:
        assert np.sum(entry["map"]) + entry["bias"] == pytest.approx(entry["logit"], abs=1e-5)


def answer(logits: list[float], probabilities: list[float]) -> Explanation:
    cells = np.zeros((1, 1), np.float32)
    pairs = zip(logits, probabilities, strict=True)
    classes = [ClassExplanation(str(i), i, p, cells, z, z) for i, (z, p) in enumerate(pairs)]
    return Explanation(tuple(classes), (), None, (0, 0, 1, 1))


@pytest.mark.parametrize("temperature", [0.2, 1.0, 3.7])
def test_the_temperature_follows_from_logits_and_probabilities(temperature):
    logits = np.array([4.0, 2.5, -1.0, 0.5])
    shares = np.exp(logits / temperature)
    found = answer(logits[:3].tolist(), np.float32(shares / shares.sum())[:3].tolist()).temperature
    assert found == pytest.approx(temperature, rel=1e-4)


@pytest.mark.parametrize(
    ("logits", "probabilities"),
    [
        ([2.0], [1.0]),
        ([2.0, 2.0], [0.5, 0.5]),
        ([2.0, -90.0], [1.0, 0.0]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([1.0, 0.0, -1.0], [0.6, 0.3, 0.1]),  # temperature 1.44 by the first two, 1.12 by the outer two
        ([1.0, 2.0], [0.6, 0.4]),
    ],
)
def test_a_temperature_that_does_not_follow_is_not_given(logits, probabilities):
    assert answer(logits, probabilities).temperature is None
