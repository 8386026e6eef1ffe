"""Choosing the head in closed form, and the file that it travels in."""

import numpy as np
import pytest
from numpy.typing import NDArray

from car_classifier.training import closed_form_head
from car_classifier.training.closed_form_head import fit_head, near_duplicate_groups, read_head, write_head
from tests.training.test_discriminant import photos_of


def two_layers(telling: str) -> tuple[NDArray, NDArray]:
    """Features of a layer with 6 features and one with 9, of which one or both tell the classes apart."""
    finer, classes = photos_of(4, 30, 6, apart=3 if telling in ("finer", "both") else 0, seed=1)
    coarser, _ = photos_of(4, 30, 9, apart=3 if telling in ("coarser", "both") else 0, seed=2)
    return np.hstack([finer, 100 * coarser]).astype(np.float16), classes


@pytest.mark.parametrize(
    ("telling", "used"), [("finer", (True, False)), ("coarser", (False, True)), ("both", (True, True))]
)
def test_the_layers_that_tell_classes_apart_are_used(telling, used):
    features, classes = two_layers(telling)
    if telling == "both":  # each alone is not enough
        rng = np.random.default_rng(3)
        features = (features + rng.normal(0, np.abs(features).mean(axis=0) * 2, features.shape)).astype(np.float16)
    head = fit_head(features, classes, np.arange(len(classes)), 4, (6, 9))
    if telling == "both":
        assert all(head.layer_weights)
    else:
        assert head.layer_weights[used.index(True)] > 0
        assert head.cross_validation["top1"] > 0.95


def test_its_logits_are_those_of_the_used_features_alone():
    features, classes = two_layers("coarser")
    whole = fit_head(features, classes, np.arange(len(classes)), 4, (6, 9))
    used = whole.of_used_layers()
    expected = features.astype(np.float32) @ whole.kernel + whole.bias
    np.testing.assert_allclose(
        features[:, whole.used].astype(np.float32) @ used.kernel + used.bias, expected, atol=1e-4
    )


def test_a_single_layer_needs_no_weights():
    features, classes = photos_of(3, 10, 5, apart=3)
    head = fit_head(features.astype(np.float16), classes, np.arange(len(classes)), 3, (5,))
    assert head.layer_weights == (1.0,)


def test_near_duplicates_do_not_flatter_the_cross_validation():
    """Every photo is there twice, and classes are noise: who sees the twin is right, who does not is guessing."""
    rng = np.random.default_rng(0)
    photos, labels = rng.normal(size=(40, 200)), rng.integers(4, size=40)
    features, classes = np.repeat(photos, 2, axis=0).astype(np.float16), np.repeat(labels, 2)
    pairs = np.repeat(np.arange(40), 2)
    seen = fit_head(features, classes, np.arange(80), 4, (200,)).cross_validation["top1"]
    unseen = fit_head(features, classes, pairs, 4, (200,)).cross_validation["top1"]
    assert seen > 0.9
    assert unseen < 0.5


def test_of_many_photos_some_groups_are_left_out(monkeypatch):
    monkeypatch.setattr(closed_form_head, "MOST_LEFT_OUT", 20)
    features, classes = photos_of(3, 20, 5, apart=3)
    groups = np.arange(60) // 3
    head = fit_head(features.astype(np.float16), classes, groups, 3, (5,))
    assert 0 < head.cross_validation["count"] <= 20
    assert head.cross_validation["count"] % 3 == 0
    assert head.moments.counts.sum() == 60


def test_a_class_of_one_photo_keeps_the_figures_finite():
    features, classes = photos_of(3, 5, 4, apart=5)
    head = fit_head(features[:11].astype(np.float16), classes[:11], np.arange(11), 3, (4,))
    assert np.isfinite(list(head.cross_validation.values())).all()
    assert np.isfinite(head.kernel).all()


def test_what_was_written_is_read(tmp_path):
    features, classes = two_layers("coarser")
    head = fit_head(features, classes, np.arange(len(classes)), 4, (6, 9)).of_used_layers()
    path = tmp_path / "closed_form.npz"
    write_head(path, head)
    read = read_head(path)
    for name in ("layer_weights", "temperature", "cross_validation", "widths", "layers", "policy", "photos"):
        assert getattr(read, name) == getattr(head, name), name
    for name in ("counts", "means", "scatter"):
        np.testing.assert_allclose(getattr(read.moments, name), getattr(head.moments, name), rtol=1e-6)
    np.testing.assert_array_equal(read.kernel, head.kernel)
    np.testing.assert_array_equal(read.used, head.used)


@pytest.mark.parametrize(
    ("names", "numbers"), [(["", "", ""], [0, 1, 2]), (["7", "", "7"], [0, 1, 0]), (["1", "2", "1"], [0, 1, 0])]
)
def test_near_duplicates_share_a_number(names, numbers):
    class Row:
        def __init__(self, name: str) -> None:
            self.near_duplicate_group = name

    assert near_duplicate_groups([Row(name) for name in names]).tolist() == numbers
