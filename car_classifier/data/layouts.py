"""The layouts in which people keep photos and their classes, and which of them a source has.

A folder is read by a list in it, by its folders, or by its photos' names: the first that fits. If another one fits as
well and says other classes, the user has to choose.
"""

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from car_classifier.data.class_labels import label_of, one_spelling
from car_classifier.data.file_names import PICTURE_SUFFIXES
from car_classifier.data.folder_layouts import by_folders, by_names, by_numbered_names, nested_note
from car_classifier.data.folder_walk import Walk, walk_folder
from car_classifier.data.folders_or_names import (
    are_classes_of_splits,
    are_exchanged,
    are_numbered,
    folder_or_names,
    folders_are_trusted,
    folders_fit,
    most_are_named,
    names_agree,
    names_are_known,
    names_fit,
    outer_and_inner_fit,
    same_classes,
)
from car_classifier.data.known_sets import find_known_set
from car_classifier.data.list_layouts import (
    SPREADSHEETS,
    TABLES,
    PhotoList,
    find_list,
    find_list_below,
    open_list,
    unread_tables,
)
from car_classifier.data.list_rows import NEEDED_COLUMNS
from car_classifier.data.masks import leave_out_masks
from car_classifier.data.photo_sources import CONVERTED, Candidate, LeftOut
from car_classifier.data.placed_photos import PlacedPhoto, place_photos
from car_classifier.errors import UserError
from car_classifier.subject import FILE as SUBJECT
from car_classifier.words import counted

NOT_PHOTOS = (*TABLES, *SPREADSHEETS, ".md")
"""Files that people keep beside photos, and that need no mention, unless a table of them names photos."""

WAYS_TO_SORT = (
    "Put them into one folder for each class, or give a list (CSV) whose first line names the columns file_name,label "
    "(data/README.md has others), or name them Make_Model_….jpg."
)
"""The advice for photos without classes."""
MOST_CLASSES = 10
"""Photos of which each may be a class of its own by its name."""


class Classes(StrEnum):
    """Where the classes of photos are read from."""

    FOLDERS = "folders"
    INNER_FOLDERS = "inner-folders"
    NAMES = "names"
    LIST = "list"


@dataclass(frozen=True)
class FoundPhotos:
    """The photos of a source.

    Attributes:
        candidates: The photos that have a class.
        left_out: Files that have none, or are none by their names.
        reading: How the source was read, with an example, in a sentence.
        notes: What else the user should know.
    """

    candidates: list[Candidate]
    left_out: list[LeftOut]
    reading: str
    notes: list[str]


@dataclass
class _Reading:
    """One way to read a source: what it says, and what it leaves out."""

    classes: Classes
    name: str
    candidates: list[Candidate] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def labels(self) -> dict[Path, str]:
        return {candidate.path: candidate.label for candidate in self.candidates}

    def example(self, root: Path, path: Path | None = None) -> str:
        """A photo and its class in this reading: the one at `path`, or the first."""
        chosen = next((item for item in self.candidates if path in (None, item.path)), None)
        shown = chosen.path if chosen else path
        if shown is None:
            return "no photo"
        name = shown.relative_to(root).as_posix() if shown.is_relative_to(root) else str(shown)
        if chosen is None:
            return f"{name} is of no class"
        make = f", of make {chosen.make}" if chosen.make else ""
        return f"{name} is of class {chosen.label}{make}"


def find_photos(
    source: Path, out: Path, classes: Classes | None = None, makes: bool | None = None, min_classes: int = 2
) -> FoundPhotos:
    """Find the photos of a folder or a list, and their classes.

    Args:
        source: The source as in `indexing.index_photos`.
        out: The manifest to write, which is not read as a list of photos even if it lies in `source`.
        classes: Where classes are read from; None for the first place that fits.
        makes: Whether a class `Make_Model` has a make; otherwise every class stands alone. If left out, classes have
            makes if all of them are called so.
        min_classes: Fewest classes that are enough. One folder around all photos is then no class if it is two.

    Raises:
        UserError: `source` does not exist, a list in it cannot be read, or two readings fit and differ.
    """
    if source.is_file():
        reading = _by_list(open_list(source), makes)
        return _finished(reading, source.parent, [])
    if not source.is_dir():
        raise UserError(f"There is no folder or CSV file at {source}.")
    root, photo_list = source, find_list(source, out) if classes in (None, Classes.LIST) else None
    walk = walk_folder(source, passed_over=out.parent / CONVERTED)
    suffixes = {path: path.suffix.lower() for path in walk.files}
    pictures = leave_out_masks(source, (path for path, suffix in suffixes.items() if suffix in PICTURE_SUFFIXES))
    paths, notes = pictures.photos, [*pictures.notes, *walk.notes()]
    if photo_list is None and classes in (None, Classes.LIST):
        root, photo_list = _list_inside(walk, paths, out)
    if classes is Classes.LIST and photo_list is None:
        unread = " ".join(unread_tables(source, walk.files, paths, out))
        wanted = f"a CSV file whose first line {NEEDED_COLUMNS}."
        raise UserError(f"{source} holds no list of photos: {unread or wanted}")
    photos = place_photos(source, paths, min_classes, pictures.folders)
    if photo_list is not None:
        reading = _by_list(photo_list, makes)
        if classes is None:
            sorted_in = _by_folders(photos, makes)
            if not photo_list.is_certain or are_exchanged(reading.labels, sorted_in.labels):
                _check_agreement(source, reading, sorted_in)
        listed = {item.path for item in reading.candidates} | {item.path for item in reading.left_out}
        places = {os.path.abspath(path) for path in listed}
        unlisted = sorted(path for path in paths if os.path.abspath(path) not in places)
        if unlisted:
            reading.notes.append(
                f"{counted(len(unlisted), 'photo is', 'photos are')} not in {photo_list.name}, such as {unlisted[0]}."
            )
        reading.left_out += [item for item in walk.left_out if item.path not in listed]
        return _finished(reading, root, notes)
    reading = _by_folders_or_names(source, photos, classes, makes, min_classes)
    if classes is None:
        reading.notes += unread_tables(source, walk.files, paths, out)
    reading.left_out += walk.left_out
    reading.left_out += [
        LeftOut(path, "not a JPEG or PNG file by its name")
        for path, suffix in suffixes.items()
        if suffix not in (*PICTURE_SUFFIXES, *NOT_PHOTOS) and path.name != SUBJECT
    ]
    return _finished(reading, source, notes)


