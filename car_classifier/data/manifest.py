"""`manifest.csv`: a row for each photo; every later step reads the photos, classes and splits from it."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Literal, TypeVar, get_args

from car_classifier.data.class_labels import label_of, one_spelling
from car_classifier.errors import UserError
from car_classifier.files import check_writable, csv_columns, read_csv, relative_folder, write_csv
from car_classifier.words import counted

Split = Literal["train", "validation", "test"]
_Number = TypeVar("_Number", int, float)
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True)
class ManifestRow:
    """One photo."""

    file_name: str  # relative to the manifest's own folder
    sha256: str
    make: str  # empty for a class that stands alone
    model: str
    label: str  # Make_Model, or only the model
    year: int | None
    width: int  # pixels
    height: int
    split: Split
    near_duplicate_group: str  # empty for a photo that resembles no other
    excluded: str = ""  # why the photo is not used; empty for one that is used
    prefilter_score: float | None = None  # ImageNet probability of a car, 0 to 1; None before `prefilter`
    original: str = ""  # the file that `data index --convert` made the photo from; empty for all others


DRAWN = "demo.json"
"""The file that `data demo` leaves beside the photos that it drew, which lie in `images/`."""

COLUMNS = tuple(field.name for field in fields(ManifestRow) if field.default is MISSING)
OPTIONAL_COLUMNS = tuple(field.name for field in fields(ManifestRow) if field.default is not MISSING)


@dataclass(frozen=True)
class Manifest:
    """The rows of a manifest file, and its path.

    An excluded row stays in `rows`, with the reason, and counts nowhere else.
    """

    path: Path
    rows: tuple[ManifestRow, ...]

    @property
    def kept(self) -> tuple[ManifestRow, ...]:
        """The rows that are not excluded."""
        return tuple(row for row in self.rows if not row.excluded)

    def photo_path(self, row: ManifestRow) -> Path:
        """The path of a row's photo."""
        return self.path.parent / row.file_name

    def split(self, split: Split) -> tuple[ManifestRow, ...]:
        """The kept rows of one split."""
        return tuple(row for row in self.kept if row.split == split)

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of kept rows, sorted; a label's index is its class index."""
        return tuple(sorted({row.label for row in self.kept}))

    def makes(self) -> dict[str, str]:
        """The make of each label. A class without one counts as its own make."""
        return {row.label: row.make or row.label for row in self.kept}

    @property
    def has_makes(self) -> bool:
        """Whether any class has a make."""
        return any(row.make for row in self.kept)

    @property
    def is_drawn(self) -> bool:
        """Whether all photos are invented cars that `data demo` drew."""
        return (self.path.parent / DRAWN).is_file() and all(row.file_name.startswith("images/") for row in self.rows)

    def counts(self) -> Counter[Split]:
        """Kept photos in each split."""
        return Counter(row.split for row in self.kept)

    def label_counts(self) -> Counter[str]:
        """Kept photos of each label."""
        return Counter(row.label for row in self.kept)

    def notes(self) -> list[str]:
        """Notes for the user on what an edited manifest says twice or contradicts."""
        notes = []
        wrong = [row for row in self.kept if row.make and row.label != label_of(row.make, row.model)]
        if wrong:
            first = wrong[0]
            notes.append(
                f"{counted(len(wrong), 'photo has', 'photos have')} a label that contradicts make and model; the label "
                f"counts: {first.file_name} is {first.label}, and of make {first.make}."
            )
        twice = [name for name, count in Counter(row.file_name for row in self.rows).items() if count > 1]
        if twice:
            notes.append(f"{counted(len(twice), 'photo is', 'photos are')} listed more than once, such as {twice[0]}.")
        shared = one_spelling(self.label_counts())
        several = [label for label in self.labels if shared[label] != label]
        if several:
            notes.append(
                f"{counted(len(several), 'class differs', 'classes differ')} from another one by case, spaces, "
                f"underscores or Unicode form only: {several[0]} and {shared[several[0]]}."
            )
        return notes

    def check_photos(self, rows: Iterable[ManifestRow]) -> None:
        """Make sure that the photos of these rows exist.

        Raises:
            UserError: One is missing.
        """
        gone = next((row for row in rows if not os.path.isfile(self.photo_path(row))), None)
        if gone:
            raise UserError(f"{self.photo_path(gone)} is gone. Make the manifest again with car-classifier data index.")


