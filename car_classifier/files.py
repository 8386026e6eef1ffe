"""Reading and writing files: complete or not at all, tables as CSV, and locks between processes."""

import codecs
import csv
import errno
import fcntl
import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from car_classifier.errors import UserError


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place of `path` in one step.

    What a link leads to is replaced, not the link. Whatever `write` raises passes through, and `path` is then as it
    was.

    Raises:
        UserError: The path is a device, a pipe or the like.
    """
    _check_regular(path)
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of a folder such as `link/..`, tempfile would cut `link/` off as text, which may lead elsewhere.
    folder = os.path.realpath(path.parent)
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Refuse an output that cannot be written, before the work for it is done.

    Raises:
        UserError: The path is a folder, a device or a pipe, or its folder cannot be made or written to.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder. Name a file in it, such as {path / 'out.csv'}.")
    _check_regular(path)
    existing = next((folder for folder in path.parents if folder.exists()), path.parent)
    if existing.is_file():
        raise UserError(f"{path} cannot be written: {existing} is a file, not a folder. Name another folder.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=os.path.realpath(path.parent)):
            pass
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error


def _check_regular(path: Path) -> None:
    """Refuse what exists and is no regular file: putting a file in place of `/dev/null` would break the machine."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise UserError(f"{path} is no regular file, so it stays as it is. Name another file to write.")


