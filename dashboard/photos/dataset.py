"""The photos of the data set, as its manifest lists them: what the gallery, the game and the data page show."""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dashboard.changing_file import ChangingFile
from dashboard.names import display_name


@dataclass(frozen=True)
class DatasetPhoto:
    """One row of the manifest.

    Attributes:
        id: 16 hex digits made from `file_name`; tells nothing of the car.
        path: The photo's file.
        file_name: As the manifest has it, relative to the manifest's folder; `predictions.csv` uses it too.
        make: Its make.
        model: Its model.
        label: `Make_Model`.
        year: Year of the model, if known.
        split: `train`, `validation` or `test`; empty if the manifest has none.
        near_duplicate_group: The same for photos that resemble each other closely; empty for the others.
        excluded: Why the photo is left aside; empty for one that is used.
        prefilter_score: How much of a car it shows, 0 to 1, if that was asked of the prefilter.
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
        """What the car is, for people: "Aurelio Vela"."""
        return display_name(self.label)


@dataclass(frozen=True)
class Dataset:
    """All photos of a manifest.

    Attributes:
        photos: Every row, excluded ones too, in the manifest's order.
    """

    photos: tuple[DatasetPhoto, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, DatasetPhoto]:
        """The photos by their id."""
        return {photo.id: photo for photo in self.photos}

    @cached_property
    def by_file_name(self) -> Mapping[str, DatasetPhoto]:
        """The photos by the name that `predictions.csv` knows them by."""
        return {photo.file_name: photo for photo in self.photos}

    @cached_property
    def kept(self) -> tuple[DatasetPhoto, ...]:
        """The photos that are not excluded."""
        return tuple(photo for photo in self.photos if not photo.excluded)

    @cached_property
    def unseen(self) -> tuple[DatasetPhoto, ...]:
        """Photos that the model has not trained on: the test split or, if there is none, all that are kept."""
        return tuple(photo for photo in self.kept if photo.split == "test") or self.kept


class DatasetFile(ChangingFile[Dataset]):
    """A manifest that may change while the dashboard runs; it holds no photos while it is missing or no CSV.

    Args:
        manifest: The CSV file.
    """

    def __init__(self, manifest: Path):
        super().__init__(manifest, read_dataset, Dataset())


def read_dataset(manifest: Path) -> Dataset:
    """Reads a manifest.

    Args:
        manifest: CSV with at least `file_name` (relative to the manifest's folder) and `label`, or `make` and
            `model`; the other columns of `DatasetPhoto` if there are any.

    Returns:
        Its photos, whether or not their files are there; none if the manifest is missing or no CSV.
    """
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            return Dataset(tuple(_photo(manifest, row) for row in csv.DictReader(file) if row.get("file_name")))
    except (OSError, UnicodeDecodeError, csv.Error):
        return Dataset()


def read_columns(manifest: Path, file_name: str) -> dict[str, str]:
    """All that the manifest says of one photo, those columns too that nothing else here uses.

    Returns:
        Cells by their column, in the manifest's order; none if the photo is not in it.
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
    label = cells.get("label") or f"{cells.get('make', '')}_{cells.get('model', '')}"
    make, _, model = label.partition("_")
    return DatasetPhoto(
        id=hashlib.sha256(file_name.encode()).hexdigest()[:16],
        path=manifest.parent / file_name,
        file_name=file_name,
        make=cells.get("make") or make,
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
