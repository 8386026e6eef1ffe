"""Reading photos and their classes from lists of them."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from car_classifier.data.class_labels import is_name, label_of, read_classes
from car_classifier.data.list_rows import ListRow, read_rows
from car_classifier.data.manifest import Split
from car_classifier.data.photo_finder import PhotoFinder
from car_classifier.data.photo_sources import Candidate, LeftOut, parse_split, split_of_folder
from car_classifier.data.placed_photos import place_photos
from car_classifier.files import csv_encoding
from car_classifier.words import counted


def read_lists(
    paths: Sequence[Path], left_out: list[LeftOut], notes: list[str], makes: bool | None, root: Path | None = None
) -> list[Candidate]:
    """Read the photos of lists that belong together.

    Args:
        paths: The lists.
        left_out: Lines without a class, and photos that were listed before, are appended to it.
        notes: What the user should know is appended to it.
        makes: Whether `Make_Model` names a make: see `read_classes`.
        root: The folder in which the lists name photos; None for the folder of each list.

    Raises:
        UserError: A list cannot be read, or names no photo or an unknown split.
    """
    candidates: list[Candidate] = []
    undecided: set[Path] = set()
    contradictory: list[str] = []
    class_of: dict[Path, str] = {}
    torn: list[str] = []
    tables = [(path, list(read_rows(path))) for path in paths]
    notes += [note for path, rows in tables if (note := _encoding_note(path, rows))]
    labels = {row.label for _, rows in tables for row in rows if row.has_label_alone}
    classes = read_classes(labels, makes, notes)
    for path, rows in tables:
        finder = PhotoFinder(root or path.parent)
        for row in rows:
            line, photo = f"line {row.line} of {path.name}", finder.find(row.file)
            if row.has_make:
                make, model = ("", label_of(row.make, row.model)) if makes is False else (row.make, row.model)
            elif is_name(row.label):
                make, model = classes[row.label] if row.has_label_alone else ("", row.label.strip())
            elif is_name(row.model):
                make, model = "", row.model.strip()
            else:
                left_out.append(LeftOut(photo, f"{line} gives it no {'model' if row.has_make_columns else 'class'}"))
                continue
            if photo in class_of:
                left_out.append(LeftOut(photo, f"listed a second time in {line}"))
                if label_of(make, model) != class_of[photo]:
                    torn.append(f"{line} says {label_of(make, model)} of {photo.name}, after {class_of[photo]}")
                continue
            class_of[photo] = label_of(make, model)
            split = parse_split(path, row.line, row.split) if row.split else None
            split = split or (split_of_list(path) if len(paths) > 1 else None)
            if split is None and not row.has_split_column:
                undecided.add(photo)
            candidates.append(Candidate(photo, make, model, row.year, split))
            if row.has_make and row.label not in ("", candidates[-1].label):
                contradictory.append(f"{line} says {row.label}, and {candidates[-1].label}")
    if torn:
        notes.append(
            f"{counted(len(torn), 'line gives', 'lines give')} a photo another class than a line before, which counts: "
            f"{torn[0]}."
        )
    notes += [note for path, rows in tables if (note := _columns_note(path, rows))]
    if contradictory:
        notes.append(
            f"{counted(len(contradictory), 'line has', 'lines have')} a label that contradicts make and model, which "
            f"count: {contradictory[0]}."
        )
    splits = _splits_of_folders(root or paths[0].parent, undecided)
    return [replace(item, split=splits.get(item.path, item.split)) for item in candidates]


def split_of_list(path: Path) -> Split | None:
    """The split that the name of one of several lists means, or that of its folder."""
    return split_of_folder(path.stem) or split_of_folder(path.parent.name)


def _splits_of_folders(folder: Path, photos: Iterable[Path]) -> dict[Path, Split | None]:
    """The splits of the folders in which listed photos lie; none if there is no folder for training among them."""
    root = folder.parent if split_of_folder(folder.name) else folder
    real = {Path(os.path.normpath(photo)): photo for photo in sorted(photos)}  # a list may name `../test/1.jpg`
    root = Path(os.path.normpath(root))
    placed = place_photos(root, [path for path in real if path.is_relative_to(root)], min_classes=2)
    splits = {real[photo.path]: photo.split for photo in placed}
    return splits if "train" in splits.values() else {}


def _columns_note(path: Path, rows: Sequence[ListRow]) -> str | None:
    """A note on a list with two columns for classes that do not divide its photos alike, as breeds and species."""
    columns = dict.fromkeys(column for row in rows for column in row.labels)
    if len(columns) < 2 or any(row.has_make_columns for row in rows):
        return None
    used, *others = columns
    for other in others:
        pairs = {(row.labels.get(used), row.labels.get(other)) for row in rows}
        if len(pairs) > min(len({pair[place] for pair in pairs}) for place in (0, 1)):
            return f"{path.name} has classes in the columns {used} and {other}, and {used} counts."
    return None


def _encoding_note(path: Path, rows: Sequence[ListRow]) -> str | None:
    """A note on a list that is not in UTF-8, so that its letters were guessed, with examples."""
    if path.suffix.lower() == ".jsonl" or csv_encoding(path, by_hand=True) != "cp1252":
        return None
    cells = dict.fromkeys(cell for row in rows for cell in (row.label, row.make, row.model, row.file))
    examples = [f"'{cell}'" for cell in cells if not cell.isascii()][:3]
    asked = f" ({', '.join(examples)})" if examples else ""
    return f"{path.name} is not in UTF-8 and was read as Windows-1252{asked}. If letters are wrong, save it in UTF-8."
