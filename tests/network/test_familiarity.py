"""How familiar a photo is: what is compared, and that the graph compares alike."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from car_classifier.network.familiarity import (
    CLOSE_WEIGHT,
    FEWEST_MEASURED,
    NEAREST,
    FamiliarityGraph,
    KnownPhotos,
    fit_familiarity,
)
from car_classifier.publishing.known_photos import MOST_MEASURED, read_known_photos, within_bounds, write_known_photos

CLASSES, WIDTH = 4, 32


def drawn(count: int, seed: int = 0) -> tuple[KnownPhotos, np.ndarray]:
    """Photos of some classes, each around a direction of its own, and a net's answers about them."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, CLASSES, count)
    features = 5 + 3 * np.eye(WIDTH)[classes] + rng.normal(0, 0.3, (count, WIDTH))
    probabilities = np.full((count, CLASSES), 0.1)
    probabilities[np.arange(count), classes] = rng.uniform(0.6, 0.9, count)
    return KnownPhotos(features.astype(np.float16), classes, np.ones(count, bool)), probabilities


def asked(familiarity, features: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The graph's answers about photos of one cell each."""
    activations = tf.constant(features[:, None, None, :], tf.float32)
    answer = FamiliarityGraph(familiarity)(activations, tf.constant(probabilities, tf.float32))
    return answer["familiarity"].numpy(), answer["is_familiar"].numpy()


@pytest.fixture(scope="module")
def familiarity():
    return fit_familiarity(*drawn(400))


def test_of_photos_like_these_about_one_in_twenty_is_unfamiliar(familiarity):
    known, probabilities = drawn(4000, seed=1)
    values, is_familiar = asked(familiarity, known.features, probabilities)
    assert 0.03 < 1 - is_familiar.mean() < 0.07
    assert np.quantile(values, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.08)


@pytest.mark.parametrize("kind", ["far", "near"])
def test_strangers_are_unfamiliar(familiarity, kind):
    known, probabilities = drawn(100, seed=2)
    features = known.features.astype(np.float32)
    if kind == "far":  # the net is as sure as ever
        features = np.random.default_rng(3).normal(5, 3, features.shape)
    else:  # its features lie among the others, but no class fits
        probabilities = np.full_like(probabilities, 1 / CLASSES)
    values, is_familiar = asked(familiarity, features, probabilities)
    assert not is_familiar.any()
    assert values.max() < 0.05


def test_the_graph_compares_as_the_docstring_says(familiarity):
    known, probabilities = drawn(30, seed=4)
    values, _ = asked(familiarity, known.features, probabilities)
    for feature, probability, value in zip(known.features, probabilities, values, strict=True):
        apart = feature.astype(np.float64) - familiarity.middle
        distances = np.sort(np.linalg.norm(familiarity.photos - apart, axis=1))[:NEAREST]
        close = (familiarity.closeness < -distances.mean()).mean()
        sure = (familiarity.sureness < np.float32(probability.max())).mean()
        lower = min(CLOSE_WEIGHT * close, sure)
        assert value == pytest.approx((familiarity.lower_share < lower - 1e-7).mean(), abs=0.01)


def test_a_photo_is_not_compared_with_itself():
    known, probabilities = drawn(FEWEST_MEASURED)
    twice = fit_familiarity(known.joined(replace(known, is_measured=~known.is_measured)), probabilities)
    once = fit_familiarity(known, probabilities)
    assert twice.closeness.max() > once.closeness.max()  # a second time it is another photo


@pytest.mark.parametrize(("count", "is_told"), [(FEWEST_MEASURED - 1, False), (FEWEST_MEASURED, True)])
def test_too_few_photos_tell_nothing(count, is_told):
    assert (fit_familiarity(*drawn(count)) is not None) == is_told


def test_photos_without_any_difference_do_no_harm():
    known, probabilities = drawn(FEWEST_MEASURED)
    familiarity = fit_familiarity(replace(known, features=np.zeros_like(known.features)), probabilities)
    values, _ = asked(familiarity, np.zeros((2, WIDTH)), probabilities[:2])
    assert np.isfinite(values).all()


def test_known_photos_are_read_as_they_were_written_and_stay_within_bounds(tmp_path):
    measured, taught = drawn(MOST_MEASURED)[0], drawn(2 * MOST_MEASURED, seed=5)[0]
    known = within_bounds(measured.joined(replace(taught, is_measured=~taught.is_measured)))
    assert len(known.features) == MOST_MEASURED * 4 // 3
    assert known.is_measured.sum() == MOST_MEASURED
    assert np.array_equal(known.features[-1], taught.features[-1])  # the newest stay
    write_known_photos(tmp_path / "known.npz", known)
    read = read_known_photos(tmp_path / "known.npz")
    assert all(np.array_equal(vars(read)[name], value) for name, value in vars(known).items())
