"""Photos whose label may be wrong, because the model is sure of another label.

The threshold of confidence differs from class to class. As in confident learning (Northcutt, Jiang and Chuang 2021,
https://arxiv.org/abs/1911.00068), it is the mean probability of a class over the photos with that label: low
for a class that the model is never sure of, high for one that it always recognises.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from dashboard.photos.dataset import Dataset, DatasetPhoto
from dashboard.reports.versions import Version


@dataclass(frozen=True)
class Suspect:
    """A photo whose label may be wrong.

    Attributes:
        photo: The photo, with its label.
        answer: The label that the model is sure of.
        probability: Probability of `answer`, 0 to 1.
        label_probability: Probability of the photo's own label.
        threshold: Mean probability of `answer` over the photos with that label.
    """

    photo: DatasetPhoto
    answer: str
    probability: float
    label_probability: float
    threshold: float


@dataclass(frozen=True)
class SuspectReport:
    """The suspects, and how many photos were examined.

    Attributes:
        suspects: The most confident first.
        looked_at: Number of photos in each split for which the model's answer is known.
    """

    suspects: Sequence[Suspect] = ()
    looked_at: Mapping[str, int] | None = None


def find_suspects(dataset: Dataset, predictions: Sequence[Mapping[str, str]]) -> SuspectReport:
    """Finds photos for which a model is confident of another label.

    Args:
        dataset: The photos with their labels. Excluded photos are skipped, as are predictions for removed ones.
        predictions: The model's answers: rows of `predictions.csv`, with `file_name`, `label_1` to `label_5` and
            `probability_1` to `probability_5`. Incomplete rows are skipped. A label that is not among the five
            counts with probability 0.
    """
    answers = []
    for row in predictions:
        photo = dataset.by_file_name.get(row.get("file_name", ""))
        ranking = _ranking(row)
        if photo and ranking and not photo.excluded:
            answers.append((photo, ranking))

    own: dict[str, list[float]] = defaultdict(list)
    for photo, ranking in answers:
        own[photo.label].append(ranking.get(photo.label, 0.0))
    thresholds = {label: fmean(probabilities) for label, probabilities in own.items()}

    suspects = []
    for photo, ranking in answers:
        answer = max(ranking, key=ranking.__getitem__)
        threshold = thresholds.get(answer)  # None: no photo of that class to compare with
        if answer != photo.label and threshold is not None and ranking[answer] >= threshold:
            suspects.append(Suspect(photo, answer, ranking[answer], ranking.get(photo.label, 0.0), threshold))
    suspects.sort(key=lambda suspect: (-suspect.probability, suspect.photo.file_name))
    return SuspectReport(suspects, Counter(photo.split for photo, _ in answers))


class LatestSuspects:
    """Caches the latest report, of one data set and one version."""

    def __init__(self) -> None:
        self._known: tuple[Dataset, Version, SuspectReport] | None = None

    def of(self, dataset: Dataset, version: Version) -> SuspectReport:
        """Returns `find_suspects` of both, which are the same objects as long as their files do not change."""
        known = self._known  # another thread may replace it at any time
        if known is None or known[0] is not dataset or known[1] is not version:
            known = self._known = (dataset, version, find_suspects(dataset, version.predictions))
        return known[2]


def _ranking(row: Mapping[str, str]) -> dict[str, float] | None:
    """Returns the labels of a row with their probabilities; None if it cannot be read."""
    try:
        return {
            label: float(row[f"probability_{rank}"]) for rank in range(1, 6) if (label := row.get(f"label_{rank}"))
        } or None
    except (KeyError, TypeError, ValueError):
        return None
