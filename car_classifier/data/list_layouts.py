"""Finding the list of photos in a folder, or the lists that belong together: CSV, JSON lines, or a well-known set's."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from car_classifier.data.file_names import PICTURE_SUFFIXES
from car_classifier.data.known_sets import find_known_set, is_of_known_set
from car_classifier.data.list_reader import read_lists, split_of_list
from car_classifier.data.list_rows import (
    ID_COLUMNS,
    LABEL_COLUMNS,
    NEEDED_COLUMNS,
    advice_on_columns,
    columns_of,
    read_json_lines,
    read_rows,
)
from car_classifier.data.photo_finder import PhotoFinder, nfc_path
from car_classifier.data.photo_sources import FILE_COLUMNS, Candidate, LeftOut, split_of_folder, with_slashes
from car_classifier.errors import UserError
from car_classifier.files import read_csv
from car_classifier.words import counted

TABLES = (".csv", ".tsv", ".txt", ".jsonl")
SPREADSHEETS = (".xlsx", ".xls", ".ods")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_TABLES_NOT_READ = (".json", ".xml", ".yaml", ".yml", ".parquet", ".arrow", ".tfrecord", ".h5", ".mat", ".npz", ".pkl")
MOST_TABLES = 3
"""Tables that were not read and are mentioned with a note each."""
SEARCHED_NAMES = 100
"""Names of photos that are looked for in files of other kinds."""
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
        UserError: It is a file that is no list of photos, such as a spreadsheet or an archive, or a list of a
            well-known data set that is damaged.
    """
    suffix = path.suffix.lower()
    if suffix in SPREADSHEETS:
        raise UserError(f"{path} is a spreadsheet, which is not read: save it as CSV. Its first line {NEEDED_COLUMNS}.")
    if suffix in _ARCHIVES:
        raise UserError(f"{path} is an archive, which is not read: unpack it and name the folder.")
    known = find_known_set(path.parent) if suffix in (".txt", ".mat") else None
    if suffix in _TABLES_NOT_READ and known is None:
        raise UserError(
            f"{path} is no CSV file: save the list as CSV, whose first line {NEEDED_COLUMNS}, or as lines of JSON "
            "(.jsonl)."
        )
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
    inner = [folder / name for name in _names_in(folder) if split_of_folder(name) and os.path.isdir(folder / name)]
    for places in ([folder], inner):
        tables = [
            place / name
            for place in places
            for name in _names_in(place)
            if name.lower().endswith(TABLES) and _is_table(place / name, out)
        ]
        certain = [path for path in tables if set(_CONTRACT) <= set(columns_of(path))]
        lists = certain or [path for path in tables if _has_photos(path)]
        names = [path.relative_to(folder).as_posix() for path in lists]
        if len(lists) > 1 and len({split_of_list(path) for path in lists} - {None}) < len(lists):
            raise UserError(
                f"{folder} holds several lists of photos: {', '.join(names)}. "
                "Give the one to index instead of the folder."
            )
        if lists:
            return _tables(lists, " and ".join(names), bool(certain))
    return None