def check_no_input(path: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that would replace a file that the command reads.

    Raises:
        UserError: The output is one of the inputs.
    """
    if path.exists() and any(path.samefile(file) for file in inputs if file.exists()):
        raise UserError(f"{path} is read by this command, so it stays as it is. Name another file to write.")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content`, atomically."""

    def write(target: Path) -> None:
        target.write_bytes(content)

    write_atomically(path, write)


def relative_folder(folder: Path, start: Path) -> Path:
    """The path from one folder to another that the operating system follows to the right place.

    `os.path.relpath` calculates with names alone. If `start` is a link to another disk, though, `..` leads to the
    parent of the link's target. Then the path is calculated without links.
    """
    shortest = Path(os.path.relpath(folder, start))
    real_folder, real_start = os.path.realpath(folder), os.path.realpath(start)
    if os.path.realpath(os.path.join(real_start, shortest)) == real_folder:
        return shortest
    return Path(os.path.relpath(real_folder, real_start))


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class NotAFileError(OSError):
    """A path that is there, but is a pipe, a socket or a device. Reading it could wait for ever."""

    def __init__(self, path: Path) -> None:
        """The error about one path."""
        super().__init__(errno.EINVAL, "not a file", str(path))


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        NotAFileError: The path is a pipe, a socket or a device.
        OSError: The file cannot be read.
    """
    if not stat.S_ISREG(mode := path.stat().st_mode) and not stat.S_ISDIR(mode):
        raise NotAFileError(path)
    return path.read_bytes()


def read_text(path: Path) -> str:
    """The text of a file in UTF-8: without the byte order mark that Windows writes first, with Unix line ends.

    Raises:
        OSError: The file cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    return path.read_text(encoding="utf-8-sig")


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not JSON in UTF-8.
    """
    return json.loads(read_text(path))


def csv_columns(path: Path, by_hand: bool = False) -> tuple[str, ...]:
    """The column names of a CSV file; none if the file cannot be read as CSV. `by_hand` is that of `read_csv`."""
    with path.open(newline="", encoding=csv_encoding(path, by_hand), errors="replace") as file:
        try:
            separator, _ = _separator(file)
            names = next(csv.reader(file, delimiter=separator, skipinitialspace=by_hand), [])
        except csv.Error:
            return ()
    return tuple(_column(name, by_hand) for name in names)


def read_csv(path: Path, needed: Sequence[str] = (), by_hand: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
    """Read the rows of a CSV file in UTF-8, UTF-16 or UTF-32.

    Cells are separated by commas, semicolons (as many a spreadsheet writes them) or tabs, whichever the first line
    has most of, or by what a line `sep=;` above it names.

    Args:
        path: The file.
        needed: Columns that the file must have; other columns are passed on as they are.
        by_hand: Whether people wrote it: spaces around cells do not count, nor does the case of column names, and the
            encoding may be that of Windows.

    Yields:
        The line on which a row ends, counted from 1, and the row.

    Raises:
        UserError: The file is missing, lacks a column, is no CSV file, or has a row that is cut short.
    """
    if not path.is_file():
        raise UserError(f"There is no file at {path}.")
    with path.open(newline="", encoding=csv_encoding(path, by_hand)) as file:
        try:
            separator, skipped = _separator(file)
            reader = csv.DictReader(file, delimiter=separator, skipinitialspace=by_hand)
            columns = [_column(name, by_hand) for name in reader.fieldnames or ()]
            missing = [name for name in needed if name not in columns]
            if missing:
                raise UserError(f"{path} has no column {', '.join(missing)}: it must hold {', '.join(needed)}.")
            reader.fieldnames = columns
            for row in reader:
                if any(row[name] is None for name in needed):
                    raise UserError(f"{path}, line {skipped + reader.line_num}: the row is cut short.")
                if by_hand:
                    row = {name: cell.strip() if isinstance(cell, str) else cell for name, cell in row.items()}
                yield skipped + reader.line_num, row
        except (UnicodeError, csv.Error) as error:
            raise UserError(f"{path} cannot be read as a CSV file in UTF-8: {error}") from error


_ENCODING_BYTES = 2**24
"""The first bytes of a file, in which its encoding must show."""


def csv_encoding(path: Path, by_hand: bool = False) -> str:
    """The encoding in which `read_csv` reads a file: UTF-8, 16 or 32, of files by people also `cp1252` of Windows."""
    with path.open("rb") as file:
        start = file.read(4)
        if start in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
            return "utf-32"
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in start:
            # Some databases write no mark. No text in UTF-8 has zero bytes, and a head line begins with a letter or a
            # quote.
            if start.count(b"\0") == 3:
                return "utf-32-le" if start.endswith(b"\0") else "utf-32-be"
            return "utf-16-le" if start.endswith(b"\0") else "utf-16-be"
        if by_hand:
            decoder, block = codecs.getincrementaldecoder("utf-8")(), start
            while block and file.tell() <= _ENCODING_BYTES:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    return "cp1252"
                block = file.read(2**20)
    return "utf-8-sig"


def _separator(file: TextIO) -> tuple[str, int]:
    """The separator of a CSV file's cells, and the number of lines above the column names, which are read next.

    Excel takes a first line such as `sep=;` for the separator, so programs that write for it begin with one.
    """
    header = file.readline()
    named = re.fullmatch(r'"?sep=([,;|\t])"?\s*', header, re.IGNORECASE)
    if named:
        return named[1], 1
    file.seek(0)
    return max(",;\t", key=re.sub(r'"[^"]*"', "", header).count), 0


def _column(name: str, by_hand: bool) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower()) if by_hand else name.strip()


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV file, atomically: a line of column names, then a line for each row.

    Args:
        path: The file.
        columns: The columns, in their order. A row may lack some: those cells are empty.
        rows: By column, the value of each cell.
    """
    write_atomically(path, lambda target: append_csv(target, columns, rows))


def append_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Add rows to a CSV file, which is made if it is not there; the arguments are those of `write_csv`."""
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        if not file.tell():
            writer.writeheader()
        writer.writerows(rows)


@contextmanager
def exclusive_lock(path: Path, busy: str, notify: Callable[[str], object] | None = None) -> Iterator[None]:
    """Let one process at a time run a `with` block; the operating system frees the lock of a process that dies.

    Args:
        path: The folder or file to lock; a missing file is created.
        busy: A sentence for the case that another process holds the lock.
        notify: Is called with that sentence, and then the lock is waited for. If left out, the sentence is an error.

    Raises:
        UserError: Another process holds the lock.
    """
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_CREAT | os.O_WRONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if notify is None:
                raise UserError(busy) from error
            notify(busy)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
