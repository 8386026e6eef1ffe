"""Reading photos and their classes from a list of them: CSV or JSON lines."""

import json
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from car_classifier.data.class_labels import is_name, label_of, read_classes
from car_classifier.data.file_names import PICTURE_SUFFIXES
from car_classifier.data.folder_layouts import place_photos
from car_classifier.data.folder_walk import walk_folder
from car_classifier.data.known_sets import find_known_set
from car_classifier.data.manifest import Split
from car_classifier.data.masks import leave_out_masks
from car_classifier.data.photo_sources import Candidate, LeftOut, parse_split, split_of_folder, with_slashes
from car_classifier.errors import UserError
from car_classifier.files import csv_columns, csv_encoding, read_csv, read_text
from car_classifier.words import counted

FILE_COLUMNS = ("file_name", "filename", "file", "image", "path", "file_path", "filepath", "image_path")
ID_COLUMNS = ("image_id", "id")
"""They name photos where no other column does, mostly without their suffix."""
LABEL_COLUMNS = ("class_name", "label", "class", "category")
TABLES = (".csv", ".tsv", ".txt", ".jsonl")
SPREADSHEETS = (".xlsx", ".xls", ".ods")
MOST_TABLES = 3
"""Tables that were not read and are mentioned with a note each."""
NEEDED_COLUMNS = "must name the columns file_name and label, or file_name, make and model"
_CONTRACT = ("file_name", "make", "model")

Reader = Callable[[list[LeftOut], list[str], bool | None], list[Candidate]]
"""Reads candidates; appends to files left out and to notes; the third argument says whether `Make_Model` has a make."""


@dataclass(frozen=True)
class PhotoList:
    """The list, or the lists that belong together, of the photos in a folder.

    Attributes:
        name: For people.
        is_certain: Whether it can be nothing else than a list of photos with their classes.
        read: Reads it.
    """

    name: str
    is_certain: bool
    read: Reader


def open_list(path: Path) -> PhotoList:
    """The list that a file is.

    Raises:
        UserError: It is a spreadsheet, or a list of a well-known data set that is damaged.
    """
    if path.suffix.lower() in SPREADSHEETS:
        raise UserError(f"{path} is a spreadsheet, which is not read: save it as CSV. Its first line {NEEDED_COLUMNS}.")
    known = find_known_set(path.parent) if path.suffix.lower() in (".txt", ".mat") else None
    return _known_list(*known) if known else _tables([path], path.name, is_certain=True)


def find_list(folder: Path, out: Path) -> PhotoList | None:
    """The list of photos that a folder holds, if it does.

    Args:
        folder: The folder. A list may also lie in the folders of its splits, as in Hugging Face's imagefolder.
        out: The manifest to write, which is not read as a list.

    Raises:
        UserError: It holds several lists.
    """
    known = find_known_set(folder)
    if known:
        return _known_list(*known)
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and split_of_folder(path.name)]
    for places in ([folder], inner):
        tables = [
            path
            for place in places
            for path in sorted(place.iterdir())
            if path.suffix.lower() in TABLES and _is_table(path, out)
        ]
        certain = [path for path in tables if set(_CONTRACT) <= set(_columns(path))]
        lists = certain or [path for path in tables if _has_photos(path)]
        names = [path.relative_to(folder).as_posix() for path in lists]
        if len(lists) > 1 and len({_split_of(path) for path in lists} - {None}) < len(lists):
            raise UserError(
                f"{folder} holds several lists of photos: {', '.join(names)}. "
                "Give the one to index instead of the folder."
            )
        if lists:
            return _tables(lists, " and ".join(names), bool(certain))
    return None


