"""The published versions of the model, and the files in their `assets.extra/`."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dashboard.reports.track_record import TrackRecord
from dashboard.subject import Subject, default_subject, subject_from_json

SURE_ABOVE = 0.5
"""An answer with a lower probability is called not sure, by a version that has no threshold of its own."""


@dataclass(frozen=True)
class Version:
    """One published version.

    Files may be missing, because another program may have published the version. Their properties are empty then.

    Attributes:
        number: The version's number.
        folder: `model/<number>`.
    """

    number: int
    folder: Path

    @property
    def assets(self) -> Path:
        """The folder of the files beside the SavedModel."""
        return self.folder / "assets.extra"

    @cached_property
    def labels(self) -> Sequence[str]:
        """The classes' labels, in the model's order."""
        labels = self._json("labels.json").get("labels", [])
        return [str(label) for label in labels] if isinstance(labels, list) else []

    @cached_property
    def subject(self) -> Subject:
        """What the photos show that it was trained on; older versions do not name it."""
        return subject_from_json(self.config.get("subject")) or default_subject(self._has_makes)

    @property
    def is_demo(self) -> bool:
        """Whether its publisher says that all photos of its training were drawn."""
        return self.config.get("drawn") is True

    @property
    def _has_makes(self) -> bool:
        makes = self._json("labels.json").get("makes")
        if not isinstance(makes, dict):  # another program published the version
            return any("_" in label for label in self.labels)
        return any(makes.get(label, label) != label for label in self.labels)

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """Its metrics on the test split."""
        return self._json("metrics.json")

    @cached_property
    def evaluations(self) -> Mapping[str, Mapping[str, Any]]:
        """Its metrics on other photos, written by `car-classifier evaluate`, by the name of the photos."""
        files = sorted((self.assets / "evaluations").glob("*.json"))
        evaluations = {file.stem: self._json(f"evaluations/{file.name}") for file in files}
        return {name: figures for name, figures in evaluations.items() if figures}

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The settings of its training, and the software."""
        return self._json("config.json")

    @property
    def sure_above(self) -> float:
        """The probability below which its answers are called not sure; `SURE_ABOVE` if it has none of its own."""
        sure = self.config.get("sure")
        above = sure.get("above") if isinstance(sure, dict) else None
        if isinstance(above, bool) or not isinstance(above, int | float) or not 0 <= above <= 1:
            return SURE_ABOVE
        return float(above)

    @cached_property
    def track_record(self) -> TrackRecord:
        """How often it was right on the test split, by its confidence; empty if its answers are not known."""
        return TrackRecord(filter(None, map(_first_answer, self._csv("predictions.csv"))))

    @cached_property
    def history(self) -> Sequence[Mapping[str, str]]:
        """The history of its training, one row per epoch."""
        return self._csv("history.csv")

    @cached_property
    def predictions(self) -> Sequence[Mapping[str, str]]:
        """Its answers for the test split, one row per photo."""
        return self._csv("predictions.csv")

    @cached_property
    def card(self) -> str:
        """Its model card, in Markdown."""
        try:
            return (self.assets / "model_card.md").read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return ""

    def _json(self, name: str) -> Mapping[str, Any]:
        try:
            content = json.loads((self.assets / name).read_text(encoding="utf-8-sig"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _csv(self, name: str) -> Sequence[Mapping[str, str]]:
        try:
            with (self.assets / name).open(newline="", encoding="utf-8-sig") as file:
                return list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error):
            return []


class VersionsFolder:
    """The folder that the model server serves from; versions may appear and disappear.

    Args:
        folder: Holds a folder for each version, named by an integer.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._known: dict[tuple[int, int], Version] = {}

    def all(self) -> list[Version]:
        """Returns the current versions, newest first.

        The content read from a version is kept until a file in its `assets.extra/` is replaced.
        """
        versions = {}
        try:
            folders = [path for path in self.folder.iterdir() if path.name.isdecimal() and path.is_dir()]
        except OSError:
            folders = []
        for path in folders:
            key = (int(path.name), _changed(path / "assets.extra"))
            versions[key] = self._known.get(key) or Version(int(path.name), path)
        self._known = versions
        return sorted(versions.values(), key=lambda version: version.number, reverse=True)

    def find(self, number: int | str | None) -> Version | None:
        """Returns one version, or None if it does not exist."""
        return next((version for version in self.all() if str(version.number) == str(number)), None)


def _first_answer(row: Mapping[str, str | None]) -> tuple[float, bool] | None:
    """The probability of the first answer in a row of `predictions.csv`, and whether it is right, or None."""
    try:
        probability = float(row["probability_1"] or "nan")
        is_right = bool(row["label"]) and row["label"] == row["label_1"]
    except (KeyError, ValueError):
        return None
    return (probability, is_right) if 0 <= probability <= 1 else None


def _changed(folder: Path) -> int:
    """The latest modification time in a folder, in nanoseconds."""
    try:
        return max(path.stat().st_mtime_ns for path in [folder, *folder.iterdir()])
    except OSError:
        return 0
