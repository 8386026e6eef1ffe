"""Excluding photos by their score or their class's frequency: they stay in the manifest and are used nowhere else.

Each reason begins with the rule that gave it, so that a second call lifts only its own exclusions and keeps all
others, including those that a user wrote by hand.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from car_classifier.data.manifest import ManifestRow
from car_classifier.errors import UserError

BY_SCORE = "prefilter: "
BY_FREQUENCY = "top: "


def lift(rows: Iterable[ManifestRow], reason: str) -> list[ManifestRow]:
    """The rows, without the exclusions whose reason begins with `reason`."""
    return [replace(row, excluded="") if row.excluded.startswith(reason) else row for row in rows]


def exclude_low_scores(rows: Sequence[ManifestRow], threshold: float) -> list[ManifestRow]:
    """Exclude the rows whose `prefilter_score` is below a threshold.

    A class that loses its last training photo cannot be learnt, so its other photos are excluded too.

    Args:
        rows: All must have a score.
        threshold: From 0 to 1.

    Returns:
        The rows in the same order. Rows that were excluded before are unchanged.
    """
    reason = f"{BY_SCORE}{{score:.4f}} is below {threshold:g}"
    judged = [
        replace(row, excluded=reason.format(score=row.prefilter_score))
        if not row.excluded and row.prefilter_score is not None and row.prefilter_score < threshold
        else row
        for row in rows
    ]
    untrained = _labels_in_training(rows) - _labels_in_training(judged)
    return [
        replace(row, excluded=f"{BY_SCORE}no training photo of its class is left")
        if not row.excluded and row.label in untrained
        else row
        for row in judged
    ]


def _labels_in_training(rows: Iterable[ManifestRow]) -> set[str]:
    return {row.label for row in rows if row.split == "train" and not row.excluded}


def keep_most_frequent(rows: Sequence[ManifestRow], top: int) -> list[ManifestRow]:
    """Exclude all but the classes with the most photos; ties are broken by name.

    Args:
        rows: Excluded rows do not count and are unchanged.
        top: Number of classes to keep.

    Raises:
        UserError: `top` is below 2.
    """
    check_top(top)
    counts = Counter(row.label for row in rows if not row.excluded)
    frequent = set(sorted(counts, key=lambda label: (-counts[label], label))[:top])
    reason = f"{BY_FREQUENCY}not among the {top} most frequent classes"
    return [row if row.excluded or row.label in frequent else replace(row, excluded=reason) for row in rows]


def check_top(top: int) -> None:
    """Refuse a `top` that leaves too few classes for a classifier.

    Raises:
        UserError: It is below 2.
    """
    if top < 2:
        raise UserError(f"--top must be at least 2: a classifier needs two classes. Received: {top}")
