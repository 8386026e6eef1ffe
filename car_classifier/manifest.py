"""`manifest.csv`: one row a photo, the truth for everything downstream."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal, cast, get_args

from car_classifier.errors import UserError
from car_classifier.files import write_atomically

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True)
class ManifestRow:
    """One photo."""

    file_name: str  # relative to the manifest's own folder
    sha256: str
    make: str
    model: str
    label: str  # Make_Model
    year: int | None
    width: int  # pixels
    height: int
    split: Split
    near_duplicate_group: str  # empty for a photo that resembles no other


COLUMNS = tuple(field.name for field in fields(ManifestRow))


@dataclass(frozen=True)
class Manifest:
    """The rows of a manifest file, and where it lies."""

    path: Path
    rows: tuple[ManifestRow, ...]

    def photo_path(self, row: ManifestRow) -> Path:
        """Where the photo of `row` is."""
        return self.path.parent / row.file_name

    def split(self, name: Split) -> tuple[ManifestRow, ...]:
        """The rows of one split."""
        return tuple(row for row in self.rows if row.split == name)

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, sorted; a label's place is its class index."""
        return tuple(sorted({row.label for row in self.rows}))

    def makes(self) -> dict[str, str]:
        """The make of each label."""
        return {row.label: row.make for row in self.rows}

    def counts(self) -> Counter[Split]:
        """Photos in each split."""
        return Counter(row.split for row in self.rows)


def write_manifest(path: Path, rows: Iterable[ManifestRow]) -> Manifest:
    """Write rows, sorted by file name, in one atomic replacement of `path`."""
    ordered = tuple(sorted(rows, key=lambda row: row.file_name))

    def write(target: Path) -> None:
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(row) for row in ordered)

    write_atomically(path, write)
    return Manifest(path, ordered)


def is_manifest(path: Path) -> bool:
    """Whether a CSV file has a manifest's columns."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        return set(COLUMNS) <= set(next(csv.reader(file), []))


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        UserError: The file is missing, is no manifest, or holds a row that cannot be used.
    """
    if path.is_dir():
        path = path / "manifest.csv"
    if not path.is_file():
        raise UserError(f"There is no manifest at {path}. Make one with: car-classifier data index PHOTOS --out {path}")
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise UserError(
                f"{path} is not a manifest: it has no column {', '.join(missing)}. "
                f"Make one from it with: car-classifier data index {path} --out OTHER.csv"
            )
        rows = tuple(_read_row(path, line, fields) for line, fields in enumerate(reader, start=2))
    if not rows:
        raise UserError(f"{path} lists no photos.")
    return Manifest(path, rows)


def _read_row(path: Path, line: int, row: dict[str, str]) -> ManifestRow:
    if row["split"] not in SPLITS:
        raise UserError(f"{path}, line {line}: split must be one of {', '.join(SPLITS)}. Received: {row['split']!r}")
    try:
        return ManifestRow(
            file_name=row["file_name"],
            sha256=row["sha256"],
            make=row["make"],
            model=row["model"],
            label=row["label"],
            year=int(row["year"]) if row["year"] else None,
            width=int(row["width"]),
            height=int(row["height"]),
            split=cast(Split, row["split"]),
            near_duplicate_group=row["near_duplicate_group"] or "",
        )
    except (ValueError, TypeError) as error:
        raise UserError(
            f"{path}, line {line}: {error}. Make the manifest anew with car-classifier data index."
        ) from error


def class_indices(rows: Sequence[ManifestRow], labels: Sequence[str]) -> list[int]:
    """The class index of each row."""
    index = {label: i for i, label in enumerate(labels)}
    return [index[row.label] for row in rows]
