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

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular

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
class Weighting:
    """How features are scaled before the fit, and how far the covariance is shrunk.

    Attributes:
        scales: A factor for each feature, float64 [d]; 0 leaves a feature out.
        shrinkage: s in the module's formula, above 0 and at most 1.
    """

    scales: NDArray[np.float64]
    shrinkage: float

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
    scales, kept = weighting.scales[weighting.kept], weighting.kept
    means = moments.means[:, kept] * scales
    known = moments.counts > 0
    kernel = cho_solve((_factor(moments, weighting), True), means.T)
    bias = -0.5 * np.einsum("cd,dc->c", means, kernel)
    kernel -= kernel[:, known].mean(axis=1, keepdims=True)
    bias = np.where(known, bias - bias[known].mean(), -np.inf)
    whole = np.zeros((len(weighting.scales), len(moments.counts)))
    whole[kept] = kernel * scales[:, None]
    return whole, bias


def left_out_scores(
    features: NDArray[np.floating],
    classes: NDArray[np.int64],
    groups: NDArray[np.int64],
    moments: Moments,
    weighting: Weighting,
) -> NDArray[np.float64]:
    """The scores of each photo from a classifier that was fitted to all photos but those of its group.

    Nothing is fitted again: to leave photos out changes the scatter by a matrix of low rank, whose effect on the
    inverse has a closed form (Woodbury 1950). What the covariance is shrunk to, trace(S) / d · I, and the number of
    photos that S is divided by stay those of all photos.

    Args:
        features: [n, d], as given to `measure`.
        classes: int64 [n].
        groups: A number for each photo, int64 [n]; photos of the same number, such as near-duplicates, are left out
            together.
        moments: What `measure` gives for these photos.
        weighting: As for `fit`.

    Returns:
        float64 [n, classes]. −inf for a class of which no photo is left.
    """
    factor, kept = _factor(moments, weighting), weighting.kept
    scales = weighting.scales[kept]

    def whitened(rows: NDArray[np.floating]) -> NDArray[np.float64]:
        scaled = rows[:, kept].astype(np.float64) * scales
        return np.asarray(solve_triangular(factor, scaled.T, lower=True, check_finite=False).T)

    means = whitened(moments.means)
    strength = (1 - weighting.shrinkage) / max(int(moments.counts.sum()), 1)
    scores = np.empty((len(features), len(moments.counts)))
    for rows in _chunks(len(features)):
        scores[rows] = _one_left_out(whitened(features[rows]), classes[rows], means, moments.counts, strength)
    for group in _larger_groups(groups):
        scores[group] = _group_left_out(whitened(features[group]), classes[group], means, moments.counts, strength)
    scores[:, moments.counts == 0] = -np.inf
    return scores


def _factor(moments: Moments, weighting: Weighting) -> NDArray[np.float64]:
    """The lower Cholesky factor of the shrunk covariance of the scaled features that are kept."""
    scales, kept = weighting.scales[weighting.kept], weighting.kept
    covariance = moments.scatter[np.ix_(kept, kept)] * scales * scales[:, None] / max(int(moments.counts.sum()), 1)
    mean_variance = np.trace(covariance) / len(scales)
    if mean_variance <= 0:  # one photo, or the same photo, in each class: the nearest mean decides
        return np.eye(len(scales))
    covariance *= 1 - weighting.shrinkage
    covariance[np.diag_indices_from(covariance)] += weighting.shrinkage * mean_variance
    return np.asarray(cholesky(covariance, lower=True, overwrite_a=True, check_finite=False))


def _one_left_out(
    photos: NDArray[np.float64],
    classes: NDArray[np.int64],
    means: NDArray[np.float64],
    counts: NDArray[np.int64],
    strength: float,
) -> NDArray[np.float64]:
    """Scores of whitened photos [n, d], each left out on its own, from the class means with all photos.

    With e = y − m of its own class, leaving y out makes the inverse covariance I + k e eᵀ, and its class's mean
    m − e / (n − 1).
    """
    index = np.arange(len(photos))
    own = counts[classes]
    left = np.maximum(own - 1, 1)
    y_m, m_m = photos @ means.T, means @ means.T
    y_y, y_own = (photos**2).sum(axis=1), y_m[index, classes]
    own_own = m_m[classes, classes]
    e_e, y_e = np.maximum(y_y - 2 * y_own + own_own, 0), y_y - y_own
    e_m = y_m - m_m[classes]
    removed = strength * own / left * (own > 1)
    k = removed / np.maximum(1 - removed * e_e, np.finfo(float).tiny)
    scores = y_m + (k * y_e)[:, None] * e_m - (m_m.diagonal() + k[:, None] * e_m**2) / 2
    # Its own class, whose mean has moved by −e / (n − 1).
    y_mean, e_mean = y_own - y_e / left, e_m[index, classes] - e_e / left
    mean_mean = own_own - 2 * (y_own - own_own) / left + e_e / left**2
    of_own = y_mean + k * y_e * e_mean - (mean_mean + k * e_mean**2) / 2
    scores[index, classes] = np.where(own > 1, of_own, -np.inf)
    return np.asarray(scores)


def _group_left_out(
    photos: NDArray[np.float64],
    classes: NDArray[np.int64],
    means: NDArray[np.float64],
    counts: NDArray[np.int64],
    strength: float,
) -> NDArray[np.float64]:
    """Scores of the whitened photos of a group [n, d], which are left out together."""
    means, lost, removed = means.copy(), [], []
    for c in np.unique(classes):
        members = photos[classes == c]
        left = counts[c] - len(members)
        if left:
            centre = members.mean(axis=0)
            removed += [members - centre, np.sqrt(counts[c] * len(members) / left) * (centre - means[c])[None]]
            means[c] -= len(members) / left * (centre - means[c])
        else:
            removed.append(members - means[c])
            lost.append(c)
    directions = np.concatenate(removed)
    inner = np.linalg.inv(np.eye(len(directions)) - strength * directions @ directions.T)
    y_u, m_u = photos @ directions.T, means @ directions.T
    products = photos @ means.T + strength * y_u @ inner @ m_u.T
    squares = (means**2).sum(axis=1) + strength * np.einsum("cu,uv,cv->c", m_u, inner, m_u)
    scores = products - squares / 2
    scores[:, lost] = -np.inf
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
