"""The rows of a list of photos: CSV or JSON lines, with its columns under any of the names that people give them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from car_classifier.data.class_labels import is_name
from car_classifier.data.file_names import PICTURE_SUFFIXES
from car_classifier.data.photo_sources import FILE_COLUMNS, with_slashes
from car_classifier.errors import UserError
from car_classifier.files import csv_columns, read_csv, read_text

ID_COLUMNS = ("image_id", "id")
"""They name photos where no other column does, mostly without their suffix."""
LABEL_COLUMNS = ("class_name", "label", "class", "category")
_ONE_OBJECT = 'Each line must hold one object, such as {"file_name": "1.jpg", "label": "cats"}.'
NEEDED_COLUMNS = "must name the columns file_name and label, or file_name, make and model"


@dataclass(frozen=True)
class ListRow:
    """A line of a list; what it does not say is empty."""

    line: int
    file: str
    make: str
    model: str
    labels: dict[str, str]  # by their columns, of which the first counts
    split: str
    year: int | None
    has_make_columns: bool
    has_split_column: bool

    @property
    def label(self) -> str:
        """The class in the first of its columns for classes; empty without one."""
        return next(iter(self.labels.values()), "")

    @property
    def has_make(self) -> bool:
        """Whether it gives make and model. In a manifest, a class that stands alone has a label, but no make."""
        return is_name(self.make) and is_name(self.model)

    @property
    def has_label_alone(self) -> bool:
        """Whether the name of its class can hold a make and a model."""
        return is_name(self.label) and not self.has_make_columns


def read_rows(path: Path) -> Iterator[ListRow]:
    """The rows of a list.

    Raises:
        UserError: The list cannot be read, lacks a column, or has a line that names no photo.
    """
    lines: Iterable[tuple[int, Mapping[str, str]]]
    is_json = path.suffix.lower() == ".jsonl"
    if is_json:
        lines = read_json_lines(path)
    else:
        columns = csv_columns(path, by_hand=True)
        file = [name for name in (*FILE_COLUMNS, *ID_COLUMNS) if name in columns][:1]
        label = [name for name in LABEL_COLUMNS if name in columns][:1]
        makes = ["make", "model"] if {"make", "model"} <= set(columns) else []
        if not file or not (makes or label):
            raise UserError(
                f"{path} cannot be read as a list of photos: its first line {NEEDED_COLUMNS}. "
                f"It names: {', '.join(columns) or 'nothing'}.{advice_on_columns(columns)}"
            )
        lines = read_csv(path, file + (makes or label), by_hand=True)
    for line, row in lines:
        name = next((row[column] for column in FILE_COLUMNS if row.get(column)), "")
        if not name and not row.keys() & set(FILE_COLUMNS):
            name = next((row[column] for column in ID_COLUMNS if row.get(column)), "")
        if not name:
            raise UserError(f"{path}, line {line}: it names no photo.")
        cells = {column: row.get(column) or "" for column in ("make", "model", "split", "year")}
        labels = {column: row[column] for column in LABEL_COLUMNS if is_name(row.get(column) or "")}
        for column in (*list(labels)[:1], "make", "model"):
            if is_json and row.get(column, "").startswith(("[", "{")):
                raise UserError(f"{path}, line {line}: {column} must be the name of one class. Received: {row[column]}")
        yield ListRow(
            line=line,
            file=name,
            make=cells["make"],
            model=cells["model"],
            labels=labels,
            split=cells["split"],
            year=int(cells["year"]) if cells["year"].isdecimal() else None,
            has_make_columns={"make", "model"} <= row.keys(),
            has_split_column="split" in row,
        )


def columns_of(path: Path) -> tuple[str, ...]:
    """The columns of a table, in lower case; none if it cannot be read."""
    try:
        is_json = path.suffix.lower() == ".jsonl"
        return tuple(next(read_json_lines(path), (0, {}))[1]) if is_json else csv_columns(path, by_hand=True)
    except (UserError, OSError):
        return ()


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and fields of each line of a file of JSON objects, as texts."""
    try:
        lines = read_text(path).split("\n")
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as lines of JSON: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            fields = {name.strip().lower(): _text(value) for name, value in dict(json.loads(line)).items()}
        except json.JSONDecodeError as error:
            raise UserError(
                f"{path}, line {number}, column {error.colno}: it is no JSON: {error.msg}. {_ONE_OBJECT}"
            ) from error
        except (ValueError, TypeError, RecursionError, AttributeError) as error:
            raise UserError(
                f"{path}, line {number}: it is no JSON object of names and values. {_ONE_OBJECT}"
            ) from error
        yield number, fields


def _text(value: object) -> str:
    text = "" if value is None else json.dumps(value) if isinstance(value, list | dict) else str(value).strip()
    text.encode()  # half a surrogate pair can be escaped in JSON, but not be written
    return text


def advice_on_columns(columns: Iterable[str]) -> str:
    """The advice for a list whose first line names a photo and not the columns."""
    has_photo = any(Path(with_slashes(name).name).suffix in PICTURE_SUFFIXES for name in columns)
    return " That looks like a photo: write a line such as file_name,label above it." if has_photo else ""
