"""Finding photos and what is known of them: named, sorted into folders, or listed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from car_classifier.data.file_names import PHOTO_SUFFIXES, is_name, parse_file_name, parse_label
from car_classifier.data.manifest import SPLITS, Split
from car_classifier.errors import UserError
from car_classifier.files import csv_columns, read_csv

_LIST_COLUMNS = ("file_name", "make", "model")

_SPLIT_FOLDERS: dict[str, Split] = {
    "train": "train", "training": "train", "validation": "validation", "val": "validation", "valid": "validation",
    "test": "test",
}  # fmt: skip


@dataclass(frozen=True)
class LeftOut:
    """A file that is not in the manifest, and why."""

    path: Path
    reason: str

    def __str__(self) -> str:
        """Both, for people; what is no UTF-8 in the path is shown as question marks."""
        return f"{os.fsencode(self.path).decode(errors='replace')}: {self.reason}"


@dataclass(frozen=True)
class Candidate:
    """A file that should be a photo, and what its name, folder or list says of it."""

    path: Path
    make: str
    model: str
    year: int | None
    split: Split | None


def find_photos(source: Path, out: Path, left_out: list[LeftOut]) -> Iterator[Candidate]:
    """The photos of a folder or a list.

    Args:
        source: As `dataset.index_photos` takes it.
        out: A manifest that is no list of photos, even if it lies in `source`.
        left_out: Gets the files that are not photos by their names.

    Raises:
        UserError: There is nothing at `source`, or a list in it cannot be read.
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
            f"{source} holds several lists of photos: {names}. Name the one to index in the folder's place."
        )
    if lists:
        yield from _listed_photos(lists[0], left_out)
        return
    for path in sorted(source.rglob("*")):
        inner = path.relative_to(source)
        if path.is_dir() or any(part.startswith(".") for part in inner.parts) or path.suffix.lower() in (".csv", ".md"):
            continue
        if path.suffix.lower() not in PHOTO_SUFFIXES:
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
    """The year in the name of a photo that lies in a class folder, if the name follows the contract too."""
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
        side = _side(path, line, row["split"]) if (row.get("split") or "").strip() else None
        if photo in seen:
            left_out.append(LeftOut(photo, f"listed a second time in line {line} of {path.name}"))
        elif not is_name(make) or not is_name(model):
            left_out.append(LeftOut(photo, f"line {line} of {path.name} gives it no make or no model"))
        else:
            seen.add(photo)
            yield Candidate(photo, make, model, int(year) if year.isdecimal() else None, side)


def _side(path: Path, line: int, word: str) -> Split:
    """The side that a word in a line of a CSV file means."""
    side = _SPLIT_FOLDERS.get(word.strip().lower())
    if side is None:
        raise UserError(f"{path}, line {line}: split must be one of {', '.join(SPLITS)}. Received: {word!r}")
    return side


def read_split_csv(path: Path) -> dict[str, Split]:
    """The side of each photo that a `file_name,split` list names."""
    sides: dict[str, Split] = {}
    for line, row in read_csv(path, ("file_name", "split")):
        name, side = Path(row["file_name"]).as_posix(), _side(path, line, row["split"])
        if sides.setdefault(name, side) != side:
            raise UserError(f"{path}, line {line}: {name} is put in {side}, but in {sides[name]} before.")
    return sides


def listed_side(path: Path, listed: dict[str, Split]) -> Split | None:
    """The side that a list gives a photo, by its name or by any longer end of its path."""
    parts = path.absolute().parts
    ends = (Path(*parts[-n:]).as_posix() for n in range(len(parts), 0, -1))
    return next((listed[end] for end in ends if end in listed), None) if listed else None
