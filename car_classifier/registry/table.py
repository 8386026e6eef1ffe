"""The published versions at a glance: labels, accuracy, date, size, and whether they answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from car_classifier.errors import UserError
from car_classifier.registry.folder import versions
from car_classifier.registry.labels import read_labels
from car_classifier.registry.published_version import PublishedVersion

_STATES = {
    "START": "loading",
    "LOADING": "loading",
    "AVAILABLE": "yes",
    "UNLOADING": "ending",
    "END": "no",
    "FAILED": "failed",
}


@dataclass(frozen=True)
class VersionSummary:
    """One published version.

    Attributes:
        version: Its number.
        labels: Labels by which clients may ask for it.
        state: Its state on a server, such as `AVAILABLE`; None if the server does not know the version.
        base: The net. This and the next four are None if the version's files do not say.
        top1: Share of test photos answered right, 0 to 1.
        macro_f1: Mean F1 of its classes, 0 to 1.
        photos: Number of test photos behind these figures.
        published: When it was published, ISO 8601.
        megabytes: Size of its files, 10^6 bytes.
    """

    version: int
    labels: tuple[str, ...]
    state: str | None
    base: str | None
    top1: float | None
    macro_f1: float | None
    photos: int | None
    published: str | None
    megabytes: float

    @property
    def is_live(self) -> bool:
        """Whether a server answers with this version."""
        return self.state == "AVAILABLE"

    def as_json(self) -> dict[str, Any]:
        """The summary as JSON."""
        return asdict(self) | {"live": self.is_live}


def summaries(model_dir: Path, states: Mapping[int, str]) -> list[VersionSummary]:
    """The versions of a model folder, newest first.

    Args:
        model_dir: The folder.
        states: State of each version on a server.

    Raises:
        UserError: The folder's `models.config` cannot be used.
    """
    labels = read_labels(model_dir)
    return [
        _summary(model_dir / str(number), tuple(sorted(k for k, v in labels.items() if v == number)), states)
        for number in reversed(versions(model_dir))
    ]


def summary_table(rows: Sequence[VersionSummary]) -> Table:
    """A table of summaries, for people."""
    table = Table(box=None, pad_edge=False)
    table.add_column("version")
    table.add_column("labels", overflow="fold")
    for name in ("live", "net"):
        table.add_column(name, no_wrap=True)
    for name in ("top-1", "macro-F1", "photos"):
        table.add_column(name, justify="right")
    table.add_column("published", no_wrap=True)
    table.add_column("size", justify="right")
    for row in rows:
        table.add_row(
            str(row.version),
            ", ".join(row.labels),
            _STATES.get(row.state or "END", ""),
            row.base or "",
            "" if row.top1 is None else f"{row.top1:.1%}",
            "" if row.macro_f1 is None else f"{row.macro_f1:.1%}",
            str(row.photos or ""),
            (row.published or "")[:10],
            f"{row.megabytes:.0f} MB",
        )
    return table


def _summary(folder: Path, labels: tuple[str, ...], states: Mapping[int, str]) -> VersionSummary:
    version = PublishedVersion(folder)
    config, metrics = _or_nothing(version.read_config), _or_nothing(version.read_metrics)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return VersionSummary(
        version=int(folder.name),
        labels=labels,
        state=states.get(int(folder.name)),
        base=config.get("training", {}).get("base"),
        top1=metrics.get("top1"),
        macro_f1=metrics.get("macro_f1"),
        photos=metrics.get("count"),
        published=config.get("published"),
        megabytes=round(size / 1e6, 1),
    )


def _or_nothing(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Content of a file; nothing if another program published the version."""
    try:
        return read()
    except UserError:
        return {}
