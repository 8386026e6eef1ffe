"""The numbers of the page "Model", read from the files of a version.

`car-classifier train`, `evaluate` and `explain-eval` write the files. A section that is missing, damaged or of another
form is empty: an older release or another program may have published the version.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from dashboard.reports.versions import Version

Share = Annotated[float, Field(ge=0, le=1)]
Interval = tuple[float, float]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class Bin(_Section):
    """Answers of similar confidence: their mean confidence and accuracy (None if there are none).

    Older versions lack the 95 % interval of the accuracy.
    """

    count: int
    low: Share
    high: Share
    confidence: Share | None
    accuracy: Share | None
    accuracy_interval: tuple[Share, Share] | None = None


class Calibration(_Section):
    """How far confidence and accuracy differ, before and after temperature scaling."""

    ece: Share
    ece_before: Share | None = None
    bins: list[Bin]
    bins_before: list[Bin] = []


class Mistaken(_Section):
    """A class that another is mistaken for, and how often."""

    name: str
    count: int


class ClassRow(_Section):
    """Metrics of one class; None where they would divide by zero."""

    label: str
    make: str = ""
    support: int
    precision: Share | None
    recall: Share | None
    recall_interval: tuple[Share, Share] | None = None
    f1: Share | None
    most_confused_with: Mistaken | None = None


class Confusion(_Section):
    """How many photos of each row's class were classified as each column's."""

    labels: list[str]
    matrix: list[list[int]]

    @model_validator(mode="after")
    def _is_square(self) -> "Confusion":
        size = len(self.labels)
        if not size or [len(row) for row in self.matrix] != [size] * size:
            raise ValueError("the matrix must have a row and a column for each label")
        return self


class Pair(_Section):
    """Two classes that are mistaken for one another: first for second, and second for first."""

    labels: tuple[str, str]
    counts: tuple[int, int]
    count: int


class Score(_Section):
    """One score of one explanation method."""

    mean: float
    interval: Interval | None = None


class Method(_Section):
    """An explanation method; a baseline is a map that depends on neither photo nor class."""

    title: str
    is_baseline: bool = False
    scores: dict[str, Score]
    no_better_than: dict[str, list[str]] = {}


class Explanations(_Section):
    """The scores of explanation methods on some photos."""

    photos: int
    data: str = ""
    split: str | None = None
    methods: dict[str, Method]


class Epoch(_Section):
    """One epoch of training."""

    stage: str = ""
    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None = None
    val_accuracy: float | None = None


@dataclass(frozen=True)
class Headline:
    """One of the numbers that sum up a version.

    Attributes:
        key: Its name in `metrics.json`.
        value: A share, 0 to 1.
        interval: The 95 % interval, if known.
    """

    key: str
    value: float
    interval: Interval | None


@dataclass(frozen=True)
class Report:
    """The metrics of a version on some photos.

    Attributes:
        metrics: The content of `metrics.json` or of a file in `evaluations/`.
    """

    metrics: Mapping[str, Any]

    @property
    def count(self) -> int | None:
        """The number of photos."""
        count = self.metrics.get("count")
        return count if isinstance(count, int) else None

    @cached_property
    def headlines(self) -> Mapping[str, Headline]:
        """Those of `top1`, `top5`, `make_top1`, `macro_f1` and `ece` that were measured."""
        calibration = self.metrics.get("calibration")
        sources = dict.fromkeys(("top1", "top5", "make_top1", "macro_f1"), self.metrics)
        if isinstance(calibration, dict):
            sources["ece"] = calibration
        headlines = {}
        for key, source in sources.items():
            value = _read(Share, source.get(key))
            if value is not None:
                headlines[key] = Headline(key, value, _read(tuple[Share, Share], source.get(f"{key}_interval")))
        return headlines

    @cached_property
    def calibration(self) -> Calibration | None:
        """How its confidence compares with its accuracy."""
        calibration: Calibration | None = _read(Calibration, self.metrics.get("calibration"))
        return calibration

    @cached_property
    def classes(self) -> Sequence[ClassRow]:
        """The metrics of every class."""
        return _read(list[ClassRow], self.metrics.get("per_class")) or []

    @cached_property
    def confusion(self) -> Confusion | None:
        """The confusion matrix."""
        confusion: Confusion | None = _read(Confusion, self.metrics.get("confusion"))
        return confusion

    @cached_property
    def pairs(self) -> Sequence[Pair] | None:
        """The most confused pairs of classes, most frequent first; None if unknown."""
        pairs: list[Pair] | None = _read(list[Pair], self.metrics.get("confused_pairs"))
        return pairs

    @cached_property
    def explanations(self) -> Mapping[str, Explanations]:
        """The scores of explanation methods, by the name of the photos."""
        reports = self.metrics.get("explanations")
        if not isinstance(reports, dict):
            return {}
        explanations = {str(name): _read(Explanations, report) for name, report in reports.items()}
        return {name: report for name, report in explanations.items() if report is not None and report.methods}


def reports_of(version: Version) -> dict[str, Report]:
    """Returns the reports of a version: "" for its test photos, other names from `car-classifier evaluate`."""
    return {"": Report(version.metrics)} | {name: Report(figures) for name, figures in version.evaluations.items()}


def history_of(version: Version) -> list[Epoch]:
    """Returns the readable epochs of a version's training."""
    return readable_epochs(version.history)


def readable_epochs(rows: Sequence[Mapping[str, str]]) -> list[Epoch]:
    """Returns the readable epochs among the rows of a `history.csv`."""
    epochs = (_read(Epoch, {name: cell for name, cell in row.items() if cell != ""}) for row in rows)
    return [epoch for epoch in epochs if epoch is not None]


def stages_of(history: Sequence[Epoch]) -> list[tuple[str, int]]:
    """Returns the stages of a training: the name, and the number of epochs before it."""
    names = [epoch.stage for epoch in history]
    return [(name, i) for i, name in enumerate(names) if i == 0 or name != names[i - 1]]


def _read(kind: Any, value: object) -> Any:
    """Validates a value; None if it is of another type."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None
