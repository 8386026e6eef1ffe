"""The temperature that makes a classifier's confidence equal its accuracy."""

import numpy as np
import pytest
from scipy.special import softmax

from car_classifier.training.calibration import choose_temperature, fit_temperature


def answers(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits of five classes, and true classes drawn with their probabilities."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(count, 5)).astype(np.float32) * 2
    chances = softmax(logits, axis=1)
    return logits, (chances.cumsum(axis=1) > rng.uniform(size=(count, 1))).argmax(axis=1)


def test_the_temperature_that_logits_were_made_with_is_found():
    logits, classes = answers(20_000)
    assert fit_temperature(logits * 3, classes) == pytest.approx(3, rel=0.05)


def test_how_hopeless_a_wrong_answer_is_does_not_count():
    """Some photos have wrong labels: the temperature is the same whether their label ranks second or last."""
    logits, classes = answers(2000)
    last = np.where(logits.argmax(axis=1) == classes, classes, logits.argmin(axis=1))
    assert (last != classes).sum() > 200
    assert fit_temperature(logits, last) == fit_temperature(logits, classes)


def test_a_net_that_is_always_right_is_not_made_certain():
    logits = np.eye(4, dtype=np.float32)[[0, 1, 2, 3] * 5] * 4
    temperature = fit_temperature(logits, np.array([0, 1, 2, 3] * 5))
    assert softmax(logits / temperature, axis=1).max() < 0.97


def test_a_net_that_is_never_right_is_not_sure():
    logits = np.eye(4, dtype=np.float32)[[1, 2, 3, 0] * 5] * 4
    temperature = fit_temperature(logits, np.array([0, 1, 2, 3] * 5))
    assert softmax(logits / temperature, axis=1).max() < 0.3


def test_no_photos_leave_logits_as_they_are():
    assert fit_temperature(np.zeros((0, 3), np.float32), np.zeros(0, np.int64)) == 1


@pytest.mark.parametrize("count", [300, 2000])
def test_scaling_is_not_applied_where_it_does_not_help(count):
    """Logits that are calibrated already: what was fitted is noise."""
    logits, classes = answers(count)
    assert fit_temperature(logits, classes) != 1
    assert choose_temperature(logits, classes) == 1


@pytest.mark.parametrize("factor", [0.3, 3])
def test_scaling_is_applied_where_it_helps(factor):
    logits, classes = answers(1000)
    chosen = choose_temperature(logits * factor, classes)
    assert chosen == fit_temperature(logits * factor, classes) == pytest.approx(factor, rel=0.2)
    assert chosen == choose_temperature(logits * factor, classes)


def test_near_duplicates_are_no_fresh_photos():
    """Twenty copies of each of 15 photos: with a copy among the others, each fold would confirm what was fitted."""
    logits, classes = (np.repeat(part[0:15], 20, axis=0) for part in answers(2000))
    groups = np.repeat(np.arange(15), 20)
    assert choose_temperature(logits, classes) != 1
    assert choose_temperature(logits, classes, groups) == 1


@pytest.mark.parametrize(("count", "classes"), [(0, 3), (1, 3), (5, 1)])
def test_nothing_to_fit_on_leaves_logits_as_they_are(count, classes):
    assert choose_temperature(np.zeros((count, classes), np.float32), np.zeros(count, np.int64)) == 1