def unread_tables(root: Path, files: Iterable[Path], photos: Iterable[Path], out: Path) -> list[str]:
    """Notes on tables that name photos, but not the columns that a list needs, and on spreadsheets.

    Args:
        root: The folder.
        files: The files in it.
        photos: The photos among them.
        out: The manifest to write.
    """
    files = list(files)
    tables = [path for path in files if path.suffix.lower() in TABLES and path.resolve() != out.resolve()]
    names = {_nfc(Path(photo.name)) for photo in photos} if tables else set()
    ids = {name.rpartition(".")[0] for name in names}
    notes = [
        f"{path.relative_to(root).as_posix()} names photos, but their classes were not read from it: its first line "
        f"{NEEDED_COLUMNS}. It names: {', '.join(columns)}.{_hint(columns)}"
        for path in tables
        # Text beside a photo of the same name is about that photo alone.
        if not (path.suffix.lower() == ".txt" and _nfc(Path(path.stem)) in ids)
        if _names_photos(path, names, ids) and (columns := _columns(path))
    ]
    if len(notes) > MOST_TABLES:
        more = counted(len(notes) - MOST_TABLES, "more table names", "more tables name")
        notes = [*notes[:MOST_TABLES], f"{more} photos, but their classes were not read from there."]
    notes += [
        f"{path.relative_to(root).as_posix()} is a spreadsheet, which is not read: if it lists the photos, save it as "
        f"CSV. Its first line {NEEDED_COLUMNS}."
        for path in files
        if path.suffix.lower() in SPREADSHEETS
    ]
    return notes


def _names_photos(path: Path, names: set[str], ids: set[str]) -> bool:
    """Whether the first rows of a table name photos in a column, or hold names without suffix in the first one."""
    try:
        lines = _json_lines(path) if path.suffix.lower() == ".jsonl" else read_csv(path, by_hand=True)
        rows = [row for _, row in islice(lines, 5)]
    except (UserError, OSError):
        return False
    columns = [
        [_nfc(Path(with_slashes(row.get(name) or "").name)) for row in rows]
        for name in (rows[0] if rows else ())
        if name  # cells beyond the last column have none
    ]
    return any(names.issuperset(column) for column in columns) or (bool(columns) and ids.issuperset(columns[0]))


def _known_list(name: str, read: Callable[[], list[Candidate]]) -> PhotoList:
    return PhotoList(name, True, lambda _left_out, _notes, _makes: read())


def _tables(paths: Sequence[Path], name: str, is_certain: bool) -> PhotoList:
    def read(left_out: list[LeftOut], notes: list[str], makes: bool | None) -> list[Candidate]:
        return _read_tables(paths, left_out, notes, makes)

    return PhotoList(name, is_certain, read)


def _split_of(path: Path) -> Split | None:
    """The split that the name of one of several lists means, or that of its folder."""
    return split_of_folder(path.stem) or split_of_folder(path.parent.name)


def _is_table(path: Path, out: Path) -> bool:
    """Whether a file lists photos and their classes."""
    if path.name.startswith(".") or not path.is_file() or path.resolve() == out.resolve():
        return False
    columns = set(_columns(path))
    has_class = columns >= {"make", "model"} or columns & set(LABEL_COLUMNS)
    return bool(columns & {*FILE_COLUMNS, *ID_COLUMNS} and has_class)


def _columns(path: Path) -> tuple[str, ...]:
    """The columns of a table, in lower case; none if it cannot be read."""
    try:
        is_json = path.suffix.lower() == ".jsonl"
        return tuple(next(_json_lines(path), (0, {}))[1]) if is_json else csv_columns(path, by_hand=True)
    except (UserError, OSError):
        return ()


def _has_photos(path: Path) -> bool:
    """Whether a photo among the first rows of a table exists.

    A table `id,label` may number the classes instead: then its ids have no suffix, and no label occurs twice.
    """
    find = _Finder(path.parent)
    try:
        if not set(FILE_COLUMNS) & set(_columns(path)):
            rows = list(_rows(path))
            has_suffix = any(Path(row.file).suffix.lower() in PICTURE_SUFFIXES for row in rows)
            if len({row.label for row in rows}) == len(rows) and not has_suffix:
                return False
        return any(find(row.file).is_file() for row in islice(_rows(path), 5))
    except UserError:
        return False


