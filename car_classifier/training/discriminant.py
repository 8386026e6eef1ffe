"""Linear discriminant analysis with shrinkage: a linear classifier in closed form, from one look at each photo.

Features x of class c are taken to be normally distributed around the class's mean μ_c, with a covariance S that all
classes share. The logarithm of a class's likelihood is then linear in x: `x · S⁻¹μ_c − ½ μ_c · S⁻¹μ_c`, up to a term
that all classes have (Fisher 1936; Hastie, Tibshirani and Friedman 2009, The Elements of Statistical Learning,
section 4.3). With thousands of features and a few thousand photos, S alone is no good estimate. It is shrunk towards a
multiple of the identity: `(1 − s) · S + s · trace(S) / d · I` (Ledoit and Wolf 2004,
https://doi.org/10.1016/S0047-259X(03)00096-4). All classes count as equally likely before the photo is seen.

All that a fit needs of the photos is `Moments`: photos can be added and classes removed without seeing the others
again. All arithmetic is in float64, where the shrunk covariance is safely positive definite even with one photo in each
class, constant features, or more features than photos.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.linalg.lapack import dtrtri

ROWS_AT_ONCE = 2048
"""Photos whose features are widened to float64 at a time, which bounds memory."""


@dataclass(frozen=True)
class Moments:
    """Numbers of photos, means and scatter of features: all that a fit needs to know of the photos.

    Attributes:
        counts: Photos of each class, int64 [classes].
        means: Mean features of each class, float64 [classes, d]; 0 for a class without photos.
        scatter: Sum over all photos of the outer product of `x − μ` of their class with itself, float64 [d, d].
    """

    counts: NDArray[np.int64]
    means: NDArray[np.float64]
    scatter: NDArray[np.float64]

    def with_classes(self, count: int) -> "Moments":
        """The same with classes added at the end, without photos yet, so that there are `count` of them."""
        more = count - len(self.counts)
        return Moments(np.pad(self.counts, (0, more)), np.pad(self.means, ((0, more), (0, 0))), self.scatter)

    def joined(self, other: "Moments") -> "Moments":
        """The moments of the photos of both; both have the same classes.

        Chan, Golub and LeVeque 1979, Updating formulae and a pairwise algorithm for computing sample variances.
        """
        counts = self.counts + other.counts
        share = other.counts / np.maximum(counts, 1)
        apart = other.means - self.means
        between = apart * np.sqrt(self.counts * share)[:, None]
        means = np.where(self.counts[:, None] == 0, other.means, self.means + share[:, None] * apart)
        return Moments(counts, means, self.scatter + other.scatter + between.T @ between)


def measure(features: NDArray[np.floating], classes: NDArray[np.int64], count: int) -> Moments:
    """The moments of photos.

    Args:
        features: [n, d], of any floating-point type.
        classes: Their class indices, int64 [n].
        count: Number of classes.
    """
    counts = np.bincount(classes, minlength=count)
    sums = np.zeros((count, features.shape[1]))
    for rows in _chunks(len(features)):
        np.add.at(sums, classes[rows], features[rows].astype(np.float64))
    means = sums / np.maximum(counts, 1)[:, None]
    scatter = np.zeros((features.shape[1], features.shape[1]))
    for rows in _chunks(len(features)):
        apart = features[rows].astype(np.float64) - means[classes[rows]]
        scatter += apart.T @ apart
    return Moments(counts, means, scatter)


@dataclass(frozen=True)
class Doubt:
    """How little the mean of a class is trusted that has few photos.

    The mean of n photos is off by noise, which in thousands of features adds up: it makes `μ · S⁻¹μ` too large, by
    trace(S⁻¹Σ) / n on average, where Σ is the photos' covariance, and so it makes classes of few photos too unlikely.

    Attributes:
        pull: Each class's mean is drawn to the mean of all classes as if that had been seen in so many photos more
            (James and Stein 1961).
        correction: The share of the expected excess of `μ · S⁻¹μ` that is taken away from it.
    """

    pull: float = 0.0
    correction: float = 0.0

    def share(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        """How much of its distance from the mean of all classes the mean of a class keeps."""
        return np.asarray(counts / np.maximum(counts + self.pull, 1))

    def gain(self, counts: NDArray[Any], noise: float) -> NDArray[np.float64]:
        """What is added to a class's score; `noise` is trace(S⁻¹Σ)."""
        return np.asarray(self.correction * noise * self.share(counts) ** 2 / np.maximum(counts, 1) / 2)


