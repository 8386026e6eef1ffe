"""Photos that stay in the manifest but out of everything else: by their score, or by their class's frequency.

Each reason begins with what gave it, so that a second call lifts its own exclusions and leaves the others, those that
a user wrote by hand among them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from car_classifier.data.manifest import ManifestRow
from car_classifier.errors import UserError

BY_SCORE = "prefilter: "
BY_FREQUENCY = "top: "


def lift(rows: Iterable[ManifestRow], reason: str) -> list[ManifestRow]:
    """The rows, with those that were excluded for a reason of that beginning taken back in."""
    return [replace(row, excluded="") if row.excluded.startswith(reason) else row for row in rows]


def exclude_low_scores(rows: Sequence[ManifestRow], threshold: float) -> list[ManifestRow]:
    """Exclude the rows whose `prefilter_score` is below a threshold.

    A class that loses its last training photo by that cannot be learnt: the rest of it is excluded too.

    Args:
        rows: All of them scored.
        threshold: From 0 to 1.

    Returns:
        The rows in the same order; those that were excluded before are as they were.
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
    """Exclude all but the classes with the most photos; of classes with equally many, the first by name stay.

    Args:
        rows: Excluded ones do not count and are as they were.
        top: How many classes stay.

    Raises:
        UserError: `top` is below 2.
    """
    check_top(top)
    counts = Counter(row.label for row in rows if not row.excluded)
    frequent = set(sorted(counts, key=lambda label: (-counts[label], label))[:top])
    reason = f"{BY_FREQUENCY}not among the {top} most frequent classes"
    return [row if row.excluded or row.label in frequent else replace(row, excluded=reason) for row in rows]


def check_top(top: int) -> None:
    """Refuse a number of classes that no classifier can have.

    Raises:
        UserError: It is below 2.
    """
    if top < 2:
        raise UserError(f"--top must be at least 2: a classifier needs two classes. Received: {top}")
