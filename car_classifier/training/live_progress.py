"""What long work is doing right now, in a small file for those who watch it: the dashboard, or any other program.

The file, `progress.json`, is replaced as a whole, at most twice a second while the work goes on. It names the process
and the time of its last heartbeat: a process that was killed leaves a file that says "running", whose heartbeat is old.
Does not import TensorFlow.
"""

import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from car_classifier.files import write_json
from car_classifier.progress import Report, progress_bar

FILE = "progress.json"
"""Name of the file, in the folder of what is made."""

WRITE_SECONDS = 0.5
"""Least time between two writes while the work goes on."""

HEARTBEAT_SECONDS = 5.0
"""Longest time between two writes while the work goes on."""


class LiveProgress:
    """The progress of a training, or of other work in stages, for its own terminal and for those who watch the file.

    Args:
        path: The file; None to show the progress on the terminal alone.
        console: The terminal.
        settings: What is made, in short.
        command: The command that goes on where interrupted work stopped; empty if unknown.
        stages: Number of stages; 0 if unknown.
    """

    def __init__(
        self, path: Path | None, console: Console, settings: str = "", command: str = "", stages: int = 0
    ) -> None:
        self.console = console
        self._path = path
        self._facts: dict[str, Any] = {
            "state": "running",
            "reason": None,
            "settings": settings,
            "command": command,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": round(time.time(), 1),
            "heartbeat": None,
            "stage": "",
            "stage_number": 0,
            "stage_count": stages,
            **_NO_STEPS,
            "epoch": None,
            "epochs": None,
            "loss": None,
            "accuracy": None,
            "learning_curve": [],
        }
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._is_over = threading.Event()
        self._noted = 0.0

    @property
    def stage_number(self) -> int:
        """The number of the stage, from 1; 0 before the first."""
        return int(self._facts["stage_number"])

    def announce(self) -> None:
        """Write the file once, before the work begins."""
        self._write()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Write the file while a `with` block runs, and how the block ended when it does."""
        if self._path is None:
            yield
            return
        self._note(state="running", reason=None)
        writer = threading.Thread(target=self._write_news, daemon=True)
        writer.start()
        end: dict[str, Any] = {"state": "stopped"}  # by Ctrl-C
        try:
            yield
            end = {"state": "ended"}
        except Exception as error:
            end = {"state": "failed", "reason": str(error) or type(error).__name__}
            raise
        finally:
            self._is_over.set()
            self._news.set()
            writer.join()
            self._note(**end, **_NO_STEPS)
            self._write()

    def begin_stage(self, title: str) -> None:
        """The next stage begins."""
        self._note(stage=title, stage_number=self.stage_number + 1, epoch=None, epochs=None, **_NO_STEPS)

    @contextmanager
    def bar(self, title: str, photos: int = 1) -> Iterator[Report]:
        """A progress bar, which those who watch the file see too.

        Args:
            title: What is being done.
            photos: Number of photos in a unit of the work.
        """
        first: tuple[float, int] | None = None

        def report(done: int, total: int, /) -> None:
            nonlocal first
            show(done, total)
            now = time.monotonic()
            first = first or (now, done)
            seconds, units = now - first[0], done - first[1]
            rate = units / seconds if units > 0 and seconds > 0 else None  # the first unit may hold preparations
            self._note(
                work=title,
                done=done,
                total=total,
                photos_per_second=rate and round(rate * photos, 2),
                seconds_left=rate and round((total - done) / rate, 1),
            )

        with progress_bar(title, self.console) as show:
            self._note(**_NO_STEPS | {"work": title})
            yield report
        self._note(**_NO_STEPS)

    def is_due(self) -> bool:
        """Whether the figures of the training may be looked at again, which can cost a moment: twice a second."""
        if self._path is None or time.monotonic() - self._noted < WRITE_SECONDS:
            return False
        self._noted = time.monotonic()
        return True

    def record(self, **figures: float | int | None) -> None:
        """Show `epoch` and `epochs`, or `loss` and `accuracy` so far in this epoch."""
        self._note(**{name: _rounded(value) for name, value in figures.items()})

    def record_point(self, photos: int, accuracy: float) -> None:
        """Add a point to the learning curve: the accuracy after this number of photos."""
        point = {"photos": photos, "accuracy": round(accuracy, 5)}
        self._note(learning_curve=[*self._facts["learning_curve"], point])

    def restart_curve(self) -> None:
        """Remove all points of the learning curve."""
        self._note(learning_curve=[])

    def _note(self, **facts: Any) -> None:
        with self._lock:
            self._facts |= facts
        self._news.set()

    def _write_news(self) -> None:
        while not self._is_over.is_set():
            self._news.clear()
            self._write()
            if not self._is_over.wait(WRITE_SECONDS):
                self._news.wait(HEARTBEAT_SECONDS - WRITE_SECONDS)

    def _write(self) -> None:
        if self._path is None:
            return
        with self._lock:
            facts = self._facts | {"heartbeat": round(time.time(), 1)}
        try:
            write_json(self._path, facts)
        except OSError:  # a full disk ends what must be written, and not because of this file
            pass


_NO_STEPS: dict[str, Any] = dict.fromkeys(("work", "done", "total", "photos_per_second", "seconds_left"))


def _rounded(value: float | int | None) -> float | int | None:
    """A number of five digits; None for a loss that is no longer a number, which JSON cannot hold."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.5g}") if math.isfinite(value) else None


class Budget:
    """Time for extras beside some work: at most a share of all the time since the start, plus two of the extras.

    The first one does not count, because it holds what is done only once.

    Args:
        share: The share.
        seconds: Time that may be taken in any case.
    """

    def __init__(self, share: float, seconds: float = 0.0) -> None:
        self._share, self._seconds = share, seconds
        self._start = time.perf_counter()
        self._spent = 0.0
        self._is_first = True

    def allows(self) -> bool:
        """Whether there is time for one more; always for the first two."""
        return self._spent <= self._seconds + self._share * (time.perf_counter() - self._start)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count the time of a `with` block."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._spent += 0 if self._is_first else time.perf_counter() - start
            self._is_first = False
