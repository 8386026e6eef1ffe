"""The photos of the data set, as its manifest lists them, for the gallery, the game and the data page."""

import csv
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dashboard.changing_file import ChangingFile
from dashboard.names import display_name
from dashboard.subject import FILE, Subject, default_subject, read_subject


@dataclass(frozen=True)
class DatasetPhoto:
    """One row of the manifest.

    Attributes:
        id: 16 hex digits derived from `file_name`; does not reveal the label.
        path: The photo's file.
        file_name: The name in the manifest and in `predictions.csv`, relative to the manifest's folder.
        make: Make; empty for a class that stands alone.
        model: Model of the make, or the class.
        label: `Make_Model`, or the class.
        year: Model year, if known.
        split: `train`, `validation` or `test`; empty if the manifest has none.
        near_duplicate_group: Group of photos that closely resemble each other; empty for all others.
        excluded: Why the photo is excluded; empty if it is used.
        prefilter_score: How likely it shows a car, 0 to 1, if the prefilter has scored it.
    """

    id: str
    path: Path
    file_name: str
    make: str
    model: str
    label: str
    year: int | None
    split: str
    near_duplicate_group: str
    excluded: str
    prefilter_score: float | None

    @property
    def name(self) -> str:
        """Display name of the label: "Aurelio Vela"."""
        return display_name(self.label)


@dataclass(frozen=True)
class Dataset:
    """All photos of a manifest.

    Attributes:
        photos: All rows, excluded ones too, in the manifest's order.
    """

    photos: tuple[DatasetPhoto, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, DatasetPhoto]:
        """The photos by id."""
        return {photo.id: photo for photo in self.photos}

    @cached_property
    def by_file_name(self) -> Mapping[str, DatasetPhoto]:
        """The photos by file name, as `predictions.csv` has it."""
        return {photo.file_name: photo for photo in self.photos}

    @cached_property
    def kept(self) -> tuple[DatasetPhoto, ...]:
        """The photos that are not excluded."""
        return tuple(photo for photo in self.photos if not photo.excluded)

    @cached_property
    def has_makes(self) -> bool:
        """Whether any photo's class has a make."""
        return any(photo.make for photo in self.kept)

    @cached_property
    def unseen(self) -> tuple[DatasetPhoto, ...]:
        """The photos that the model was not trained on: the test split or, without one, all that are kept."""
        return tuple(photo for photo in self.kept if photo.split == "test") or self.kept


class DatasetFile(ChangingFile[Dataset]):
    """A manifest that may change while the dashboard runs; empty while it is missing or not CSV.

    Args:
        locate: Returns the CSV file, which may be another one later: once somebody's own photos are indexed, they take
            the place of the drawn cars.
    """

    def __init__(self, locate: Callable[[], Path]):
        super().__init__(locate(), read_dataset, Dataset())
        self._locate = locate
        self._subject = ChangingFile(self.path.with_name(FILE), read_subject, None)

    def read(self) -> Dataset:
        """Returns the current photos; the same object as long as the manifest does not change."""
        if (path := self._locate()) != self.path:
            self._subject = ChangingFile(path.with_name(FILE), read_subject, None)
            self._read, self.path = None, path
        return super().read()

    def subject(self) -> Subject:
        """Returns what the photos show, as `car-classifier data index --subject` named it."""
        dataset = self.read()
        return self._subject.read() or default_subject(dataset.has_makes)


def read_dataset(manifest: Path) -> Dataset:
    """Reads a manifest.

    Args:
        manifest: CSV with at least `file_name` (relative to the manifest's folder) and `label`, or `make` and
            `model`; the other columns of `DatasetPhoto` if there are any.

    Returns:
        The photos, whether or not their files exist; none if the manifest is missing or not CSV.
    """
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            return Dataset(tuple(_photo(manifest, row) for row in csv.DictReader(file) if row.get("file_name")))
    except (OSError, UnicodeDecodeError, csv.Error):
        return Dataset()


def read_columns(manifest: Path, file_name: str) -> dict[str, str]:
    """Reads all columns of one photo from the manifest, also those that the dashboard does not use.

    Returns:
        The cells by column, in the manifest's order; empty if the photo is not listed.
    """
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            place = header.index("file_name")
            row = next((row for row in rows if len(row) > place and row[place].strip() == file_name), [])
            return dict(zip(header, row, strict=False))
    except (OSError, ValueError, csv.Error):
        return {}


def _photo(manifest: Path, row: Mapping[str, str | None]) -> DatasetPhoto:
    cells = {name: (cell or "").strip() for name, cell in row.items() if isinstance(cell, str | None)}
    file_name = cells["file_name"]
    label = cells.get("label") or "_".join(filter(None, [cells.get("make"), cells.get("model")]))
    before, underscore, after = label.partition("_")
    make, model = (before, after) if underscore else ("", label)
    return DatasetPhoto(
        id=hashlib.sha256(file_name.encode()).hexdigest()[:16],
        path=manifest.parent / file_name,
        file_name=file_name,
        make=cells["make"] if "make" in cells else make,
        model=cells.get("model") or model,
        label=label,
        year=int(year) if (year := cells.get("year", "")).isdecimal() else None,
        split=cells.get("split", ""),
        near_duplicate_group=cells.get("near_duplicate_group", ""),
        excluded=cells.get("excluded", ""),
        prefilter_score=_number(cells.get("prefilter_score", "")),
    )


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
