"""A version's answers for its test photos: its mistakes, and how two versions differ on the same photos."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.names import display_name
from dashboard.photos.dataset import Dataset
from dashboard.reports.versions import Version

ANSWERS_KEPT = 5
MOST_PHOTOS = 480  # on a wall; nobody pages further


@dataclass(frozen=True)
class Answer:
    """A version's answer for one photo.

    Attributes:
        file_name: The photo's name in the manifest.
        label: The photo's own label.
        make: The make of that label.
        answers: The most likely labels, most likely first.
        probabilities: The probabilities of `answers`, 0 to 1.
        answered_make: The most likely make.
    """

    file_name: str
    label: str
    make: str
    answers: tuple[str, ...]
    probabilities: tuple[float, ...]
    answered_make: str

    @property
    def first(self) -> str:
        """The most likely label."""
        return self.answers[0]

    @property
    def confidence(self) -> float:
        """The probability of the most likely label."""
        return self.probabilities[0]

    @property
    def is_right(self) -> bool:
        """Whether the most likely label is the photo's own."""
        return self.first == self.label


HITS: Mapping[str, Callable[[Answer], bool]] = {
    "top1": lambda answer: answer.is_right,
    "top5": lambda answer: answer.label in answer.answers,
    "make_top1": lambda answer: answer.make == answer.answered_make,
}
"""What counts as right, for each headline number that is a share of photos."""


def answers_of(version: Version) -> list[Answer]:
    """Returns the readable answers in a version's `predictions.csv`."""
    answers = map(_answer, version.predictions)
    return [answer for answer in answers if answer is not None]


def _answer(row: Mapping[str, str | None]) -> Answer | None:
    try:
        ranked = [
            (str(row[f"label_{rank}"]), float(row[f"probability_{rank}"] or "nan"))
            for rank in range(1, ANSWERS_KEPT + 1)
            if row.get(f"label_{rank}")
        ]
        labels, probabilities = zip(*ranked, strict=True)
        names = [str(row[name] or "") for name in ("file_name", "label", "make", "make_1")]
    except (KeyError, ValueError):
        return None
    if not all(math.isfinite(probability) for probability in probabilities):
        return None
    return Answer(names[0], names[1], names[2], labels, probabilities, names[3])


def mistakes(answers: Iterable[Answer]) -> list[Answer]:
    """Returns the wrong answers, the most confident first."""
    return sorted((answer for answer in answers if not answer.is_right), key=lambda answer: -answer.confidence)


def choose(answers: Iterable[Answer], truth: str | None, answered: str | None, both_ways: bool = False) -> list[Answer]:
    """Selects the answers of one cell, row or column of the confusion matrix, or of a pair of classes.

    Args:
        answers: All of them.
        truth: The photos' label; any if left out.
        answered: The most likely label; any if left out.
        both_ways: Also selects answers with the two exchanged.

    Returns:
        The wrong ones first, then by confidence.
    """
    cells = {(truth, answered)} | ({(answered, truth)} if both_ways else set())

    def fits(answer: Answer) -> bool:
        return any(a in (None, "", answer.label) and b in (None, "", answer.first) for a, b in cells)

    return sorted(filter(fits, answers), key=lambda answer: (answer.is_right, -answer.confidence))


def wall(answers: Sequence[Answer], dataset: Dataset, evidence: str, empty: str) -> dict[str, Any]:
    """Prepares answers for a photo wall.

    Args:
        answers: The answers to show, in order.
        dataset: The data set, for the photos' ids.
        evidence: The heatmap to draw: for the `answer`, for the `truth`, for one against the other (`contrast`), or
            `none`.
        empty: Sentence to show if there are no answers.

    Returns:
        The data of `dashboard.components.photo_wall`.
    """
    known = [(answer, dataset.by_file_name.get(answer.file_name)) for answer in answers[:MOST_PHOTOS]]
    photos = [
        {
            "id": photo.id,
            "title": f"{display_name(answer.first)}, {_percent(answer.confidence)}",
            "lines": ["Right" if answer.is_right else f"Really {_truth(answer)}"],
            "href": f"/?sample={photo.id}",
            **_evidence(answer, evidence),
        }
        for answer, photo in known
        if photo is not None
    ]
    if answers and not photos:
        empty = "These photos are not in the manifest that the dashboard reads. Set DASHBOARD_MANIFEST to theirs."
    return {"photos": photos, "empty": empty}


def _truth(answer: Answer) -> str:
    name = display_name(answer.label)
    if answer.label not in answer.answers:
        return name
    return f"{name}, {_percent(answer.probabilities[answer.answers.index(answer.label)])}"


def _percent(probability: float) -> str:
    """Formats a probability with one decimal; only 0 and 1 read as 0 % and 100 %."""
    if 0 < probability < 0.001:
        return "<\u00a00.1%"
    if 0.9995 <= probability < 1:
        return ">\u00a099.9%"
    return f"{probability:.1%}"


def _evidence(answer: Answer, evidence: str) -> dict[str, str]:
    if evidence == "none":
        return {}
    if evidence == "truth":
        return {"explain": answer.label}
    if evidence == "contrast" and not answer.is_right:
        return {"explain": answer.first, "against": answer.label}
    return {"explain": answer.first}


def paired_difference(
    answers: Sequence[Answer], others: Sequence[Answer], hit: Callable[[Answer], bool]
) -> tuple[float, float] | None:
    """Compares the shares of hits of two versions on the same photos.

    Args:
        answers: Answers of the first version.
        others: Answers of the second version.
        hit: Whether an answer counts as a hit.

    Returns:
        The 95 % interval of the difference, after Bonett and Price 2012 (https://doi.org/10.3102/1076998611411915),
        which also holds for few photos; None if the versions did not answer the same photos.
    """
    hits, other_hits = ({answer.file_name: hit(answer) for answer in of_version} for of_version in (answers, others))
    if not hits or hits.keys() != other_hits.keys():
        return None
    gained = (sum(was and not other_hits[name] for name, was in hits.items()) + 1) / (len(hits) + 2)
    lost = (sum(other_hits[name] and not was for name, was in hits.items()) + 1) / (len(hits) + 2)
    half = 1.959964 * math.sqrt((gained + lost - (gained - lost) ** 2) / (len(hits) + 2))
    return max(gained - lost - half, -1.0), min(gained - lost + half, 1.0)
