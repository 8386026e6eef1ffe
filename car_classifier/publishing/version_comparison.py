"""A version beside the live one, on the test photos that both were measured on."""

from dataclasses import dataclass

import numpy as np

from car_classifier.errors import UserError
from car_classifier.evaluation.metrics import class_scores
from car_classifier.files import read_csv
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.words import counted


@dataclass(frozen=True)
class Comparison:
    """Two versions on the test photos that both were measured on.

    Attributes:
        photos: Number of these photos.
        figures: Top-1 and macro-F1, from 0 to 1, of the candidate and of the live version.
    """

    photos: int
    figures: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        parts = [f"{name} {new:.1%} (live {live:.1%})" for name, (new, live) in self.figures.items()]
        return f"{' and '.join(parts)} on the {counted(self.photos, 'test photo')} that both were measured on"

    def fallen(self, margin: float) -> list[str]:
        """The figures that fall by more than a margin."""
        return [name for name, (new, live) in self.figures.items() if live - new > margin + 1e-9]


def compare(candidate: PublishedVersion, live: PublishedVersion) -> Comparison | None:
    """Compare two versions by their `predictions.csv`; None if they have no photo in common."""
    new, old = _predictions(candidate), _predictions(live)
    photos = [photo for photo in new if photo in old]
    if not photos:
        return None
    labels = sorted({label for _, label in photos} | {answers[photo] for answers in (new, old) for photo in photos})
    index = {label: i for i, label in enumerate(labels)}
    truth = np.array([index[label] for _, label in photos])
    figures: dict[str, list[float]] = {"top-1": [], "macro-F1": []}
    for predictions in (new, old):
        answers = np.array([index[predictions[photo]] for photo in photos])
        figures["top-1"].append(float((truth == answers).mean()))
        figures["macro-F1"].append(float(np.nanmean(class_scores(truth, answers, len(labels)).f1)))
    return Comparison(len(photos), {name: (new, live) for name, (new, live) in figures.items()})


def _predictions(version: PublishedVersion) -> dict[tuple[str, str], str]:
    """Most likely label of each test photo, by its file name and its true label; empty without `predictions.csv`."""
    path = version.predictions_path
    if not path.is_file():
        return {}
    try:
        rows = read_csv(path, ("file_name", "label", "label_1"))
        return {(row["file_name"], row["label"]): row["label_1"] for _, row in rows}
    except UserError as error:
        raise UserError(f"{error} The two versions cannot be compared. Restore or remove the file.") from error
