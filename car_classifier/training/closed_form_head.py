"""A head without gradient steps: linear discriminant analysis on the pooled features of one or two layers.

Which layers it uses, their weights against each other, the shrinkage of the covariance and how far the means of small
classes are trusted are chosen by cross-validation on the training photos: each photo is classified by a head that has
not seen it or its near-duplicates (`discriminant.left_out_scores`). The same scores give the temperature. The
validation photos take no part, so what is measured on them is not flattered.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from car_classifier.data.manifest import ManifestRow
from car_classifier.files import write_atomically
from car_classifier.progress import Report, silent
from car_classifier.training.calibration import NOT_APPLIED, choose_temperature
from car_classifier.training.discriminant import Doubt, Moments, Weighting, fit, left_out_scores, measure

LAYER_WEIGHTS = ((0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (2.0, 1.0), (4.0, 1.0))
"""Weights of the finer and the coarser layer that are tried."""

SHRINKAGES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)

DOUBTS = tuple(Doubt(pull, correction) for pull in (0, 5, 10, 20, 40) for correction in (0, 0.5, 1))

USUAL_SHRINKAGE, USUAL_DOUBT = 0.1, Doubt(20, 0)
"""At these the layers' weights are compared, and then at this doubt the shrinkages."""

MOST_LEFT_OUT = 6000
"""Photos that are left out in turn; of more, as many are drawn at random."""

LOWEST = -1e4
"""The score of a class that cannot be the answer; finite, because servers do not send infinite numbers."""


@dataclass(frozen=True)
class ClosedFormHead:
    """The head, how it was chosen, and what it takes to change it later.

    Attributes:
        kernel: float32 [d, classes].
        bias: float32 [classes].
        layer_weights: The weight of each layer, 0 for one that is not used; each layer is scaled to the same mean
            length before it is weighed.
        weighting: The scale of each feature that follows from it, the shrinkage and the doubt.
        temperature: What kernel and bias were divided by, so that the probabilities are calibrated; exactly 1 if that
            did not lower the error.
        moments: Of the features of the training photos.
        cross_validation: `top1`, `top5`, `loss` and `count` of training photos that the head had not seen.
        widths: Number of features of each layer.
        layers: Name of each layer.
        policy: The Keras dtype policy in which the net calculated the features.
        photos: Hash of the bytes of each training photo, and its class.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    layer_weights: tuple[float, ...]
    weighting: Weighting
    temperature: float
    moments: Moments
    cross_validation: Mapping[str, float]
    widths: tuple[int, ...]
    layers: tuple[str, ...] = ()
    policy: str = "float32"
    photos: Mapping[str, int] = field(default_factory=dict)

    @property
    def used(self) -> NDArray[np.bool_]:
        """Which features of all layers are those of layers that the head uses."""
        return np.repeat(np.array(self.layer_weights) != 0, self.widths)

    def of_used_layers(self) -> "ClosedFormHead":
        """The same head for the features of the layers that it uses alone."""
        used, moments, weighting = self.used, self.moments, self.weighting
        return replace(
            self,
            kernel=self.kernel[used],
            weighting=replace(weighting, scales=weighting.scales[used]),
            moments=Moments(moments.counts, moments.means[:, used], moments.scatter[np.ix_(used, used)]),
        )

    def measured_on(self, features: NDArray[np.float16], classes: NDArray[np.int64]) -> dict[str, float]:
        """Figures for a run's history: of training photos that it had not seen, and of these photos as `val_…`."""
        logits = features.astype(np.float32) @ self.kernel + self.bias
        seen = figures_of(logits.astype(np.float64), classes)
        return {
            "loss": self.cross_validation["loss"],
            "accuracy": self.cross_validation["top1"],
            "val_loss": seen["loss"],
            "val_accuracy": seen["top1"],
        }

    def in_words(self) -> str:
        """How it was chosen and how good it is, in a line."""
        layers = {(1.0,): "the last layer", (0.0, 1.0): "the last layer", (1.0, 0.0): "the finer layer"}
        finer, coarser = self.layer_weights[0], self.layer_weights[-1]
        of_layers = layers.get(self.layer_weights, f"both layers, weighted {finer:g} : {coarser:g}")
        figures = self.cross_validation
        return (
            f"head of {of_layers}, shrinkage {self.weighting.shrinkage:g}: of {figures['count']:.0f} training photos "
            f"that it had not seen, {figures['top1']:.1%} right, {figures['top5']:.1%} among the first five"
            + (f". {NOT_APPLIED}" if self.temperature == 1 else "")
        )