def _list_inside(walk: Walk, photos: Sequence[Path], out: Path) -> tuple[Path, PhotoList | None]:
    """A list that lies deeper: in a folder around all photos, as archives have it, or beside their folder.

    Returns:
        The folder that it is about, and the list.
    """
    folder = walk.root
    first_and_last = (*photos[:1], *photos[-1:])  # the photos are sorted
    while len(ends := {path.relative_to(folder).parts[0] for path in first_and_last}) == 1:
        folder = folder / next(iter(ends))
        if not os.path.isdir(folder):
            break
        if photo_list := find_list(folder, out):
            return folder, photo_list
    inner = [path for path in sorted(walk.root.iterdir()) if os.path.isdir(path) and find_known_set(path)]
    if len(inner) == 1:
        return inner[0], find_list(inner[0], out)
    return walk.root, find_list_below(walk.root, walk.files, photos, out)


def _by_list(photo_list: PhotoList, makes: bool | None) -> _Reading:
    reading = _Reading(Classes.LIST, f"by {photo_list.name}")
    reading.candidates = photo_list.read(reading.left_out, reading.notes, makes)
    return reading


def _by_folders(photos: Sequence[PlacedPhoto], makes: bool | None, only_folders: bool = False) -> _Reading:
    reading = _Reading(Classes.FOLDERS, "by folders")
    reading.candidates = by_folders(photos, reading.left_out, reading.notes, makes, only_folders)
    outside = {item.path for item in reading.left_out}
    reading.notes[:0] = nested_note([photo for photo in photos if photo.path not in outside])
    return reading


def _by_inner_folders(photos: Sequence[PlacedPhoto], makes: bool | None, only_folders: bool = False) -> _Reading:
    innermost = [replace(photo, folders=photo.folders[-1:]) for photo in photos]
    reading = _by_folders(innermost, makes, only_folders)
    reading.classes, reading.name = Classes.INNER_FOLDERS, "by inner folders"
    return reading


def _by_names(photos: Sequence[PlacedPhoto], makes: bool | None, trust_folders: bool) -> _Reading:
    if are_numbered(photos):
        reading = _Reading(Classes.NAMES, "by file names, without the numbers at their ends")
        reading.candidates = by_numbered_names(photos, reading.left_out, reading.notes, makes)
        return reading
    reading = _Reading(Classes.NAMES, "by file names")
    reading.candidates = by_names(photos, reading.left_out, reading.notes, makes, trust_folders)
    folder_of = {photo.path: photo.class_folder or "" for photo in photos} if trust_folders else {}
    by_folder = sum("_" in folder_of.get(item.path, "") for item in reading.candidates)
    if by_folder:
        is_alone = by_folder == len(reading.candidates)
        reading.classes = Classes.FOLDERS if is_alone else Classes.NAMES
        reading.name = "by folders" if is_alone else "by file names and, in folders named Make_Model, by those"
    return reading


