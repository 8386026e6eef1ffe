"""Figures that summarise a classifier's answers: arrays in, plain values for JSON out.

`truth` and `answers` are class indices, int [n], one for each photo. A class without a photo has support 0; its recall
and F1 are None, and macro figures, which are means over classes, leave it out.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from car_classifier.evaluation.intervals import bootstrap_interval, wilson_interval

CALIBRATION_BINS = 15
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
PAIRS = 20
EXAMPLES = 5

Indices = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]


class ClassScores(NamedTuple):
    """Figures of every class, each [classes]; nan if there is nothing to divide by."""

    support: Indices
    precision: Floats
    recall: Floats
    f1: Floats


def top_classes(probabilities: Floats, k: int) -> Indices:
    """The k most likely classes of each photo, best first, [n, k]; of equally likely ones, the lower index first."""
    return np.argsort(-probabilities, axis=1, kind="stable")[:, :k]


def share(name: str, hits: Flags) -> dict[str, Any]:
    """The share of hits under its name, and its 95 % interval under `NAME_interval`."""
    return {name: float(hits.mean()), f"{name}_interval": wilson_interval(int(hits.sum()), len(hits))}


def class_scores(truth: Indices, answers: Indices, classes: int) -> ClassScores:
    """Support, precision, recall and F1 of every class."""
    support = np.bincount(truth, minlength=classes)
    answered = np.bincount(answers, minlength=classes)
    hits = np.bincount(truth[truth == answers], minlength=classes)
    f1 = np.where(support > 0, _ratio(2 * hits, support + answered), np.nan)
    return ClassScores(support, _ratio(hits, answered), _ratio(hits, support), f1)


def macro_figures(truth: Indices, answers: Indices, classes: int) -> dict[str, Any]:
    """`macro_f1` and `balanced_accuracy` (mean recall) over the classes that have a photo, with 95 % intervals."""

    def macro_f1(chosen: Indices) -> float:
        return float(np.nanmean(class_scores(truth[chosen], answers[chosen], classes).f1))

    def balanced_accuracy(chosen: Indices) -> float:
        return float(np.nanmean(class_scores(truth[chosen], answers[chosen], classes).recall))

    count = len(truth)
    everything = np.arange(count)
    return {
        "macro_f1": macro_f1(everything),
        "macro_f1_interval": bootstrap_interval(macro_f1, count),
        "balanced_accuracy": balanced_accuracy(everything),
        "balanced_accuracy_interval": bootstrap_interval(balanced_accuracy, count),
    }


def confusion_matrix(truth: Indices, answers: Indices, classes: int) -> Indices:
    """Number of photos of the row's class that were answered with the column's class, [classes, classes]."""
    return np.bincount(truth * classes + answers, minlength=classes**2).reshape(classes, classes)


def score_table(truth: Indices, answers: Indices, names: Sequence[str]) -> list[dict[str, Any]]:
    """For every class, in order: its figures, and the class that its photos are most often mistaken for.

    Returns:
        Dicts of `support`, `precision` (None if the class was never the answer), `recall`, `recall_interval` and `f1`
        (None for support 0), and `most_confused_with`: {`name`, `count`}, None if no photo was mistaken.
    """
    scores = class_scores(truth, answers, len(names))
    mistakes = confusion_matrix(truth, answers, len(names))
    hits = mistakes.diagonal().copy()
    np.fill_diagonal(mistakes, 0)
    table = []
    for i, support in enumerate(scores.support):
        other = int(mistakes[i].argmax())
        count = int(mistakes[i, other])
        table.append(
            {
                "support": int(support),
                "precision": _or_none(scores.precision[i]),
                "recall": _or_none(scores.recall[i]),
                "recall_interval": wilson_interval(int(hits[i]), int(support)),
                "f1": _or_none(scores.f1[i]),
                "most_confused_with": {"name": names[other], "count": count} if count else None,
            }
        )
    return table


def confused_pairs(
    truth: Indices, answers: Indices, confidences: Floats, labels: Sequence[str], file_names: Sequence[str]
) -> list[dict[str, Any]]:
    """The pairs of classes that are most often confused, most frequent first.

    Args:
        truth: The true classes, [n].
        answers: The answers, [n].
        confidences: The probability of each answer, [n].
        labels: Name of each class.
        file_names: Name of each photo.

    Returns:
        Up to 20 dicts of `labels` (two), `counts` (photos of the first answered with the second, and the other way),
        `count` (their sum) and `examples` (file names of up to 5 such photos, the most confident mistakes first).
    """
    matrix = confusion_matrix(truth, answers, len(labels))
    both_ways = np.triu(matrix + matrix.T, 1)
    pairs = []
    for place in np.argsort(-both_ways, axis=None, kind="stable")[:PAIRS]:
        a, b = (int(index) for index in np.unravel_index(place, both_ways.shape))
        if both_ways[a, b] == 0:
            break
        mistaken = np.flatnonzero(((truth == a) & (answers == b)) | ((truth == b) & (answers == a)))
        surest = mistaken[np.argsort(-confidences[mistaken], kind="stable")][:EXAMPLES]
        pairs.append(
            {
                "labels": [labels[a], labels[b]],
                "counts": [int(matrix[a, b]), int(matrix[b, a])],
                "count": int(both_ways[a, b]),
                "examples": [file_names[i] for i in surest],
            }
        )
    return pairs


def calibration(probabilities: Floats, truth: Indices) -> dict[str, Any]:
    """Whether answers with a probability of 80 % are right 80 times in 100.

    Args:
        probabilities: Of every class, [n, classes].
        truth: The true classes, [n].

    Returns:
        `ece`, the expected calibration error of the first answer in 15 equally wide bins (Guo et al. 2017,
        https://arxiv.org/abs/1706.04599), and `ece_interval`; `nll`, the mean negative log likelihood in nats; `bins`
        for a reliability plot, dicts of `low`, `high`, `count`, `confidence`, `accuracy` (means) and
        `accuracy_interval` (all None if empty).
    """
    confidences = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == truth).astype(np.float64)
    places = np.clip(np.ceil(confidences * CALIBRATION_BINS) - 1, 0, CALIBRATION_BINS - 1).astype(np.int64)

    def error(chosen: Indices) -> float:
        gaps = np.bincount(places[chosen], (confidences - right)[chosen], CALIBRATION_BINS)
        return float(np.abs(gaps).sum() / len(chosen))

    counts = np.bincount(places, minlength=CALIBRATION_BINS)
    confidence = _ratio(np.bincount(places, confidences, CALIBRATION_BINS), counts)
    hits = np.bincount(places, right, CALIBRATION_BINS)
    accuracy = _ratio(hits, counts)
    of_truth = np.take_along_axis(probabilities, truth[:, None], axis=1)[:, 0].astype(np.float64)
    return {
        "ece": error(np.arange(len(truth))),
        "ece_interval": bootstrap_interval(error, len(truth)),
        "nll": float(-np.log(np.maximum(of_truth, np.finfo(np.float32).tiny)).mean()),
        "bins": [
            {
                "low": i / CALIBRATION_BINS,
                "high": (i + 1) / CALIBRATION_BINS,
                "count": int(counts[i]),
                "confidence": _or_none(confidence[i]),
                "accuracy": _or_none(accuracy[i]),
                "accuracy_interval": wilson_interval(int(hits[i]), int(counts[i])),
            }
            for i in range(CALIBRATION_BINS)
        ],
    }


def abstention(confidences: Floats, right: Flags) -> dict[str, Any]:
    """The figures that a model would have if it answered only when it is sure enough.

    Args:
        confidences: The probability of each first answer, [n].
        right: Whether it is right, [n].

    Returns:
        `curve`, for a few thresholds, and `at_95`, the lowest threshold at which 95 % of the answered photos are right
        (a little flattering, because it is chosen on these very photos; None if there is none). Each is a dict of
        `threshold`, `answered` (photos at or above the threshold), `share_answered`, `accuracy` and
        `accuracy_interval` (None for no photos).
    """
    confidences = confidences.astype(np.float64)
    order = np.argsort(-confidences, kind="stable")
    descending = confidences[order]
    accuracy = right[order].cumsum() / np.arange(1, len(order) + 1)
    last_of_equals = np.append(descending[1:] != descending[:-1], True)
    enough = np.flatnonzero(last_of_equals & (accuracy >= 0.95))
    return {
        "curve": [answered_from(threshold, confidences, right) for threshold in THRESHOLDS],
        "at_95": answered_from(float(descending[enough[-1]]), confidences, right) if len(enough) else None,
    }


def sure_above(confidences: Floats, right: Flags, wrong_at_most: float, least: float) -> float | None:
    """The lowest threshold from which on answers are wrong as rarely as wished.

    One wrong answer more than there were is counted, of two answers more, because the threshold is chosen on these
    very photos: a few answers without a mistake are no proof. For "at most one in ten" it takes 8 answers at least.

    Args:
        confidences: The probability of each first answer, [n].
        right: Whether it is right, [n].
        wrong_at_most: The share of the answers at or above the threshold that may be wrong.
        least: The lowest threshold, whatever else would do: below one half, an answer is more likely wrong than right.

    Returns:
        From `least` to 1; None if no threshold meets the wish.
    """
    confidences = confidences.astype(np.float64)

    def meets(threshold: float) -> bool:
        answered = right[confidences >= threshold]
        return bool((len(answered) - answered.sum() + 1) / (len(answered) + 2) <= wrong_at_most)

    candidates = [least, *np.unique(confidences[confidences > least]).tolist()]
    return next((threshold for threshold in candidates if meets(threshold)), None)


def guessing(truth: Indices, labels: Sequence[str]) -> dict[str, Any]:
    """The accuracy of guessing on these photos.

    Args:
        truth: The true classes, [n], of at least one photo.
        labels: Name of each class.

    Returns:
        `by_chance`, the share that is right if every class is answered equally often; `most_frequent`, the share that
        is right if the class with the most photos is always answered, and `label`, its name.
    """
    counts = np.bincount(truth, minlength=len(labels))
    return {
        "by_chance": 1 / len(labels),
        "most_frequent": float(counts.max() / len(truth)),
        "label": labels[int(counts.argmax())],
    }


def answered_from(threshold: float, confidences: Floats, right: Flags) -> dict[str, Any]:
    """The figures of the photos whose first answer has at least this probability; see `abstention`."""
    answered = right[confidences >= threshold]
    return {
        "threshold": threshold,
        "answered": len(answered),
        "share_answered": len(answered) / len(right),
        "accuracy": float(answered.mean()) if len(answered) else None,
        "accuracy_interval": wilson_interval(int(answered.sum()), len(answered)),
    }


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """The ratio, element by element; nan where `whole` is 0."""
    ratio = np.full(len(whole), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
