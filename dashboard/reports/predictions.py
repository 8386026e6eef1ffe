"""A version's answers for its test photos: which photos are mistaken, and how two versions differ on the same ones."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.names import display_name
from dashboard.photos.dataset import Dataset
from dashboard.reports.versions import Version

ANSWERS_KEPT = 5
MOST_PHOTOS = 480  # of a wall; nobody pages further


@dataclass(frozen=True)
class Answer:
    """What a version said of one photo.

    Attributes:
        file_name: As the manifest has it.
        label: What the photo shows.
        make: Make of that.
        answers: The most likely labels, most likely first.
        probabilities: Theirs, 0 to 1.
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
        """Its probability."""
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
"""What counts as right in the headline numbers that are shares of photos."""


def answers_of(version: Version) -> list[Answer]:
    """A version's answers, as far as its `predictions.csv` can be read."""
    read = (_answer(row) for row in version.predictions)
    return [answer for answer in read if answer is not None]


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
    """The wrong answers, the most confident first."""
    return sorted((answer for answer in answers if not answer.is_right), key=lambda answer: -answer.confidence)


def choose(answers: Iterable[Answer], truth: str | None, answered: str | None, both_ways: bool = False) -> list[Answer]:
    """The answers of one cell, row or column of the confusion matrix, or of a pair of classes.

    Args:
        answers: All of them.
        truth: What the photos show; any class if left out.
        answered: What was answered; any class if left out.
        both_ways: Also those with the two exchanged.

    Returns:
        The wrong ones first, then by confidence.
    """
    wanted = {(truth, answered)} | ({(answered, truth)} if both_ways else set())

    def fits(answer: Answer) -> bool:
        return any(a in (None, "", answer.label) and b in (None, "", answer.first) for a, b in wanted)

    return sorted(filter(fits, answers), key=lambda answer: (answer.is_right, -answer.confidence))


def wall(answers: Sequence[Answer], dataset: Dataset, evidence: str, empty: str) -> dict[str, Any]:
    """Answers as a photo wall shows them.

    Args:
        answers: Which, in order.
        dataset: Tells the photos' ids.
        evidence: What is drawn over them: what speaks for the `answer`, for the `truth`, for the one against the
            other (`contrast`), or `none`.
        empty: The sentence for no answers.

    Returns:
        As `dashboard.components.photo_wall` wants it.
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
    """A probability with one decimal; only what is certain reads as 0 or 100 %."""
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
    """How much larger one version's share of hits surely is than another's on the same photos.

    Args:
        answers: The one version's.
        others: The other's.
        hit: What counts.

    Returns:
        The 95 % interval of the difference, after Bonett and Price 2012 (https://doi.org/10.3102/1076998611411915),
        which holds for few photos too; None if the versions did not answer the same photos.
    """
    hits, other_hits = ({one.file_name: hit(one) for one in some} for some in (answers, others))
    if not hits or hits.keys() != other_hits.keys():
        return None
    gained = (sum(was and not other_hits[name] for name, was in hits.items()) + 1) / (len(hits) + 2)
    lost = (sum(other_hits[name] and not was for name, was in hits.items()) + 1) / (len(hits) + 2)
    half = 1.959964 * math.sqrt((gained + lost - (gained - lost) ** 2) / (len(hits) + 2))
    return max(gained - lost - half, -1.0), min(gained - lost + half, 1.0)
