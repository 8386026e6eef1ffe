"""Progress bars and notes of long work, on the terminal or in a log."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from car_classifier.words import counted

MOST_NOTES = 20
"""Photos that are left out with a line each."""


class Report(Protocol):
    """Is called with the amount of work done and the amount in all."""

    def __call__(self, done: int, total: int, /) -> None:
        """Show the progress."""


def silent(_done: int, _total: int, /) -> None:
    """A report that shows nothing."""


class _DoneOfAll(MofNCompleteColumn):
    """The amounts done and in all; nothing before they are known."""

    def render(self, task: Task) -> Text:
        """The text."""
        return Text("") if task.total is None else super().render(task)


@contextmanager
def progress_bar(title: str, console: Console | None = None) -> Iterator[Report]:
    """A progress bar; if the output is no terminal, a line after each tenth of the work.

    What the program prints meanwhile appears above the bar, or goes where standard output leads if that is no terminal.
    """
    console = console or Console(stderr=True)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), _DoneOfAll(), TimeRemainingColumn())
        with Progress(*columns, console=console, redirect_stdout=sys.stdout.isatty()) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    shown = 0

    def report(done: int, total: int, /) -> None:
        nonlocal shown
        tenth = 10 * done // max(total, 1)
        if tenth > shown:
            shown = tenth
            console.print(f"{title}: {done}/{total}")

    yield report


def print_left_out(console: Console, notes: Sequence[str]) -> None:
    """Print a note on each photo that was left out; of many, the first ones and the number of the others."""
    shown, more = list(notes[:MOST_NOTES]), len(notes) - MOST_NOTES
    if more > 0:
        shown.append(f"{counted(more, 'more photo is', 'more photos are')} left out.")
    for note in shown:
        console.print(f"Note: {note}", style="yellow", markup=False)