def _names_in(folder: Path) -> list[str]:
    """The sorted names in a folder; none if it cannot be read, which the walk through all folders mentions."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def find_list_below(root: Path, files: Iterable[Path], photos: Iterable[Path], out: Path) -> PhotoList | None:
    """The list of most photos of a folder, if it lies in another folder below, as in `annotations/list.csv`.

    It can name photos by their paths in its own folder or in `root`.

    Args:
        root: The folder.
        files: The files in it.
        photos: The photos among them.
        out: The manifest to write, which is not read as a list.
    """
    found = set(photos)
    tables = [path for path in _tables_of(files, found, out) if path.parent != root and _is_table(path, out)]
    are_together = len({path.parent for path in tables}) == 1
    if not are_together or (len(tables) > 1 and len({split_of_list(path) for path in tables} - {None}) < len(tables)):
        return None
    try:
        rows = [row for path in tables for row in read_rows(path)]
    except UserError:
        return None
    for place in (tables[0].parent, root):
        finder = PhotoFinder(place)
        listed = {finder.find(row.file) for row in rows} & found
        if 2 * len(listed) > len(found) and len({(row.make, row.model, row.label) for row in rows}) > 1:
            names = " and ".join(path.relative_to(root).as_posix() for path in tables)
            return _tables(tables, names, is_certain=False, root=place)
    return None


def _tables_of(files: Iterable[Path], photos: Iterable[Path], out: Path) -> Iterator[Path]:
    """The files that may be tables. Text beside a photo of the same name is about that photo alone."""
    ids: set[Path] | None = None
    for path in files:
        suffix = path.suffix.lower()
        if suffix not in TABLES or path.resolve() == out.resolve() or is_of_known_set(path):
            continue
        if suffix == ".txt":
            ids = {photo.with_suffix("") for photo in photos} if ids is None else ids
            if path.with_suffix("") in ids:
                continue
        yield path


def unread_tables(root: Path, files: Iterable[Path], photos: Iterable[Path], out: Path) -> list[str]:
    """Notes on tables that name photos but were not read, and on spreadsheets.

    Args:
        root: The folder.
        files: The files in it.
        photos: The photos among them.
        out: The manifest to write.
    """
    files = list(files)
    photos = list(photos)
    tables = list(_tables_of(files, photos, out))
    some = [os.fsencode(photo.name) for photo in photos[:SEARCHED_NAMES]]
    names = {nfc_path(Path(photo.name)) for photo in photos} if tables else set()
    ids = {name.rpartition(".")[0] for name in names}
    notes = [
        f"{path.relative_to(root).as_posix()} {reason}"
        for path in tables
        if (reason := _reason_not_read(path, root, names, ids, out))
    ]
    if len(notes) > MOST_TABLES:
        more = counted(len(notes) - MOST_TABLES, "more table names", "more tables name")
        notes = [*notes[:MOST_TABLES], f"{more} photos, but their classes were not read from there."]
    notes += [
        f"{path.relative_to(root).as_posix()} names photos, but only lists in CSV and lines of JSON (.jsonl) are read."
        for path in files
        if path.suffix.lower() in _TABLES_NOT_READ and any(name in _beginning(path) for name in some)
    ]
    notes += [
        f"{path.relative_to(root).as_posix()} is a spreadsheet, which is not read: if it lists the photos, save it as "
        f"CSV. Its first line {NEEDED_COLUMNS}."
        for path in files
        if path.suffix.lower() in SPREADSHEETS
    ]
    return notes


def _beginning(path: Path) -> bytes:
    """The first bytes of a file; none if it cannot be read."""
    if not path.is_file():
        return b""
    try:
        with path.open("rb") as file:
            return file.read(2**20)
    except OSError:
        return b""


def _reason_not_read(path: Path, root: Path, names: set[str], ids: set[str], out: Path) -> str | None:
    """Why a table was not read as a list, after its name; None for a table of something else than photos."""
    columns = columns_of(path)
    if not columns:
        return None
    if not _is_table(path, out):
        if not _names_photos(path, names, ids):
            return None
        return (
            f"names photos, but their classes were not read from it: its first line {NEEDED_COLUMNS}. "
            f"It names: {', '.join(columns)}.{advice_on_columns(columns)}"
        )
    if path.parent != root and _names_photos(path, names, ids):
        return (
            "is a list, but was not read: it lies in another folder than the photos, and there are several such "
            f"lists, or it names less than half of the photos. To use it, move it to {root}."
        )
    try:
        first = next((row.file for row in read_rows(path)), "")
    except UserError as error:
        return f"was not read: {error}"
    if Path(first).suffix.lower() not in PICTURE_SUFFIXES:
        return None
    return f"is a list, but the photos that it names are not there, such as {first}."


def _names_photos(path: Path, names: set[str], ids: set[str]) -> bool:
    """True if a column in the first rows names photos, with or without a suffix."""
    try:
        lines = read_json_lines(path) if path.suffix.lower() == ".jsonl" else read_csv(path, by_hand=True)
        rows = [row for _, row in islice(lines, 5)]
    except (UserError, OSError):
        return False
    columns = [
        [nfc_path(Path(with_slashes(row.get(name) or "").name)) for row in rows]
        for name in (rows[0] if rows else ())
        if name  # cells beyond the last column have none
    ]
    if any(names.issuperset(column) for column in columns):
        return True
    return bool(columns) and (ids.issuperset(columns[0]) or any(_are_ids(column, ids) for column in columns[1:]))


def _are_ids(column: Sequence[str], ids: set[str]) -> bool:
    """Whether cells name photos without their suffix; small numbers, such as ages, repeat or are too short to say."""
    return ids.issuperset(column) and len(set(column)) == len(column) and any(len(cell) > 3 for cell in column)


def _known_list(name: str, read: Callable[[], list[Candidate]]) -> PhotoList:
    return PhotoList(name, True, lambda _left_out, _notes, _makes: read())


def _tables(paths: Sequence[Path], name: str, is_certain: bool, root: Path | None = None) -> PhotoList:
    def read(left_out: list[LeftOut], notes: list[str], makes: bool | None) -> list[Candidate]:
        return read_lists(paths, left_out, notes, makes, root)

    return PhotoList(name, is_certain, read)


def _is_table(path: Path, out: Path) -> bool:
    """Whether a file lists photos and their classes."""
    if path.name.startswith(".") or not path.is_file() or path.resolve() == out.resolve():
        return False
    columns = set(columns_of(path))
    has_class = columns >= {"make", "model"} or columns & set(LABEL_COLUMNS)
    return bool(columns & {*FILE_COLUMNS, *ID_COLUMNS} and has_class)


def _has_photos(path: Path) -> bool:
    """Whether a photo among the first rows of a table exists.

    A table `id,label` may number the classes instead: then its ids have no suffix, and no label occurs twice.
    """
    finder = PhotoFinder(path.parent)
    try:
        if not set(FILE_COLUMNS) & set(columns_of(path)):
            rows = list(read_rows(path))
            has_suffix = any(Path(row.file).suffix.lower() in PICTURE_SUFFIXES for row in rows)
            if len({row.label for row in rows}) == len(rows) and not has_suffix:
                return False
        return any(os.path.isfile(finder.find(row.file)) for row in islice(read_rows(path), 5))
    except UserError:
        return False
