"""The photos that a folder or a list holds, before any of them is opened: path, class and split."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from car_classifier.data.class_labels import label_of
from car_classifier.data.manifest import SPLITS, Split
from car_classifier.errors import UserError
from car_classifier.files import csv_columns, read_csv

CONVERTED = "converted"
"""Name of the folder beside a manifest for the JPEGs of photos in other formats; it is no folder of photos to index."""

FILE_COLUMNS = ("file_name", "filename", "file", "image", "path", "file_path", "filepath", "image_path")
"""Names of the column of a list that names photos."""

_SPLIT_WORDS: dict[str, Split] = {
    "train": "train", "training": "train", "trn": "train",
    "validation": "validation", "val": "validation", "valid": "validation", "dev": "validation",
    "test": "test", "testing": "test", "tst": "test", "evaluation": "test",
}  # fmt: skip
_BESIDE_SPLIT = re.compile(
    r"^(?:seg|cars|my|data|images|imgs|photos)[ _-]|[ _-]?(?:set|data|images|imgs|photos|split|mini|small|full)$|\d{4}$"
)
"""What data sets write before or after the word: `seg_train`, `training_set`, `val2017`."""


MOST_OF_A_REASON = 5
"""Files that are left out for the same reason and have a line each."""
_NAME_OR_NUMBER = re.compile(r"'[^']*'|\d+")
"""What may differ in a reason that is the same for several files."""


@dataclass(frozen=True)
class LeftOut:
    """A file that is not in the manifest, and the reason."""

    path: Path
    reason: str
    format: str = ""  # of a picture that `data index --convert` would take

    def __str__(self) -> str:
        """Both, for people; bytes of the path that are no UTF-8 are shown as replacement characters."""
        return f"{os.fsencode(self.path).decode(errors='replace')}: {self.reason}"


def sum_up(left_out: Iterable[LeftOut]) -> list[str]:
    """Lines on files that were left out: one for each, or one for all of a reason that more than a few share."""
    by_reason: dict[str, list[LeftOut]] = {}
    for item in left_out:
        by_reason.setdefault(_NAME_OR_NUMBER.sub("", item.reason.replace(item.path.name, "")), []).append(item)
    lines = []
    for items in by_reason.values():
        if len(items) > MOST_OF_A_REASON:
            lines.append(f"Left out {len(items)} files, such as {items[0]}")
        else:
            lines += [f"Left out {item}" for item in items]
    return lines


@dataclass(frozen=True)
class Candidate:
    """A file that should be a photo, with the information from its name, folder or list.

    Attributes:
        path: The file.
        make: Empty for a class that stands alone.
        model: The name of the class without its make.
        year: Of the car; None if it is not known.
        split: None if it is not decided.
    """

    path: Path
    make: str
    model: str
    year: int | None = None
    split: Split | None = None

    @property
    def label(self) -> str:
        """Its class: `Make_Model`, or only the model."""
        return label_of(self.make, self.model)


def split_of_folder(name: str) -> Split | None:
    """The split that a folder's name means, in any of its spellings; None for any other folder."""
    name = name.strip().lower()
    return _SPLIT_WORDS.get(name) or _SPLIT_WORDS.get(_BESIDE_SPLIT.sub("", name))


def parse_split(path: Path, line: int, word: str) -> Split:
    """The split that a word in a line of a list means.

    Raises:
        UserError: It means none.
    """
    split = _SPLIT_WORDS.get(word.strip().lower())
    if split is None:
        raise UserError(f"{path}, line {line}: split must be one of {', '.join(SPLITS)}. Received: {word!r}")
    return split


def read_split_csv(path: Path) -> dict[str, Split]:
    """The split of each photo in a list `file_name,split`; the first column may have any name of `FILE_COLUMNS`."""
    splits: dict[str, Split] = {}
    columns = csv_columns(path, by_hand=True) if path.is_file() else ()
    file = next((name for name in FILE_COLUMNS if name in columns), FILE_COLUMNS[0])
    for line, row in read_csv(path, (file, "split"), by_hand=True):
        name, split = with_slashes(row[file]).as_posix(), parse_split(path, line, row["split"])
        if splits.setdefault(name, split) != split:
            raise UserError(f"{path}, line {line}: {name} is in {split} here, but in {splits[name]} before.")
    return splits


def with_slashes(name: str) -> Path:
    """The path that a list means: one written by Windows has backslashes."""
    return Path(name.replace("\\", "/") if "/" not in name else name)


def listed_split(path: Path, listed: dict[str, Split]) -> Split | None:
    """The split that a list gives a photo, by its name or by any longer end of its path."""
    parts = path.absolute().parts
    ends = (Path(*parts[-n:]).as_posix() for n in range(len(parts), 0, -1))
    return next((listed[end] for end in ends if end in listed), None) if listed else None