def _read_tables(
    paths: Sequence[Path], left_out: list[LeftOut], notes: list[str], makes: bool | None
) -> list[Candidate]:
    candidates: list[Candidate] = []
    seen: set[Path] = set()
    undecided: set[Path] = set()
    contradictory: list[str] = []
    tables = [(path, list(_rows(path))) for path in paths]
    notes += [note for path, rows in tables if (note := _encoding_note(path, rows))]
    labels = {row.label for _, rows in tables for row in rows if row.has_label_alone}
    classes = read_classes(labels, makes, notes)
    for path, rows in tables:
        find = _Finder(path.parent)
        for row in rows:
            line, photo = f"line {row.line} of {path.name}", find(row.file)
            if photo in seen:
                left_out.append(LeftOut(photo, f"listed a second time in {line}"))
                continue
            if row.has_make:
                make, model = ("", label_of(row.make, row.model)) if makes is False else (row.make, row.model)
            elif is_name(row.label):
                make, model = classes[row.label] if row.has_label_alone else ("", row.label.strip())
            elif is_name(row.model):
                make, model = "", row.model.strip()
            else:
                left_out.append(LeftOut(photo, f"{line} gives it no {'model' if row.has_make_columns else 'class'}"))
                continue
            seen.add(photo)
            split = parse_split(path, row.line, row.split) if row.split else None
            split = split or (_split_of(path) if len(paths) > 1 else None)
            if split is None and not row.has_split_column:
                undecided.add(photo)
            candidates.append(Candidate(photo, make, model, row.year, split))
            if row.has_make and row.label not in ("", candidates[-1].label):
                contradictory.append(f"{line} says {row.label}, and {candidates[-1].label}")
    if contradictory:
        notes.append(
            f"{counted(len(contradictory), 'line has', 'lines have')} a label that contradicts make and model, which "
            f"count: {contradictory[0]}."
        )
    splits = _splits_of_folders(paths[0], undecided)
    return [replace(item, split=splits.get(item.path, item.split)) for item in candidates]


def _splits_of_folders(table: Path, photos: Iterable[Path]) -> dict[Path, Split | None]:
    """The splits of the folders in which listed photos lie; none if there is no folder for training among them."""
    root = table.parent.parent if split_of_folder(table.parent.name) else table.parent
    real = {Path(os.path.normpath(photo)): photo for photo in sorted(photos)}  # a list may name `../test/1.jpg`
    root = Path(os.path.normpath(root))
    placed = place_photos(root, [path for path in real if path.is_relative_to(root)], min_classes=2)
    splits = {real[photo.path]: photo.split for photo in placed}
    return splits if "train" in splits.values() else {}


def _encoding_note(path: Path, rows: Sequence["_Row"]) -> str | None:
    """A note on a list that is not in UTF-8, so that its letters were guessed, with examples."""
    if path.suffix.lower() == ".jsonl" or csv_encoding(path, by_hand=True) != "cp1252":
        return None
    cells = dict.fromkeys(cell for row in rows for cell in (row.label, row.make, row.model, row.file))
    examples = [f"'{cell}'" for cell in cells if not cell.isascii()][:3]
    asked = f" ({', '.join(examples)})" if examples else ""
    return f"{path.name} is not in UTF-8 and was read as Windows-1252{asked}. If letters are wrong, save it in UTF-8."


def _hint(columns: Iterable[str]) -> str:
    """The advice for a list whose first line names a photo and not the columns."""
    has_photo = any(Path(with_slashes(name).name).suffix in PICTURE_SUFFIXES for name in columns)
    return " That looks like a photo: write a line such as file_name,label above it." if has_photo else ""