def _by_folders_or_names(
    source: Path, photos: Sequence[PlacedPhoto], classes: Classes | None, makes: bool | None, min_classes: int
) -> _Reading:
    if classes is not None:
        if classes is Classes.NAMES:
            return _by_names(photos, makes, False)
        by = _by_inner_folders if classes is Classes.INNER_FOLDERS else _by_folders
        return by(photos, makes, True)
    trust = folders_are_trusted(photos)
    if are_numbered(photos) and (min_classes > 1 or not any(photo.class_folder for photo in photos)):
        return _by_names(photos, makes, trust)
    if not folders_fit(photos):
        is_class = any(photo.class_folder for photo in photos) and folder_or_names(photos)
        names = _by_names(photos, makes, trust and is_class is not False)
        if min_classes > 1 and not is_class:
            _check_names(source, names)
        if is_class is False or (is_class is None and min_classes > 1):
            return names
        reading = _by_folders(photos, makes)
        named = names.labels
        differing = (path for path, label in reading.labels.items() if named.get(path, label) != label)
        if is_class is None and (path := next(differing, None)):
            raise _two_readings(source, reading, names, path)
        return reading
    reading = _by_folders(photos, makes)
    if outer_and_inner_fit(photos):
        inner = _by_inner_folders(photos, makes)
        raise _two_readings(source, reading, inner, inner.candidates[0].path)
    names = _by_names(photos, makes, trust)
    if names_fit(photos, trust) and not are_classes_of_splits(photos):
        if names_are_known(photos, trust):
            return names
        if not names_agree(photos, trust):
            _check_agreement(source, reading, names)
    elif most_are_named(photos):
        read = reading.labels
        unread = next((item.path for item in names.candidates if item.path not in read), None)
        if unread:
            raise _two_readings(source, reading, names, unread)
    return reading


def _check_agreement(source: Path, first: _Reading, second: _Reading) -> None:
    """Refuse to guess between two readings that both give classes, but other ones."""
    one, other = first.labels, second.labels
    if len({other[path] for path in one.keys() & other.keys()}) < 2 or same_classes(one, other):
        return
    path = next(path for path, label in one.items() if other.get(path, label) != label)
    raise _two_readings(source, first, second, path)


def _check_names(source: Path, reading: _Reading) -> None:
    """Refuse names that make nearly every photo a class of its own, such as `cat_000.jpg`: they are numbers."""
    found = reading.candidates
    labels = {item.label for item in found}
    makes = {item.make or item.model.partition("_")[0] for item in found}
    numbered = sum(not any(letter.isalpha() for letter in item.label.partition("_")[2]) for item in found)
    is_numbered = 2 * numbered > len(found) and 2 * len(makes) <= len(found) > 2
    if 10 * len(labels) >= 9 * len(found) and (len(found) > MOST_CLASSES or is_numbered):
        raise UserError(
            f"Nearly every photo in {source} would be a class of its own by its name: {reading.example(source)}. "
            f"{WAYS_TO_SORT} If the names are right, use --classes names."
        )


def _two_readings(source: Path, first: _Reading, second: _Reading, path: Path) -> UserError:
    return UserError(
        f"The photos in {source} can be read in two ways. {first.name.capitalize()}: {first.example(source, path)}. "
        f"{second.name.capitalize()}: {second.example(source, path)}. "
        f"Choose with --classes {first.classes} or --classes {second.classes}."
    )


def _finished(reading: _Reading, root: Path, notes: list[str]) -> FoundPhotos:
    """Give each class one spelling, and put into words how the source was read."""
    found, merged = _in_one_spelling(reading.candidates)
    reading.candidates = found
    common = (Classes.FOLDERS, Classes.NAMES, Classes.LIST)
    others = " or ".join(str(way) for way in common if way is not reading.classes)
    no_makes = " --no-makes: classes as they are, without makes." if any(item.make for item in found) else ""
    said = f"Classes {reading.name}: {reading.example(root)}. For another reading: --classes {others}.{no_makes}"
    return FoundPhotos(found, reading.left_out, said, [*reading.notes, *merged, *notes])


def _in_one_spelling(found: Sequence[Candidate]) -> tuple[list[Candidate], list[str]]:
    """Candidates whose makes and classes each have one spelling, and notes on those that had several."""
    makes = one_spelling(Counter(item.make for item in found))
    models = one_spelling(Counter(item.model for item in found), only_form=True)
    pairs = [(makes[item.make], models[item.model]) for item in found]
    counts = Counter(label_of(*pair) for pair in pairs)
    counts.update({label_of(make, model): len(pairs) for make, model in set(pairs) if make})  # these spellings win
    labels = one_spelling(counts)
    pair_of = {label_of(*pair): pair for pair in pairs}
    shared = [pair_of[labels[label_of(*pair)]] for pair in pairs]
    spellings = defaultdict(set)
    for item, pair in zip(found, shared, strict=True):
        spellings[label_of(*pair)].add(item.label)
    several = sorted((label, sorted(names)) for label, names in spellings.items() if len(names) > 1)
    notes = [
        f"One class, {label}, was written in {len(names)} ways: {_quoted(names)}. They differ in {_difference(names)}."
        for label, names in several
    ]
    return [replace(item, make=make, model=model) for item, (make, model) in zip(found, shared, strict=True)], notes


def _difference(names: Sequence[str]) -> str:
    """In what spellings of one class differ. Those that differ in Unicode form look alike."""
    in_form = {unicodedata.normalize("NFC", name) for name in names}
    in_case = {name.casefold() for name in in_form}
    kinds = []
    if len(in_form) < len(names):
        kinds.append("Unicode form")
    if len(in_case) < len(in_form):
        kinds.append("case")
    if len(in_case) > 1:
        kinds.append("spaces or underscores")
    return " and ".join(kinds)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
