"""Finding photos and their makes and models: in file names, in folder names, or in a list."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from car_classifier.data.conversion import CONVERTIBLE_SUFFIXES
from car_classifier.data.file_names import PHOTO_SUFFIXES, is_name, parse_file_name, parse_label
from car_classifier.data.manifest import SPLITS, Split
from car_classifier.errors import UserError
from car_classifier.files import csv_columns, read_csv

CONVERTED = "converted"
"""Name of the folder beside a manifest for the JPEGs of photos in other formats; it is no folder of photos to index."""

_LIST_COLUMNS = ("file_name", "make", "model")

_SPLIT_FOLDERS: dict[str, Split] = {
    "train": "train", "training": "train", "validation": "validation", "val": "validation", "valid": "validation",
    "test": "test",
}  # fmt: skip


@dataclass(frozen=True)
class LeftOut:
    """A file that is not in the manifest, and the reason."""

    path: Path
    reason: str
    format: str = ""  # of a picture that `data index --convert` would take

    def __str__(self) -> str:
        """Both, for people; bytes of the path that are no UTF-8 are shown as replacement characters."""
        return f"{os.fsencode(self.path).decode(errors='replace')}: {self.reason}"


@dataclass(frozen=True)
class Candidate:
    """A file that should be a photo, with the information from its name, folder or list."""

    path: Path
    make: str
    model: str
    year: int | None
    split: Split | None


def find_photos(source: Path, out: Path, left_out: list[LeftOut]) -> Iterator[Candidate]:
    """The photos of a folder or a list.

    Args:
        source: The source as in `indexing.index_photos`.
        out: The manifest to write, which is not read as a list of photos even if it lies in `source`.
        left_out: Files that are not photos by their names are appended to it.

    Raises:
        UserError: `source` does not exist, or a list in it cannot be read.
    """
    if source.is_file():
        yield from _listed_photos(source, left_out)
        return
    if not source.is_dir():
        raise UserError(f"There is no folder or CSV file at {source}.")
    others = (path for path in sorted(source.glob("*.csv")) if path.resolve() != out.resolve())
    lists = [path for path in others if set(_LIST_COLUMNS) <= set(csv_columns(path))]
    if len(lists) > 1:
        names = ", ".join(path.name for path in lists)
        raise UserError(
            f"{source} holds several lists of photos: {names}. Give the one to index instead of the folder."
        )
    if lists:
        yield from _listed_photos(lists[0], left_out)
        return
    converted = source / os.path.relpath(out.parent / CONVERTED, source)
    for path in sorted(source.rglob("*")):
        inner = path.relative_to(source)
        if path.is_dir() or any(part.startswith(".") for part in inner.parts) or path.suffix.lower() in (".csv", ".md"):
            continue
        if converted in (path, *path.parents):
            continue
        if path.suffix.lower() not in (*PHOTO_SUFFIXES, *CONVERTIBLE_SUFFIXES):
            left_out.append(LeftOut(path, "not a JPEG or PNG file by its name"))
            continue
        folders = inner.parts[:-1]
        split = next((_SPLIT_FOLDERS[name.lower()] for name in folders if name.lower() in _SPLIT_FOLDERS), None)
        class_folder = next((name for name in reversed(folders) if "_" in name), None)
        try:
            if class_folder is not None:
                make, model = parse_label(class_folder)
                yield Candidate(path, make, model, _year_in(path.name, f"{make}_{model}"), split)
            else:
                car = parse_file_name(path.name)
                yield Candidate(path, car.make, car.model, car.year, split)
        except ValueError as error:
            left_out.append(LeftOut(path, str(error)))


def _year_in(file_name: str, label: str) -> int | None:
    """The year in the name of a photo in a class folder, if the name begins with the class as well."""
    try:
        car = parse_file_name(file_name)
    except ValueError:
        return None
    return car.year if car.label == label else None


def _listed_photos(path: Path, left_out: list[LeftOut]) -> Iterator[Candidate]:
    seen: set[Path] = set()
    for line, row in read_csv(path, _LIST_COLUMNS):
        photo = path.parent / row["file_name"]
        make, model, year = row["make"].strip(), row["model"].strip(), (row.get("year") or "").strip()
        split = _parse_split(path, line, row["split"]) if (row.get("split") or "").strip() else None
        if photo in seen:
            left_out.append(LeftOut(photo, f"listed a second time in line {line} of {path.name}"))
        elif not is_name(make) or not is_name(model):
            left_out.append(LeftOut(photo, f"line {line} of {path.name} gives it no make or no model"))
        else:
            seen.add(photo)
            yield Candidate(photo, make, model, int(year) if year.isdecimal() else None, split)


def _parse_split(path: Path, line: int, word: str) -> Split:
    """The split that a word in a line of a CSV file means."""
    split = _SPLIT_FOLDERS.get(word.strip().lower())
    if split is None:
        raise UserError(f"{path}, line {line}: split must be one of {', '.join(SPLITS)}. Received: {word!r}")
    return split


def read_split_csv(path: Path) -> dict[str, Split]:
    """The split of each photo in a `file_name,split` list."""
    splits: dict[str, Split] = {}
    for line, row in read_csv(path, ("file_name", "split")):
        name, split = Path(row["file_name"]).as_posix(), _parse_split(path, line, row["split"])
        if splits.setdefault(name, split) != split:
            raise UserError(f"{path}, line {line}: {name} is in {split} here, but in {splits[name]} before.")
    return splits


def listed_split(path: Path, listed: dict[str, Split]) -> Split | None:
    """The split that a list gives a photo, by its name or by any longer end of its path."""
    parts = path.absolute().parts
    ends = (Path(*parts[-n:]).as_posix() for n in range(len(parts), 0, -1))
    return next((listed[end] for end in ends if end in listed), None) if listed else None
