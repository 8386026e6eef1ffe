"""How good a version is, as the files beside it say: the numbers of the page "Model".

The files are what `car-classifier train`, `evaluate` and `explain-eval` leave. A section that is missing, damaged or of
another form is empty: an older release or another program may have published the version.
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
    """Answers of about the same confidence: how sure they are and how many are right (None if there are none)."""

    count: int
    low: Share
    high: Share
    confidence: Share | None
    accuracy: Share | None


class Calibration(_Section):
    """Whether a probability of 80 % is right 80 times in 100, before temperature scaling and after."""

    ece: Share
    ece_before: Share | None = None
    bins: list[Bin]
    bins_before: list[Bin] = []


class Mistaken(_Section):
    """What a class is taken for."""

    name: str
    count: int


class ClassRow(_Section):
    """Figures of one class; None where there is nothing to divide by."""

    label: str
    make: str = ""
    support: int
    precision: Share | None
    recall: Share | None
    recall_interval: tuple[Share, Share] | None = None
    f1: Share | None
    most_confused_with: Mistaken | None = None


class Confusion(_Section):
    """How many photos of the row's class were answered with the column's."""

    labels: list[str]
    matrix: list[list[int]]

    @model_validator(mode="after")
    def _is_square(self) -> "Confusion":
        size = len(self.labels)
        if not size or [len(row) for row in self.matrix] != [size] * size:
            raise ValueError("the matrix must have a row and a column for each label")
        return self


class Pair(_Section):
    """Two classes that are taken for one another: photos of the first answered with the second, and the other way."""

    labels: tuple[str, str]
    counts: tuple[int, int]
    count: int


class Score(_Section):
    """One score of one method of explaining."""

    mean: float
    interval: Interval | None = None


class Method(_Section):
    """A method of explaining; a baseline is a map that knows nothing of the photo or the class."""

    title: str
    is_baseline: bool = False
    scores: dict[str, Score]
    no_better_than: dict[str, list[str]] = {}


class Explanations(_Section):
    """What explanations are worth on some photos."""

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
    """One of the numbers that sum a version up.

    Attributes:
        key: Its name in `metrics.json`.
        value: A share, 0 to 1.
        interval: Its 95 % interval, if known.
    """

    key: str
    value: float
    interval: Interval | None


@dataclass(frozen=True)
class Report:
    """What was measured of a version on some photos.

    Attributes:
        metrics: Content of `metrics.json` or of a file in `evaluations/`.
    """

    metrics: Mapping[str, Any]

    @property
    def count(self) -> int | None:
        """On how many photos."""
        count = self.metrics.get("count")
        return count if isinstance(count, int) else None

    @cached_property
    def headlines(self) -> Mapping[str, Headline]:
        """`top1`, `top5`, `make_top1`, `macro_f1` and `ece`, as far as they are known."""
        calibration = self.metrics.get("calibration")
        sources = dict.fromkeys(("top1", "top5", "make_top1", "macro_f1"), self.metrics)
        if isinstance(calibration, dict):
            sources["ece"] = calibration
        found = {}
        for key, source in sources.items():
            value = _read(Share, source.get(key))
            if value is not None:
                found[key] = Headline(key, value, _read(tuple[Share, Share], source.get(f"{key}_interval")))
        return found

    @cached_property
    def calibration(self) -> Calibration | None:
        """How its probabilities compare with how often it is right."""
        found: Calibration | None = _read(Calibration, self.metrics.get("calibration"))
        return found

    @cached_property
    def classes(self) -> Sequence[ClassRow]:
        """Figures of every class."""
        return _read(list[ClassRow], self.metrics.get("per_class")) or []

    @cached_property
    def confusion(self) -> Confusion | None:
        """The confusion matrix."""
        found: Confusion | None = _read(Confusion, self.metrics.get("confusion"))
        return found

    @cached_property
    def pairs(self) -> Sequence[Pair] | None:
        """The classes most often taken for one another, most frequent first; None if that is not known."""
        found: list[Pair] | None = _read(list[Pair], self.metrics.get("confused_pairs"))
        return found

    @cached_property
    def explanations(self) -> Mapping[str, Explanations]:
        """What explanations are worth, by the name of the photos that it was measured on."""
        reports = self.metrics.get("explanations")
        if not isinstance(reports, dict):
            return {}
        read = {str(name): _read(Explanations, report) for name, report in reports.items()}
        return {name: report for name, report in read.items() if report is not None and report.methods}


def reports_of(version: Version) -> dict[str, Report]:
    """What was measured of a version: under "" on its test photos, under other names by `car-classifier evaluate`."""
    return {"": Report(version.metrics)} | {name: Report(figures) for name, figures in version.evaluations.items()}


def history_of(version: Version) -> list[Epoch]:
    """The epochs of a version's training, as far as they can be read."""
    rows = ({name: cell for name, cell in row.items() if cell != ""} for row in version.history)
    read = (_read(Epoch, row) for row in rows)
    return [epoch for epoch in read if epoch is not None]


def stages_of(history: Sequence[Epoch]) -> list[tuple[str, int]]:
    """The stages of a training: name, and how many epochs were done before it."""
    names = [epoch.stage for epoch in history]
    return [(name, i) for i, name in enumerate(names) if i == 0 or name != names[i - 1]]


def _read(kind: Any, value: object) -> Any:
    """A value as what it should be, or None if it is not."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None
