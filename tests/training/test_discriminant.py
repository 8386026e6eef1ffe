"""The closed-form classifier against a reference implementation, and against fitting again without some photos."""

import numpy as np
import pytest
from numpy.typing import NDArray

from car_classifier.training.discriminant import Doubt, Moments, Weighting, fit, left_out_scores, measure


def photos_of(
    classes: int, per_class: int, features: int, apart: float = 1.0, seed: int = 0
) -> tuple[NDArray, NDArray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), per_class)
    centres = apart * rng.normal(size=(classes, features))
    mixed = rng.normal(size=(features, features)) / np.sqrt(features)
    return centres[labels] + rng.normal(size=(len(labels), features)) @ mixed, labels


CASES = {
    "plenty of photos": (photos_of(5, 40, 12), 0.1),
    "more features than photos": (photos_of(4, 5, 60), 0.2),
    "strong shrinkage": (photos_of(5, 10, 12), 1.0),
    "weak shrinkage": (photos_of(3, 30, 10), 1e-3),
    "two thousand classes": (photos_of(2000, 2, 24), 0.3),
}


@pytest.mark.parametrize("case", CASES)
def test_is_the_reference_up_to_what_all_classes_have_in_common(case):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    (features, classes), shrinkage = CASES[case]
    count = classes.max() + 1
    kernel, bias = fit(measure(features, classes, count), Weighting(np.ones(features.shape[1]), shrinkage))
    # scikit-learn's shrunk covariance is of features divided by their deviations, so its estimator is given ours.
    reference = LinearDiscriminantAnalysis(
        solver="lsqr", covariance_estimator=ShrunkLike(shrinkage), priors=np.full(count, 1 / count)
    ).fit(features, classes)
    theirs = reference.decision_function(features)
    ours = features @ kernel + bias
    np.testing.assert_allclose(
        ours - ours.mean(axis=1, keepdims=True), theirs - theirs.mean(axis=1, keepdims=True), rtol=1e-6, atol=1e-6
    )


class ShrunkLike:
    """The covariance of one class's photos; scikit-learn averages them over the classes, weighted by the priors.

    With equally many photos in each class, that average is the pooled covariance.
    """

    def __init__(self, shrinkage: float) -> None:
        self.shrinkage = shrinkage

    def fit(self, features: NDArray) -> "ShrunkLike":
        covariance = np.atleast_2d(np.cov(features.T, bias=True))
        d = len(covariance)
        self.covariance_ = (1 - self.shrinkage) * covariance + self.shrinkage * np.trace(covariance) / d * np.eye(d)
        return self


ODD_PHOTOS = {
    "one photo in each class": (np.eye(3, 6), np.arange(3)),
    "the same photo twice in each class": (np.repeat(np.eye(3, 6), 2, axis=0), np.repeat(np.arange(3), 2)),
    "features that are constant": (
        np.hstack([photos_of(3, 8, 4, apart=20)[0], np.ones((24, 3))]),
        photos_of(3, 8, 4, apart=20)[1],
    ),
    "features that are nothing": (
        np.hstack([photos_of(3, 8, 4, apart=20)[0], np.zeros((24, 3))]),
        photos_of(3, 8, 4, apart=20)[1],
    ),
    "a class of one photo": (photos_of(3, 8, 4, apart=20)[0][:17], photos_of(3, 8, 4, apart=20)[1][:17]),
    "half-precision features of a large scale": (
        (photos_of(3, 8, 4, apart=20)[0] * 500).astype(np.float16),
        photos_of(3, 8, 4, apart=20)[1],
    ),
}


@pytest.mark.parametrize("case", ODD_PHOTOS)
def test_odd_photos_give_finite_classifiers_that_know_them(case):
    features, classes = ODD_PHOTOS[case]
    kernel, bias = fit(measure(features, classes, 3), Weighting(np.ones(features.shape[1]), 0.1))
    assert np.isfinite(kernel).all()
    assert np.isfinite(bias).all()
    assert ((features.astype(float) @ kernel + bias).argmax(axis=1) == classes).all()


def test_what_classes_have_in_common_is_taken_away():
    features, classes = photos_of(4, 20, 8)
    kernel, bias = fit(measure(features, classes, 4), Weighting(np.ones(8), 0.1))
    np.testing.assert_allclose(kernel.sum(axis=1), 0, atol=1e-9)
    assert bias.sum() == pytest.approx(0, abs=1e-9)


def test_scales_weigh_features_and_zero_leaves_them_out():
    features, classes = photos_of(4, 20, 8)
    scales = np.array([2, 2, 2, 2, 1, 1, 0, 0], float)
    kernel, bias = fit(measure(features, classes, 4), Weighting(scales, 0.3))
    scaled, same_bias = fit(measure((features * scales)[:, :6], classes, 4), Weighting(np.ones(6), 0.3))
    np.testing.assert_allclose(kernel[:6], scaled * scales[:6, None])
    np.testing.assert_allclose(bias, same_bias)
    assert not kernel[6:].any()


