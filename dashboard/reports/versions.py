"""What is known of the published versions of the model: the files that each keeps in `assets.extra/`."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Version:
    """One published version.

    Its files may be missing: another program may have published it. Each property then is empty.

    Attributes:
        number: The version.
        folder: `model/<number>`.
    """

    number: int
    folder: Path

    @property
    def assets(self) -> Path:
        """Where the files beside the SavedModel are."""
        return self.folder / "assets.extra"

    @cached_property
    def labels(self) -> Sequence[str]:
        """Label of each class, in the model's order."""
        labels = self._json("labels.json").get("labels", [])
        return [str(label) for label in labels] if isinstance(labels, list) else []

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """How good it is on its test split."""
        return self._json("metrics.json")

    @cached_property
    def evaluations(self) -> Mapping[str, Mapping[str, Any]]:
        """The same for other photos, as `car-classifier evaluate` left it, by the photos' name."""
        files = sorted((self.assets / "evaluations").glob("*.json"))
        read = {file.stem: self._json(f"evaluations/{file.name}") for file in files}
        return {name: figures for name, figures in read.items() if figures}

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """How it was made."""
        return self._json("config.json")

    @cached_property
    def history(self) -> Sequence[Mapping[str, str]]:
        """Rows of its training, one an epoch."""
        return self._csv("history.csv")

    @cached_property
    def predictions(self) -> Sequence[Mapping[str, str]]:
        """Its answers for the photos of its test split, one row a photo."""
        return self._csv("predictions.csv")

    @cached_property
    def card(self) -> str:
        """Its model card, in Markdown."""
        try:
            return (self.assets / "model_card.md").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def _json(self, name: str) -> Mapping[str, Any]:
        try:
            content = json.loads((self.assets / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _csv(self, name: str) -> Sequence[Mapping[str, str]]:
        try:
            with (self.assets / name).open(newline="", encoding="utf-8") as file:
                return list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error):
            return []


class VersionsFolder:
    """The folder that the model server serves from, as its versions come and go.

    Args:
        folder: Holds one folder a version, named by an integer.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._known: dict[tuple[int, int], Version] = {}

    def all(self) -> list[Version]:
        """The versions that are there now, newest first.

        What was read of a version is kept until one of the files in its `assets.extra/` is replaced.
        """
        found = {}
        try:
            folders = [path for path in self.folder.iterdir() if path.name.isdecimal() and path.is_dir()]
        except OSError:
            folders = []
        for path in folders:
            key = (int(path.name), _changed(path / "assets.extra"))
            found[key] = self._known.get(key) or Version(int(path.name), path)
        self._known = found
        return sorted(found.values(), key=lambda version: version.number, reverse=True)

    def find(self, number: int | str | None) -> Version | None:
        """One version, or None if it is not there."""
        return next((version for version in self.all() if str(version.number) == str(number)), None)


def _changed(folder: Path) -> int:
    """When something in a folder was last replaced, in nanoseconds."""
    try:
        return max(path.stat().st_mtime_ns for path in [folder, *folder.iterdir()])
    except OSError:
        return 0