def fit_head(
    features: NDArray[np.float16],
    classes: NDArray[np.int64],
    groups: NDArray[np.int64],
    count: int,
    widths: Sequence[int],
    seed: int = 0,
    report: Report = silent,
) -> ClosedFormHead:
    """Choose and fit a head.

    Args:
        features: Of the training photos, float16 [n, d], one layer after the other.
        classes: int64 [n].
        groups: Photos of the same number are near-duplicates, int64 [n].
        count: Number of classes.
        widths: Number of features of each layer, one or two, which add up to d.
        seed: Seed of the draw of photos that are left out, where there are more than `MOST_LEFT_OUT`.
        report: Called with the number of heads tried so far, and in all.
    """
    moments, norms, drawn = (
        measure(features, classes, count),
        _mean_norms(features, widths),
        drawn_groups(groups, seed, MOST_LEFT_OUT),
    )
    candidates = LAYER_WEIGHTS if len(widths) == 2 else ((1.0,),)
    steps = iter(range(1, len(candidates) + len(SHRINKAGES) + 2))

    def weighting(weights: tuple[float, ...], shrinkage: float, doubt: Doubt) -> Weighting:
        return Weighting(np.repeat(np.divide(weights, norms), widths), shrinkage, doubt)

    def scores_of(tried: Weighting, doubts: Sequence[Doubt] | None = None) -> list[NDArray[np.float64]]:
        scores = left_out_scores(features[drawn], classes[drawn], groups[drawn], moments, tried, doubts)
        report(next(steps), len(candidates) + len(SHRINKAGES) + 1)
        return scores

    def accuracy(scores: NDArray[np.float64]) -> float:
        return float((scores.argmax(axis=1) == classes[drawn]).mean())

    weights = max(candidates, key=lambda w: accuracy(*scores_of(weighting(w, USUAL_SHRINKAGE, USUAL_DOUBT))))
    shrinkage = max(SHRINKAGES, key=lambda s: accuracy(*scores_of(weighting(weights, s, USUAL_DOUBT))))
    of_doubts = scores_of(weighting(weights, shrinkage, USUAL_DOUBT), DOUBTS)
    best = max(range(len(DOUBTS)), key=lambda i: accuracy(of_doubts[i]))
    scores = np.nan_to_num(of_doubts[best], neginf=LOWEST)
    temperature = choose_temperature(scores, classes[drawn], groups[drawn])
    chosen = weighting(weights, shrinkage, DOUBTS[best])
    kernel, bias = fitted(moments, chosen, temperature)
    figures = figures_of(scores / temperature, classes[drawn])
    return ClosedFormHead(kernel, bias, weights, chosen, temperature, moments, figures, tuple(widths))


