"""Training runs, as their folders tell, while they are going on and afterwards.

`car-classifier train` writes the files, in this container or another one; nobody tells the dashboard. A damaged or
missing file counts as empty.
"""

import csv
import json
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from dashboard.reports.results import Epoch, readable_epochs

SILENT_SECONDS = 30
"""A process whose last heartbeat is older counts as killed; a living one writes every five seconds."""

MOST_RUNS = 50
"""Runs that are listed, the newest."""

MOST_SHOWN = 4
"""Runs that are shown side by side."""

MOST_DRAWN = 12
"""Drawn cars that are shown while they are drawn."""

WATCH = "watch"
PROGRESS = "progress.json"

State = Literal["running", "ended", "stopped", "failed"]


class Point(BaseModel):
    """A point of a learning curve: the accuracy after this number of photos."""

    photos: int
    accuracy: float


class Progress(BaseModel):
    """The content of a `progress.json`."""

    model_config = ConfigDict(frozen=True)

    state: State = "running"
    reason: str | None = None
    settings: str = ""
    command: str = ""
    host: str = ""
    pid: int = 0
    started: float | None = None
    heartbeat: float | None = None
    stage: str = ""
    stage_number: int = 0
    stage_count: int = 0
    work: str | None = None
    done: int | None = None
    total: int | None = None
    photos_per_second: float | None = None
    seconds_left: float | None = None
    epoch: int | None = None
    epochs: int | None = None
    loss: float | None = None
    accuracy: float | None = None
    learning_curve: list[Point] = []

    def state_now(self) -> State:
        """Returns the state; work that was killed could not write that it has stopped."""
        if self.state == "running" and not self._is_alive():
            return "stopped"
        return self.state

    def _is_alive(self) -> bool:
        if self.host == socket.gethostname() and self.pid > 0 and not _is_process(self.pid):
            return False
        return self.heartbeat is not None and time.time() - self.heartbeat < SILENT_SECONDS

    def as_json(self) -> dict[str, Any]:
        """Returns what the page shows."""
        return self.model_dump(exclude={"host", "pid", "heartbeat"}) | {"state": self.state_now()}


def _is_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


@dataclass(frozen=True)
class Run:
    """A training run.

    Attributes:
        id: Its name, which no other run has.
        folder: Its folder.
    """

    id: str
    folder: Path

    def progress(self) -> Progress:
        """Returns its progress; that of a run without the file is known from its other files."""
        progress = read_progress(self.folder / PROGRESS)
        if progress is not None:
            return progress
        return Progress(state="ended" if (self.folder / "metrics.json").is_file() else "stopped")

    def history(self) -> list[Epoch]:
        """Returns its epochs so far."""
        try:
            with (self.folder / "history.csv").open(newline="", encoding="utf-8-sig") as file:
                return readable_epochs(list(csv.DictReader(file)))
        except (OSError, UnicodeDecodeError, csv.Error):
            return []

    def version(self) -> str | None:
        """Returns the folder of the version as which it was published, if it was."""
        metrics = _json(self.folder / "metrics.json")
        version = metrics.get("version") if isinstance(metrics, dict) else None
        return version if isinstance(version, str) else None

    def watched_photos(self) -> list[dict[str, Any]]:
        """Returns the test photos that are watched: the name of each copy, its label and its size."""
        photos = _json(self.folder / WATCH / "photos.json")
        return photos if isinstance(photos, list) and all(isinstance(photo, dict) for photo in photos) else []

    def snapshots(self) -> list[str]:
        """Returns the names of the files of answers, by stage and epoch."""
        return sorted(path.stem for path in (self.folder / WATCH).glob("[0-9]*-[0-9]*.json"))

    def snapshot(self, name: str) -> dict[str, Any] | None:
        """Returns the answers after an epoch; None if they are not there."""
        content = _json(self.folder / WATCH / f"{name}.json") if name in self.snapshots() else None
        return content if isinstance(content, dict) else None

    def watched_photo(self, name: str) -> bytes | None:
        """Returns a copy of a watched photo; None if there is none of this name."""
        if not any(photo.get("photo") == name for photo in self.watched_photos()) or "/" in name:
            return None
        return _bytes(self.folder / WATCH / name)


class RunsFolder:
    """The folders in which runs appear: those of a user's trainings, and that of the demo model.

    Args:
        folder: Of the user's runs.
        demo: Of the drawn cars; the demo model's runs are in its `runs`.
    """

    def __init__(self, folder: Path, demo: Path):
        self.folder, self.demo = folder, demo

    def all(self) -> list[Run]:
        """Returns the newest runs, newest first."""
        runs = [*_runs_in(self.folder, ""), *_runs_in(self.demo / "runs", "demo-")]
        return sorted(runs, key=lambda run: run.folder.name, reverse=True)[:MOST_RUNS]

    def find(self, run_id: str) -> Run | None:
        """Returns a run, or None if there is none of this id."""
        return next((run for run in self.all() if run.id == run_id), None)

    def is_anything_running(self) -> bool:
        """Whether a training is going on, or the demo model is being made."""
        preparation = self.preparation()
        progresses = [run.progress() for run in self.all()] + ([preparation] if preparation else [])
        return any(progress.state_now() == "running" for progress in progresses)

    def preparation(self) -> Progress | None:
        """Returns the progress of making the demo model; None if nobody has begun to."""
        return read_progress(self.demo / PROGRESS)

    def drawn(self, most: int) -> list[str]:
        """Returns the names of the cars that were drawn last, newest first."""
        try:
            with os.scandir(self.demo / "images") as entries:
                files = [(entry.stat().st_mtime, entry.name) for entry in entries if _is_drawn(entry.name)]
        except OSError:
            return []
        return [name for _, name in sorted(files, reverse=True)[:most]]

    def drawn_photo(self, name: str) -> bytes | None:
        """Returns a drawn car; None if there is none of this name."""
        return _bytes(self.demo / "images" / name) if _is_drawn(name) and "/" not in name else None


def read_progress(path: Path) -> Progress | None:
    """Reads a `progress.json`; None if it is missing or damaged."""
    content = _json(path)
    try:
        return None if content is None else Progress.model_validate(content)
    except ValidationError:
        return None


def _runs_in(folder: Path, prefix: str) -> Sequence[Run]:
    try:
        paths = [path for path in folder.iterdir() if (path / "config.json").is_file()]
    except OSError:
        return []
    return [Run(f"{prefix}{path.name}", path) for path in paths]


def _is_drawn(name: str) -> bool:
    return name.endswith(".jpg") and not name.startswith(".")


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