def test_a_class_without_photos_is_never_the_answer():
    features, classes = photos_of(3, 5, 4)
    _, bias = fit(measure(features, classes, 4), Weighting(np.ones(4), 0.1))
    assert bias[3] == -np.inf


GROUPS = {
    "each photo on its own": lambda classes: np.arange(len(classes)),
    "pairs": lambda classes: np.arange(len(classes)) // 2,
    "groups of three across classes": lambda classes: np.arange(len(classes)) % (len(classes) // 3),
    "all of a class but one": lambda classes: np.where(np.arange(len(classes)) < 5, 0, np.arange(len(classes))),
    "all of a class": lambda classes: np.where(classes == 1, 99, np.arange(len(classes))),
}


@pytest.mark.parametrize("grouped", GROUPS)
@pytest.mark.parametrize("shrinkage", [0.05, 0.5])
@pytest.mark.parametrize("doubt", [Doubt(), Doubt(pull=2), Doubt(correction=0.5), Doubt(3, 1)])
def test_photos_are_left_out_as_if_the_fit_were_made_again(grouped, shrinkage, doubt):
    features, classes = photos_of(4, 6, 10)
    groups = GROUPS[grouped](classes)
    scales = np.linspace(0.5, 2, 10)
    moments, weighting = measure(features, classes, 4), Weighting(scales, shrinkage, doubt)
    (scores,) = left_out_scores(features, classes, groups, moments, weighting)
    for i, group in enumerate(groups):
        others = groups != group
        expected = fitted_again(measure(features[others], classes[others], 4), moments, weighting, features[i])
        np.testing.assert_allclose(scores[i], expected, rtol=1e-8, atol=1e-8)


def fitted_again(some: Moments, all_photos: Moments, weighting: Weighting, photo: NDArray) -> NDArray:
    """Scores of a photo, without the closed form.

    What S is divided by and shrunk to, the noise of means and the mean of all classes are those of all photos.
    """
    s, scales, n, doubt = weighting.shrinkage, weighting.scales, all_photos.counts.sum(), weighting.doubt
    scaled = np.outer(scales, scales) / n
    target = np.trace(all_photos.scatter * scaled) / len(scales) * np.eye(len(scales))
    inverse = np.linalg.inv((1 - s) * some.scatter * scaled + s * target)
    noise = np.trace(np.linalg.inv((1 - s) * all_photos.scatter * scaled + s * target) @ (all_photos.scatter * scaled))
    middle = (all_photos.means * scales).mean(axis=0)
    share = some.counts / np.maximum(some.counts + doubt.pull, 1)
    means = middle + share[:, None] * (some.means * scales - middle)
    scores = (photo * scales) @ inverse @ means.T - np.einsum("cd,de,ce->c", means, inverse, means) / 2
    scores += doubt.correction * noise * share**2 / np.maximum(some.counts, 1) / 2
    return np.where(some.counts > 0, scores, -np.inf)


@pytest.mark.parametrize("doubt", [Doubt(), Doubt(2, 0.5)])
def test_photos_that_are_not_learnt_get_the_scores_of_the_fit(doubt):
    features, classes = photos_of(4, 6, 10)
    moments, weighting = measure(features, classes, 4), Weighting(np.ones(10), 0.2, doubt)
    kernel, bias = fit(moments, weighting)
    expected = fitted_again(moments, moments, weighting, features[0])
    scores = features[0] @ kernel + bias
    np.testing.assert_allclose(scores - scores.mean(), expected - expected.mean(), rtol=1e-8, atol=1e-8)


def test_a_class_of_few_photos_is_not_thought_unlikely():
    """Thirty photos of one class and three of another, as far apart: without doubt, the small one is hardly found."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(6, 300)) * 0.2
    counts = np.array([30, 30, 30, 30, 30, 3])
    classes = np.repeat(np.arange(6), counts)
    features = centres[classes] + rng.normal(size=(len(classes), 300))
    unseen = centres[5] + rng.normal(size=(400, 300))

    def found(doubt: Doubt) -> float:
        kernel, bias = fit(measure(features, classes, 6), Weighting(np.ones(300), 0.5, doubt))
        return float(((unseen @ kernel + bias).argmax(axis=1) == 5).mean())

    assert found(Doubt(5, 1)) > found(Doubt()) + 0.2


def test_moments_of_photos_in_two_parts_are_those_of_all():
    features, classes = photos_of(5, 8, 6)
    first = np.random.default_rng(1).random(len(classes)) < 0.5
    first[classes == 4] = False  # a class that is new in the second part
    whole = measure(features, classes, 5)
    joined = (
        measure(features[first], classes[first], 4)
        .with_classes(5)
        .joined(measure(features[~first], classes[~first], 5))
    )
    for part in ("counts", "means", "scatter"):
        np.testing.assert_allclose(getattr(joined, part), getattr(whole, part), rtol=1e-9, atol=1e-9)