def relocated(rows: Iterable[ManifestRow], old: Path, new: Path) -> list[ManifestRow]:
    """The rows for a manifest in another folder: with the names of the same files, relative to that folder.

    Args:
        rows: Rows of a manifest in the folder `old`.
        old: The folder that their names are relative to.
        new: The folder of the other manifest.
    """
    folders: dict[str, Path] = {}

    def renamed(name: str) -> str:
        folder, base = os.path.split(name)
        if folder not in folders:
            folders[folder] = relative_folder(old / folder, new)
        return (folders[folder] / base).as_posix()

    return [
        replace(row, file_name=renamed(row.file_name), original=row.original and renamed(row.original)) for row in rows
    ]


def write_manifest(path: Path, rows: Iterable[ManifestRow]) -> Manifest:
    """Write rows, sorted by file name; `path` is replaced atomically."""
    ordered = tuple(sorted(rows, key=lambda row: row.file_name))
    write_csv(path, COLUMNS + OPTIONAL_COLUMNS, (vars(row) for row in ordered))
    return Manifest(path, ordered)


def is_manifest(path: Path) -> bool:
    """Whether a CSV file has a manifest's columns."""
    return set(COLUMNS) <= set(csv_columns(path))


def check_manifest_out(path: Path) -> None:
    """Refuse, before the work is done, a path where no manifest can be written or that holds a user's own file.

    Raises:
        UserError: It cannot be written, or holds another kind of file.
    """
    check_writable(path)
    if path.is_file() and path.stat().st_size and not is_manifest(path):
        raise UserError(f"{path} is there already and is no manifest, so it stays. Name another file with --out.")


def check_report_out(path: Path) -> None:
    """Refuse, before the work is done, a path where no report can be written or that holds a manifest.

    Raises:
        UserError: It cannot be written, or holds a manifest.
    """
    check_writable(path)
    if path.is_file() and is_manifest(path):
        raise UserError(f"{path} is a manifest, so it stays as it is. Name another file to write.")


def check_table_out(path: Path) -> None:
    """Refuse, before the work is done, a path where no CSV file can be written or that holds something else.

    Raises:
        UserError: It cannot be written, or holds a manifest or a file that is no text, such as a photo.
    """
    check_report_out(path)
    if path.is_file():
        with path.open("rb") as file:
            if b"\0" in file.read(4096):
                raise UserError(
                    f"{path} is there already and is no CSV file, so it stays. Name another file with --out."
                )


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        UserError: The file is missing, is no manifest, or holds a row that cannot be used.
    """
    if path.is_dir():
        path = path / "manifest.csv"
    if not path.is_file():
        raise UserError(f"There is no manifest at {path}. Make one with: car-classifier data index PHOTOS --out {path}")
    columns = csv_columns(path)
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise UserError(
            f"{path} is not a manifest: it has no column {', '.join(missing)}. "
            f"Make one from it with: car-classifier data index {path} --out OTHER.csv"
        )
    rows = tuple(_read_row(path, line, row) for line, row in read_csv(path, COLUMNS))
    if not rows:
        raise UserError(f"{path} lists no photos.")
    return Manifest(path, rows)


def _read_row(path: Path, line: int, row: dict[str, str]) -> ManifestRow:
    if row["split"] not in SPLITS:
        raise UserError(f"{path}, line {line}: split must be one of {', '.join(SPLITS)}. Received: {row['split']!r}")

    for column in ("file_name", "label"):
        if not row[column].strip():
            raise UserError(f"{path}, line {line}: {column} is empty. Write one, or remove the line.")

    def number(column: str, kind: type[_Number]) -> _Number:
        try:
            return kind(row[column])
        except ValueError as error:
            what = "a whole number" if kind is int else "a number"
            raise UserError(
                f"{path}, line {line}: {column} must be {what}. Received: {row[column]!r}. Make the manifest again "
                "with car-classifier data index."
            ) from error

    def side(column: str) -> int:
        pixels = number(column, int)
        if pixels < 1:
            raise UserError(f"{path}, line {line}: {column} must be 1 pixel or more. Received: {pixels}")
        return pixels

    return ManifestRow(
        file_name=row["file_name"],
        sha256=row["sha256"],
        make=row["make"],
        model=row["model"],
        label=row["label"],
        year=number("year", int) if row["year"] else None,
        width=side("width"),
        height=side("height"),
        split=row["split"],
        near_duplicate_group=row["near_duplicate_group"],
        excluded=(row.get("excluded") or "").strip(),
        prefilter_score=number("prefilter_score", float) if row.get("prefilter_score") else None,
        original=row.get("original") or "",
    )


def class_indices(rows: Sequence[ManifestRow], labels: Sequence[str]) -> list[int]:
    """The class index of each row: the index of its label in `labels`."""
    index = {label: i for i, label in enumerate(labels)}
    return [index[row.label] for row in rows]