def fitted(
    moments: Moments, weighting: Weighting, temperature: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel, float32 [d, classes], and bias, float32 [classes], divided by a temperature."""
    kernel, bias = fit(moments, weighting)
    return (kernel / temperature).astype(np.float32), np.maximum(bias / temperature, LOWEST).astype(np.float32)


def _mean_norms(features: NDArray[np.float16], widths: Sequence[int]) -> list[float]:
    """The mean length of each layer's features; 1 for a layer that is always 0."""
    edges = np.cumsum([0, *widths])
    lengths = (
        np.linalg.norm(features[:, start:end].astype(np.float32), axis=1).mean(dtype=np.float64)
        for start, end in itertools.pairwise(edges)
    )
    return [float(length) or 1.0 for length in lengths]


def drawn_groups(groups: NDArray[np.int64], seed: int, most: int) -> NDArray[np.int64]:
    """The photos that are left out in turn: all, or at most `most` photos of groups that are drawn at random."""
    if len(groups) <= most:
        return np.arange(len(groups))
    names, which, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.default_rng([seed, 0]).permutation(len(names))
    chosen = order[np.cumsum(sizes[order]) <= most]
    return np.flatnonzero(np.isin(which, chosen))


def near_duplicate_groups(rows: Sequence[ManifestRow]) -> NDArray[np.int64]:
    """A number for each photo, int64 [n], which near-duplicates share."""
    numbers: dict[str, int] = {}
    names = (row.near_duplicate_group or f"photo {i}" for i, row in enumerate(rows))
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)


def figures_of(logits: NDArray[np.float64], classes: NDArray[np.int64]) -> dict[str, float]:
    """`top1`, `top5` and `loss` (mean cross-entropy) of some photos, and their `count`."""
    index = np.arange(len(logits))
    of_own = logits[index, classes]
    higher = (logits > of_own[:, None]).sum(axis=1)
    loss = logsumexp(logits, axis=1) - of_own
    return {
        "top1": float((higher == 0).mean()),
        "top5": float((higher < 5).mean()),
        "loss": float(loss.mean()),
        "count": float(len(classes)),
    }


# --- Files --------------------------------------------------------------------------------------------------


def write_head(path: Path, head: ClosedFormHead) -> None:
    """Write a head with its moments: a few megabytes, of which the scatter is most, so half of it is written."""
    triangle = np.tril_indices(len(head.moments.scatter))
    content = {
        "kernel": head.kernel,
        "bias": head.bias,
        "layer_weights": np.array(head.layer_weights),
        "scales": head.weighting.scales,
        "shrinkage": np.array(head.weighting.shrinkage),
        "doubt": np.array(astuple(head.weighting.doubt)),
        "temperature": np.array(head.temperature),
        "counts": head.moments.counts,
        "means": head.moments.means.astype(np.float32),
        "scatter": head.moments.scatter[triangle].astype(np.float32),
        "widths": np.array(head.widths),
        "layers": np.array(head.layers),
        "policy": np.array(head.policy),
        "photos": np.array(list(head.photos), "S64"),
        "photo_classes": np.array(list(head.photos.values()), np.int32),
        "cross_validation": np.array(json.dumps(dict(head.cross_validation))),
    }

    def write(target: Path) -> None:
        with target.open("wb") as file:
            np.savez(file, allow_pickle=False, **content)

    write_atomically(path, write)


def read_head(path: Path) -> ClosedFormHead:
    """Read what `write_head` wrote.

    Raises:
        OSError: There is no such file.
        ValueError, LookupError: It is damaged.
    """
    with np.load(path, allow_pickle=False) as content:
        means = content["means"].astype(np.float64)
        scatter = np.zeros((means.shape[1],) * 2)
        scatter[np.tril_indices(len(scatter))] = content["scatter"]
        scatter += np.tril(scatter, -1).T
        return ClosedFormHead(
            content["kernel"],
            content["bias"],
            tuple(content["layer_weights"].tolist()),
            Weighting(content["scales"], float(content["shrinkage"]), Doubt(*content["doubt"].tolist())),
            float(content["temperature"]),
            Moments(content["counts"], means, scatter),
            json.loads(str(content["cross_validation"])),
            tuple(content["widths"].tolist()),
            tuple(content["layers"].tolist()),
            str(content["policy"]),
            dict(zip((name.decode() for name in content["photos"]), content["photo_classes"].tolist(), strict=True)),
        )