class _Finder:
    """Finds the photo that a list means, though it may be written by Windows, a Mac, or name no folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str) -> Path:
        exact, path = self._folder / name, self._folder / with_slashes(name)
        if exact.is_file() or path.is_file():
            return exact if exact.is_file() else path
        whole, last = _nfc(with_slashes(name)), _nfc(Path(with_slashes(name).name))
        found = self._by_path.get(whole) or self._by_name.get(last) or self._by_id.get(whole) or self._by_id.get(last)
        return found or path

    @cached_property
    def _files(self) -> list[Path]:
        return leave_out_masks(self._folder, walk_folder(self._folder).files).photos

    @cached_property
    def _by_path(self) -> dict[str, Path]:
        return {_nfc(path.relative_to(self._folder)): path for path in self._files}

    @cached_property
    def _by_name(self) -> dict[str, Path | None]:
        """The files whose names occur once."""
        return _once((_nfc(Path(path.name)), path) for path in self._files)

    @cached_property
    def _by_id(self) -> dict[str, Path | None]:
        """The pictures whose names without suffix, or paths without suffix, occur once."""
        pictures = [path for path in self._files if path.suffix.lower() in PICTURE_SUFFIXES]
        paths = _once((_nfc(path.relative_to(self._folder).with_suffix("")), path) for path in pictures)
        return _once((_nfc(Path(path.stem)), path) for path in pictures) | paths


def _once(named: Iterable[tuple[str, Path]]) -> dict[str, Path | None]:
    """The path of each name; None if several have it."""
    paths: dict[str, Path | None] = {}
    for name, path in named:
        paths[name] = None if name in paths else path
    return paths


def _nfc(path: Path) -> str:
    return unicodedata.normalize("NFC", path.as_posix())


@dataclass(frozen=True)
class _Row:
    """A line of a list; what it does not say is empty."""

    line: int
    file: str
    make: str
    model: str
    label: str
    split: str
    year: int | None
    has_make_columns: bool
    has_split_column: bool

    @property
    def has_make(self) -> bool:
        """Whether it gives make and model. In a manifest, a class that stands alone has a label, but no make."""
        return is_name(self.make) and is_name(self.model)

    @property
    def has_label_alone(self) -> bool:
        """Whether the name of its class can hold a make and a model."""
        return is_name(self.label) and not self.has_make_columns


def _rows(path: Path) -> Iterator[_Row]:
    lines: Iterable[tuple[int, Mapping[str, str]]]
    if path.suffix.lower() == ".jsonl":
        lines = _json_lines(path)
    else:
        columns = csv_columns(path, by_hand=True)
        file = [name for name in (*FILE_COLUMNS, *ID_COLUMNS) if name in columns][:1]
        label = [name for name in LABEL_COLUMNS if name in columns][:1]
        makes = ["make", "model"] if {"make", "model"} <= set(columns) else []
        if not file or not (makes or label):
            raise UserError(
                f"{path} cannot be read as a list of photos: its first line {NEEDED_COLUMNS}. "
                f"It names: {', '.join(columns) or 'nothing'}.{_hint(columns)}"
            )
        lines = read_csv(path, file + (makes or label), by_hand=True)
    for line, row in lines:
        name = next((row[column] for column in FILE_COLUMNS if row.get(column)), "")
        if not name and not row.keys() & set(FILE_COLUMNS):
            name = next((row[column] for column in ID_COLUMNS if row.get(column)), "")
        if not name:
            raise UserError(f"{path}, line {line}: it names no photo.")
        cells = {column: row.get(column) or "" for column in ("make", "model", "split", "year")}
        yield _Row(
            line=line,
            file=name,
            make=cells["make"],
            model=cells["model"],
            label=next((row[column] for column in LABEL_COLUMNS if is_name(row.get(column) or "")), ""),
            split=cells["split"],
            year=int(cells["year"]) if cells["year"].isdecimal() else None,
            has_make_columns={"make", "model"} <= row.keys(),
            has_split_column="split" in row,
        )


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and fields of each line of a file of JSON objects, as texts."""
    try:
        for number, line in enumerate(read_text(path).splitlines(), start=1):
            if line.strip():
                fields: dict[str, Any] = dict(json.loads(line))
                yield number, {name.strip().lower(): _text(value) for name, value in fields.items()}
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{path} cannot be read as lines of JSON: {error}") from error


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
