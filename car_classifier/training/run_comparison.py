"""Comparing training runs: the settings in which they differ, and their results. Does not import TensorFlow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from car_classifier.errors import UserError
from car_classifier.files import read_csv, read_json, write_csv
from car_classifier.training.config import nested, written

FIGURES = ("top1", "top5", "macro_f1", "make_top1", "ece")
"""The metrics of finished runs that are compared; from 0 to 1, measured on the test photos."""

_TITLES = {"top5": "top-5", "macro_f1": "macro-F1", "make_top1": "make", "ece": "calibration\nerror"}


@dataclass(frozen=True)
class Run:
    """A training run, read from its folder.

    Attributes:
        folder: Its folder.
        settings: All settings, as `config.json` holds them; those of a group with the group's name before a dot.
        history: The rows of `history.csv`, one for each epoch of each stage.
        metrics: The metrics of the published version; None for an unfinished run.
    """

    folder: Path
    settings: Mapping[str, Any]
    history: tuple[Mapping[str, str], ...]
    metrics: dict[str, Any] | None

    @property
    def minutes(self) -> float:
        """Duration of all epochs in minutes, without the features that a stage computes once before its epochs."""
        return sum(float(row["seconds"]) for row in self.history) / 60

    @property
    def best_val_accuracy(self) -> float | None:
        """The best validation accuracy of all epochs; None before the first epoch has ended."""
        return max((float(row["val_accuracy"]) for row in self.history), default=None)

    @property
    def state(self) -> str:
        """Whether the run is finished, or its last epoch."""
        if self.metrics is not None:
            return "finished"
        if not self.history:
            return "unfinished, no epoch yet"
        return f"unfinished, epoch {self.history[-1]['epoch']} of {self.history[-1]['stage']}"

    @property
    def figures(self) -> dict[str, float]:
        """The values of `FIGURES`, and top-1's 95 % interval (`top1_low`, `top1_high`); empty for an unfinished run."""
        if self.metrics is None:
            return {}
        low, high = self.metrics["top1_interval"]
        values = {"ece": self.metrics["calibration"]["ece"]} | self.metrics
        return {"top1_low": low, "top1_high": high} | {name: values[name] for name in FIGURES if name in values}


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """The runs in these folders: finished runs by top-1, best first, then the others.

    Raises:
        UserError: A folder holds no run.
    """
    runs = [_read_run(folder) for folder in folders]
    return sorted(runs, key=lambda run: (-run.figures.get("top1", -1), run.folder))


def differing_settings(runs: Sequence[Run]) -> list[str]:
    """Names of the settings that differ between runs, in the order of the runs' files."""
    names = dict.fromkeys(name for run in runs for name in run.settings)
    return [name for name in names if any(run.settings.get(name) != runs[0].settings.get(name) for run in runs)]


def measured_alike(runs: Sequence[Run]) -> bool:
    """Whether all finished runs were measured on the same split and number of photos."""
    return len({(run.metrics["split"], run.metrics["count"]) for run in runs if run.metrics is not None}) < 2


def comparison_table(runs: Sequence[Run]) -> Table:
    """A table for people: a row for each run, with the settings that differ and the results."""
    settings = differing_settings(runs)
    table = Table(box=None, pad_edge=False)
    for name in ("run", *settings):
        table.add_column(name, overflow="fold")
    for name in ("minutes", "epochs\nrun"):
        table.add_column(name, justify="right", overflow="fold", min_width=4)
    table.add_column("top-1 (95 %)", overflow="fold", min_width=7)
    figure_names = _figures_of(runs)[1:]
    for name in (*(_TITLES[figure] for figure in figure_names), "best\nval_accuracy"):
        table.add_column(name, justify="right", overflow="fold", min_width=5)
    for run, name in zip(runs, _names(runs), strict=True):
        figures = run.figures
        top1 = "{top1:.1%} ({top1_low:.1%} to {top1_high:.1%})".format(**figures) if figures else run.state
        table.add_row(
            name,
            *(_text(run.settings.get(setting)) for setting in settings),
            f"{run.minutes:.1f}",
            str(len(run.history)),
            top1,
            *(_percent(figures.get(figure)) for figure in figure_names),
            _percent(run.best_val_accuracy),
        )
    return table


def _figures_of(runs: Sequence[Run]) -> list[str]:
    """Those of `FIGURES` that can be shown: that of makes is missing if no run has makes."""
    finished = [run.figures for run in runs if run.figures]
    return [name for name in FIGURES if not finished or any(name in figures for figures in finished)]


def comparison_rows(runs: Sequence[Run]) -> list[dict[str, object]]:
    """The same table by column: settings as `config.json` holds them, figures from 0 to 1.

    What an unfinished run lacks is None, and so is a setting that an older run does not know.
    """
    settings, figures = differing_settings(runs), ("top1", "top1_low", "top1_high", *_figures_of(runs)[1:])
    rows = []
    for run, name in zip(runs, _names(runs), strict=True):
        chosen: dict[str, object] = {setting: run.settings.get(setting) for setting in settings}
        trained = {"minutes": round(run.minutes, 2), "epochs_run": len(run.history)}
        measured = {figure: run.figures.get(figure) for figure in figures}
        best = {"best_val_accuracy": run.best_val_accuracy}
        rows.append({"run": name, "state": run.state} | chosen | trained | measured | best)
    return rows


def write_comparison(runs: Sequence[Run], path: Path) -> None:
    """Write the same table as CSV, with settings in the form that `--set` takes; a cell without a value is empty."""
    settings = differing_settings(runs)
    rows = [row | {name: _text(row[name]) for name in settings} for row in comparison_rows(runs)]
    write_csv(path, list(rows[0]), rows)


def _read_run(folder: Path) -> Run:
    try:
        config = read_json(folder / "config.json")
        settings = dict(_flattened(nested(config["training"])))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(
            f"{folder} is no training run: it has no config.json of one. Give the folders of runs, such as runs/*."
        ) from error
    history, metrics = folder / "history.csv", folder / "metrics.json"
    rows = tuple(row for _, row in read_csv(history)) if history.is_file() else ()
    return Run(folder, settings, rows, read_json(metrics) if metrics.is_file() else None)


def _flattened(settings: Mapping[str, Any], group: str = "") -> Iterator[tuple[str, Any]]:
    """Names as `--set` takes them, and values."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{group}{name}.")
        else:
            yield f"{group}{name}", value


def _text(setting: Any) -> str:
    """A setting in the form that `--set` takes; empty if the run does not know it."""
    return "" if setting is None else written(setting)


def _names(runs: Sequence[Run]) -> list[str]:
    """Names for the runs: the names of their folders, or the whole paths if two have the same name."""
    names = [run.folder.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.folder) for run in runs]


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