@dataclass(frozen=True)
class Weighting:
    """How features are scaled before the fit, how far the covariance is shrunk, and how far means are trusted.

    Attributes:
        scales: A factor for each feature, float64 [d]; 0 leaves a feature out.
        shrinkage: s in the module's formula, above 0 and at most 1.
        doubt: How little the means of classes with few photos are trusted.
    """

    scales: NDArray[np.float64]
    shrinkage: float
    doubt: Doubt = Doubt()

    @property
    def kept(self) -> NDArray[np.bool_]:
        """The features that are not left out."""
        return np.asarray(self.scales != 0)


def fit(moments: Moments, weighting: Weighting) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The linear classifier.

    Kernel and bias are centred over the classes: softmax does not see what all classes have in common, but maps of
    contributions would show it.

    Returns:
        Kernel, float64 [d, classes], for features as they were measured, not scaled; and bias, float64 [classes].
        A class without photos gets the bias −inf.
    """
    whitening = _Whitening(moments, weighting)
    known = moments.counts > 0
    means = whitening.shrunk_means(weighting.doubt)
    kernel = whitening.inverse_factor.T @ means.T
    bias = -0.5 * (means**2).sum(axis=1) + weighting.doubt.gain(moments.counts, whitening.noise)
    kernel -= kernel[:, known].mean(axis=1, keepdims=True)
    bias = np.where(known, bias - bias[known].mean(), -np.inf)
    whole = np.zeros((len(weighting.scales), len(moments.counts)))
    whole[weighting.kept] = kernel * weighting.scales[weighting.kept, None]
    return whole, bias


def left_out_scores(
    features: NDArray[np.floating],
    classes: NDArray[np.int64],
    groups: NDArray[np.int64],
    moments: Moments,
    weighting: Weighting,
    doubts: Sequence[Doubt] | None = None,
) -> list[NDArray[np.float64]]:
    """The scores of each photo from a classifier that was fitted to all photos but those of its group.

    Nothing is fitted again: to leave photos out changes the scatter by a matrix of low rank, whose effect on the
    inverse has a closed form (Woodbury 1950). What the covariance is shrunk to, trace(S) / d · I, the number of photos
    that S is divided by, trace(S⁻¹Σ) and the mean of all classes stay those of all photos.

    Args:
        features: [n, d], as given to `measure`.
        classes: int64 [n].
        groups: A number for each photo, int64 [n]; photos of the same number, such as near-duplicates, are left out
            together.
        moments: What `measure` gives for these photos, or for more.
        weighting: As for `fit`.
        doubts: To be tried instead of the weighting's own; each more costs little.

    Returns:
        For each doubt float64 [n, classes], −inf for a class of which no photo is left.
    """
    whitening = _Whitening(moments, weighting)
    doubts = [weighting.doubt] if doubts is None else doubts
    scores = [np.empty((len(features), len(moments.counts))) for _ in doubts]
    larger = list(_larger_groups(groups))
    for rows in _chunks(len(features)):
        photos = whitening.whitened(features[rows])
        for doubt, found in zip(doubts, scores, strict=True):
            found[rows] = _one_left_out(photos, classes[rows], whitening, doubt)
    for group in larger:
        photos = whitening.whitened(features[group])
        for doubt, found in zip(doubts, scores, strict=True):
            found[group] = _group_left_out(photos, classes[group], whitening, doubt)
    for found in scores:
        found[:, moments.counts == 0] = -np.inf
    return scores


class _Whitening:
    """The coordinates in which the shrunk covariance of the scaled features that are kept is the identity."""

    def __init__(self, moments: Moments, weighting: Weighting) -> None:
        self._kept, self._scales = weighting.kept, weighting.scales[weighting.kept]
        self.counts = moments.counts
        photos = max(int(moments.counts.sum()), 1)
        covariance = moments.scatter[np.ix_(self._kept, self._kept)] * self._scales * self._scales[:, None] / photos
        d, mean_variance = len(covariance), float(np.trace(covariance)) / len(covariance)
        if mean_variance <= 0:  # one photo, or the same photo, in each class: the nearest mean decides
            self.inverse_factor, self.noise = np.eye(d), 0.0
        else:
            s = weighting.shrinkage
            shrunk = (1 - s) * covariance
            shrunk[np.diag_indices(d)] += s * mean_variance
            self.inverse_factor, _ = dtrtri(cholesky(shrunk, lower=True, overwrite_a=True), lower=1)
            inverse_trace = float((self.inverse_factor**2).sum())
            self.noise = (d - s * mean_variance * inverse_trace) / (1 - s) if s < 1 else float(d)
        self.strength = (1 - weighting.shrinkage) / photos
        self.means = self.whitened(moments.means)
        self.middle = self.means[moments.counts > 0].mean(axis=0)

    def whitened(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Features [n, d] in these coordinates."""
        scaled = features[:, self._kept].astype(np.float64) * self._scales
        return np.asarray(scaled @ self.inverse_factor.T)

    def shrunk_means(self, doubt: Doubt) -> NDArray[np.float64]:
        """The means of the classes, drawn to the mean of all."""
        return np.asarray(self.middle + doubt.share(self.counts)[:, None] * (self.means - self.middle))


