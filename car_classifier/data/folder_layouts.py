"""Reading classes from the folders that photos lie in, or from their file names."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from car_classifier.data.class_labels import make_and_model, read_classes, spelling_key
from car_classifier.data.file_names import CarName, parse_file_name
from car_classifier.data.manifest import Split
from car_classifier.data.photo_sources import Candidate, LeftOut, split_of_folder
from car_classifier.words import counted, noun

_GENERAL_WORDS = set(
    "archive data dataset download downloads files image images img imgs jpg jpeg new photo photos pic pics picture "
    "pictures png raw upload uploads".split()
)
"""Words in the names of folders that say nothing about the photos in them."""
_NO_CLASS = "lies in no class folder, and its name does not begin with a class"
_NO_NAME = "its name says no class; put it into a folder of its class, or into a list"


@dataclass(frozen=True)
class PlacedPhoto:
    """A photo and its place below the folder that is read.

    Attributes:
        path: The file.
        split: The split that a folder above it means; None if there is none.
        folders: The folders above it, the outermost first, without those of the split and those around all classes.
        is_below_split: Whether they lie below the folder of a split.
    """

    path: Path
    split: Split | None
    folders: tuple[str, ...]
    is_below_split: bool = False

    @property
    def class_folder(self) -> str | None:
        """The outermost of the folders, or the second if its name begins with the first, as in `Kia/Kia_Rio/`."""
        if len(self.folders) > 1 and self.folders[1].startswith(f"{self.folders[0]}_"):
            return self.folders[1]
        return self.folders[0] if self.folders else None

    @cached_property
    def car(self) -> CarName | None:
        """The fields of its name; None if the name does not begin with a make and a model."""
        try:
            return parse_file_name(self.path.name)
        except ValueError:
            return None


def place_photos(
    root: Path, paths: Sequence[Path], min_classes: int, around: Collection[Path] = ()
) -> list[PlacedPhoto]:
    """Find the split and the folders of photos below `root`.

    A class folder is the outermost one below `root` and, if there is one, below the folder of a split. Where no
    split has folders, they can lie inside the class folders instead, as in `cats/train/`. Folders that hold all others
    (`archive/photos/cats/`) are no classes, and neither are those in `around` that hold folders of photos.
    """
    parts = [path.relative_to(root).parts[:-1] for path in paths]
    if around:
        outer = {folder for path in paths for folder in path.parent.parents} & set(around)
        parts = [
            tuple(name for depth, name in enumerate(folders, 1) if root.joinpath(*folders[:depth]) not in outer)
            for folders in parts
        ]
    parts = [folders[_around_all(parts, min_classes) :] for folders in parts]
    words = _split_words(parts, paths)
    cut = [_cut_at_split(folders, words) for folders in parts]
    classes = _split_words_of_classes([below for _, _, below in cut], words)
    cut = [(above, split, _without_inner_split(below, words - classes)) for above, split, below in cut]
    inside = not any(split and below for _, split, below in cut) and len({above[:1] for above, _, _ in cut}) > 1
    return [
        PlacedPhoto(path, split, above)
        if split is None or (inside and above)
        else PlacedPhoto(path, split, below, bool(below))
        for path, (above, split, below) in zip(paths, cut, strict=True)
    ]


def _around_all(parts: Sequence[tuple[str, ...]], min_classes: int) -> int:
    """Number of outer folders that all photos share and that can be no class, because each has a folder below."""
    count = 0
    while parts and all(len(folders) > count + 1 and folders[count] == parts[0][count] for folders in parts):
        outer, inner = parts[0][count], {folders[count + 1] for folders in parts}
        if split_of_folder(outer) or (min_classes < 2 and "_" in outer and not any("_" in name for name in inner)):
            break
        count += 1
    return count


def _split_words(parts: Sequence[tuple[str, ...]], paths: Sequence[Path]) -> set[str]:
    """The names that mean a split here. `train` beside `bus` and `car`, with photos directly in all three, is a class.

    It is a split if its photos are named after their classes.
    """
    names = {name for folders in parts for name in folders if split_of_folder(name)}
    outermost = {folders[0] for folders in parts if folders}
    others = outermost - names
    if not others or any(split_of_folder(folders[0]) and len(folders) > 1 for folders in parts if folders):
        return names
    flat = defaultdict(list)
    for folders, path in zip(parts, paths, strict=True):
        if len(folders) == 1 and folders[0] in names:
            flat[folders[0]].append(PlacedPhoto(path, None, ()))
    return names - {name for name, photos in flat.items() if not _are_plausible(photos, others)}


def _cut_at_split(folders: tuple[str, ...], words: set[str]) -> tuple[tuple[str, ...], Split | None, tuple[str, ...]]:
    """The folders above the first folder of a split, the split, and the folders below it."""
    place = next((i for i, name in enumerate(folders) if name in words), None)
    if place is None:
        return folders, None, ()
    return folders[:place], split_of_folder(folders[place]), folders[place + 1 :]


def _split_words_of_classes(parts: Sequence[tuple[str, ...]], words: set[str]) -> set[str]:
    """The names of splits that name classes below the folders of splits, as in `test/bus/` and `test/train/`.

    Such a folder holds photos itself, and has a sibling that can only be a class.
    """
    has_others = any(folders[0] not in words for folders in parts if folders)
    return {folders[0] for folders in parts if len(folders) == 1 and folders[0] in words} if has_others else set()


def _without_inner_split(folders: tuple[str, ...], words: set[str]) -> tuple[str, ...]:
    """Folders without further ones of the split, as in `seg_train/seg_train/`."""
    while folders and folders[0] in words:
        folders = folders[1:]
    return folders


def _are_plausible(photos: Sequence[PlacedPhoto], known: Iterable[str] = ()) -> bool:
    """Whether the photos' names begin with their classes, rather than being numbered by a camera or a program.

    Names of classes repeat, and most of them are no numbers. `cats/IMG_0001.jpg` names no class.
    """
    cars = [photo.car for photo in photos]
    labels = Counter((photo.class_folder, car.label) for photo, car in zip(photos, cars, strict=True) if car)
    if 10 * labels.total() < 9 * len(photos) or not photos:
        return False
    known_keys = {spelling_key(label) for label in known}
    if all(spelling_key(label) in known_keys for _, label in labels):
        return True
    numbered = sum(car is not None and not any(letter.isalpha() for letter in car.model) for car in cars)
    return len(labels) <= len(photos) / 2 and numbered <= len(photos) / 2


def by_folders(
    photos: Sequence[PlacedPhoto],
    left_out: list[LeftOut],
    notes: list[str],
    makes: bool | None = None,
    only_folders: bool = False,
) -> list[Candidate]:
    """Read each photo's class from its folder.

    A photo in no class folder counts if its name begins with one of these classes. It can also be of a further class,
    if the names of such photos repeat and all class folders are called `Make_Model` as well.

    Args:
        photos: The photos.
        left_out: Photos without a class are appended to it.
        notes: What the user should know is appended to it.
        makes: Whether `Make_Model` names a make: see `read_classes`.
        only_folders: Whether names of photos give no further classes.
    """
    loose = [photo for photo in photos if photo.class_folder is None]
    in_splits = {photo.class_folder for photo in photos if photo.is_below_split}
    outside = {
        photo.path for photo in photos if in_splits and photo.split is None and photo.class_folder not in in_splits
    }
    sorted_in = [photo for photo in photos if photo.class_folder and photo.path not in outside]
    classes = _classes_of_folders(sorted_in, makes, notes)
    known = {spelling_key(folder): pair for folder, pair in classes.items()}
    unknown = [photo for photo in loose if not (photo.car and spelling_key(photo.car.label) in known)]
    can_add = not only_folders and _are_plausible(unknown) and all(map(_has_form, classes))
    added: list[Candidate] = []
    candidates = []
    for photo in photos:
        folder = photo.class_folder
        if folder and photo.path in outside:
            left_out.append(LeftOut(photo.path, f"'{folder}' lies outside of the splits and is no class of theirs"))
        elif folder:
            candidates.append(_sorted(photo, *classes[folder]))
        elif photo.car is None:
            left_out.append(LeftOut(photo.path, _NO_CLASS if classes else _NO_NAME))
        elif spelling_key(photo.car.label) in known:
            candidates.append(Candidate(photo.path, *known[spelling_key(photo.car.label)], photo.car.year, photo.split))
        elif can_add and not (photo.split and in_splits):  # `val/ILSVRC2012_val_1.jpg` beside `train/n1/` is no class
            added.append(_named(photo, photo.car, makes))
        else:
            left_out.append(LeftOut(photo.path, _NO_CLASS))
    if added and classes:
        notes.append(
            f"{counted(len(added), 'photo')} in no class folder gave classes by name: {added[0].path.name} is of class "
            f"{added[0].label}. --classes folders leaves them out."
        )
    return candidates + added


def _has_form(label: str) -> bool:
    return bool(make_and_model(label)[0])


def by_names(
    photos: Sequence[PlacedPhoto],
    left_out: list[LeftOut],
    notes: list[str],
    makes: bool | None = None,
    trust_folders: bool = False,
) -> list[Candidate]:
    """Read each photo's class from its file name.

    Args:
        photos: The photos.
        left_out: Photos without a class are appended to it.
        notes: What the user should know is appended to it.
        makes: Whether `Make_Model` names a make; if left out, it does.
        trust_folders: Read photos in a folder `Make_Model` by that folder.
    """
    by_folder: list[PlacedPhoto] = []
    by_name: list[PlacedPhoto] = []
    for photo in photos:
        is_trusted = trust_folders and "_" in (photo.class_folder or "")
        (by_folder if is_trusted else by_name).append(photo)
    candidates = by_folders(by_folder, left_out, notes, makes)
    for photo in by_name:
        if photo.car is None:
            left_out.append(LeftOut(photo.path, _NO_NAME))
        else:
            candidates.append(_named(photo, photo.car, makes))
    return candidates


def _named(photo: PlacedPhoto, car: CarName, makes: bool | None) -> Candidate:
    make, model = ("", car.label) if makes is False else (car.make, car.model)
    return Candidate(photo.path, make, model, car.year, photo.split)


def _classes_of_folders(
    photos: Sequence[PlacedPhoto], makes: bool | None, notes: list[str]
) -> dict[str, tuple[str, str]]:
    """Make and model of each class folder. Names of photos can say which part of `Audi A4` is the make."""
    known = {
        photo.class_folder: (photo.car.make, photo.car.model)
        for photo in photos
        if photo.class_folder and photo.car and "_" not in photo.class_folder
        if spelling_key(photo.car.label) == spelling_key(photo.class_folder)
    }
    return read_classes({photo.class_folder or "" for photo in photos}, makes, notes, known)


def _sorted(photo: PlacedPhoto, make: str, model: str) -> Candidate:
    """A photo whose folder is its class; its name can say the year."""
    candidate = Candidate(photo.path, make, model, None, photo.split)
    return replace(candidate, year=photo.car.year) if photo.car and photo.car.label == candidate.label else candidate


def folders_fit(photos: Sequence[PlacedPhoto]) -> bool:
    """Whether folders can be classes: there is one for some photos, and not a single one around all of them."""
    folders = {photo.class_folder for photo in photos}
    return folders != {None} and (len(folders) > 1 or not _are_plausible(photos))


def folder_or_names(photos: Sequence[PlacedPhoto]) -> bool | None:
    """Whether a single folder is the class of its photos, whose names can be classes too; None if it cannot be told.

    A folder such as `images` or `2015` is none. One photo's name alone says too little against any other name of a
    folder, unless it begins with it, as in `Kia/Kia_Rio_1.jpg`.
    """
    folder = next(photo.class_folder or "" for photo in photos)
    words = re.split(r"[\W\d_]+", folder.lower())
    if not any(words) or not _GENERAL_WORDS.isdisjoint(words):
        return False
    labels = {spelling_key(photo.car.label) for photo in photos if photo.car}
    if labels == {spelling_key(folder)}:
        return True
    begin_with_it = any(label.startswith(spelling_key(folder)) for label in labels)
    return None if len(labels) > 1 or begin_with_it else True


def most_are_named(photos: Sequence[PlacedPhoto]) -> bool:
    """Whether most photos lie outside of class folders, under names of several classes."""
    loose = [photo for photo in photos if photo.class_folder is None]
    return 2 * len(loose) > len(photos) and len(_loose_labels(photos)) > 1 and _are_plausible(loose)


def names_fit(photos: Sequence[PlacedPhoto]) -> bool:
    """Whether the names of the photos that lie in plain class folders can be classes too.

    A folder `Make_Model` is a class whatever the names in it are.
    """
    return _are_plausible(_plain(photos), _loose_labels(photos))


def names_are_known(photos: Sequence[PlacedPhoto]) -> bool:
    """Whether all classes that names in plain folders say are classes of photos outside of folders as well."""
    return _loose_labels(photos) >= {photo.car.label for photo in _plain(photos) if photo.car}


def _plain(photos: Iterable[PlacedPhoto]) -> list[PlacedPhoto]:
    return [photo for photo in photos if photo.class_folder and "_" not in photo.class_folder]


def _loose_labels(photos: Iterable[PlacedPhoto]) -> set[str]:
    return {photo.car.label for photo in photos if photo.class_folder is None and photo.car}


def same_classes(first: Mapping[Path, str], second: Mapping[Path, str]) -> bool:
    """Whether two readings divide the photos that both know into the same classes, whatever they call them."""
    pairs = {(first[path], second[path]) for path in first.keys() & second.keys()}
    return len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


def nested_note(photos: Sequence[PlacedPhoto]) -> list[str]:
    """A note on the folders inside class folders, which are no classes."""
    nested = sorted(
        {
            "/".join(photo.folders)
            for photo in photos
            if photo.folders and photo.folders[-1] != photo.class_folder and photo.class_folder
        }
    )
    if not nested:
        return []
    folders = nested[0].split("/")
    owner = next(photo.class_folder for photo in photos if "/".join(photo.folders) == nested[0])
    return [
        f"Photos in {counted(len(nested), 'deeper folder')} belong to the class folder above "
        f"{noun(len(nested), 'it', 'them')}, such as those in {nested[0]} "
        f"to {owner}. If {folders[-1]} should be a class, move it up or give a list."
    ]