def _one_left_out(
    photos: NDArray[np.float64], classes: NDArray[np.int64], whitening: _Whitening, doubt: Doubt
) -> NDArray[np.float64]:
    """Scores of whitened photos [n, d], each left out on its own.

    With e = y − m of its own class, leaving y out makes the inverse covariance I + k e eᵀ, and its class's mean
    m − e / (n − 1).
    """
    index, counts, noise = np.arange(len(photos)), whitening.counts, whitening.noise
    own = counts[classes]
    left = np.maximum(own - 1, 1)
    means, middle = whitening.shrunk_means(doubt), whitening.middle
    own_means = whitening.means
    y_y, y_own = (photos**2).sum(axis=1), np.einsum("nd,nd->n", photos, own_means[classes])
    own_own = (own_means**2).sum(axis=1)[classes]
    e_e, y_e = np.maximum(y_y - 2 * y_own + own_own, 0), y_y - y_own
    removed = whitening.strength * own / left * (own > 1)
    k = removed / np.maximum(1 - removed * e_e, np.finfo(float).tiny)
    y_m = photos @ means.T
    e_m = y_m - (own_means @ means.T)[classes]
    scores = y_m + (k * y_e)[:, None] * e_m - ((means**2).sum(axis=1) + k[:, None] * e_m**2) / 2
    scores += doubt.gain(counts, noise)
    # Of its own class, the mean without y, drawn to the middle: middle + share · (m − e / (n − 1) − middle).
    share = doubt.share(left)
    y_mid, own_mid, mid_mid = photos @ middle, (own_means @ middle)[classes], middle @ middle
    y_without, e_without = y_own - y_e / left, y_own - own_own - e_e / left
    mid_without = own_mid - (y_mid - own_mid) / left
    without_without = own_own - 2 * (y_own - own_own) / left + e_e / left**2
    y_mean = (1 - share) * y_mid + share * y_without
    e_mean = (1 - share) * (y_mid - own_mid) + share * e_without
    mean_mean = (1 - share) ** 2 * mid_mid + 2 * share * (1 - share) * mid_without + share**2 * without_without
    of_own = y_mean + k * y_e * e_mean - (mean_mean + k * e_mean**2) / 2 + doubt.gain(left, noise)
    scores[index, classes] = np.where(own > 1, of_own, -np.inf)
    return np.asarray(scores)


def _group_left_out(
    photos: NDArray[np.float64], classes: NDArray[np.int64], whitening: _Whitening, doubt: Doubt
) -> NDArray[np.float64]:
    """Scores of the whitened photos of a group [n, d], which are left out together."""
    means, counts, removed = whitening.means.copy(), whitening.counts.copy(), []
    for c in np.unique(classes):
        members = photos[classes == c]
        before = counts[c]
        counts[c] -= len(members)
        if counts[c]:
            centre = members.mean(axis=0)
            apart = np.sqrt(before * len(members) / counts[c]) * (centre - means[c])
            removed += [members - centre, apart[None]]
            means[c] -= len(members) / counts[c] * (centre - means[c])
        else:
            removed.append(members - means[c])
    means = whitening.middle + doubt.share(counts)[:, None] * (means - whitening.middle)
    directions = np.concatenate(removed)
    inner = np.linalg.inv(np.eye(len(directions)) - whitening.strength * directions @ directions.T)
    y_u, m_u = photos @ directions.T, means @ directions.T
    products = photos @ means.T + whitening.strength * y_u @ inner @ m_u.T
    squares = (means**2).sum(axis=1) + whitening.strength * np.einsum("cu,uv,cv->c", m_u, inner, m_u)
    scores = products - squares / 2 + doubt.gain(counts, whitening.noise)
    scores[:, counts == 0] = -np.inf
    return np.asarray(scores)


def _larger_groups(groups: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """The indices of the photos of each group with more than one."""
    _, which, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(which, kind="stable")
    for start, size in zip(np.cumsum(sizes) - sizes, sizes, strict=True):
        if size > 1:
            yield order[start : start + size]


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_AT_ONCE) for start in range(0, count, ROWS_AT_ONCE))
