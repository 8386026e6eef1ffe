"""Chooses between two readings of a data set: classes from folders, or classes from file names."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from car_classifier.data.class_labels import spelling_key
from car_classifier.data.file_names import class_before_number
from car_classifier.data.photo_sources import split_of_folder
from car_classifier.data.placed_photos import GENERAL_WORDS, PlacedPhoto, are_plausible, is_named_after_folder


def folders_fit(photos: Sequence[PlacedPhoto]) -> bool:
    """True if folders can be the classes: there are several, or one whose photos are not named after classes."""
    folders = {photo.class_folder for photo in photos}
    return folders != {None} and (len(folders) > 1 or not are_plausible(photos))


def folder_or_names(photos: Sequence[PlacedPhoto]) -> bool | None:
    """True if the only folder is a class, False if the file names give the classes, None if both readings are possible.

    A folder such as `images` or `2015` is none. One photo's name alone says too little against any other name of a
    folder, unless it begins with it, as in `Kia/Kia_Rio_1.jpg`.
    """
    folder = next(photo.class_folder or "" for photo in photos)
    words = re.split(r"[\W\d_]+", folder.lower())
    if not any(words) or not GENERAL_WORDS.isdisjoint(words):
        return False
    labels = {spelling_key(photo.car.label) for photo in photos if photo.car}
    if labels == {spelling_key(folder)}:
        return True
    begin_with_it = any(label.startswith(spelling_key(folder)) for label in labels)
    return None if len(labels) > 1 or begin_with_it else True


def most_are_named(photos: Sequence[PlacedPhoto]) -> bool:
    """True if most photos lie outside class folders and their names give several classes."""
    loose = [photo for photo in photos if photo.class_folder is None]
    return 2 * len(loose) > len(photos) and len(_loose_labels(photos)) > 1 and are_plausible(loose)


def are_numbered(photos: Sequence[PlacedPhoto]) -> bool:
    """True if names are a class and a number, as in `cat.0.jpg`, and not the fields of `Make_Model_….jpg`.

    Each class has several photos, which lie in one folder. Names that are a number alone, as those of photos for a test
    often are, say nothing.
    """
    inside = [photo for photo in photos if not photo.path.stem.isdecimal()]
    numbered = Counter(class_before_number(photo.path.name) for photo in inside)
    if None in numbered or len(inside) < max(len(photos) / 2, 2 * len(numbered)):
        return False
    labels = Counter(photo.car.label for photo in inside if photo.car)
    if all(split_of_folder(name or "") for name in numbered):
        return False
    are_fields = 10 * labels.total() >= 9 * len(inside) and len(labels) <= 2 * len(numbered)
    return len(numbered) > 1 and not are_fields and len({photo.class_folder for photo in inside}) == 1


def names_fit(photos: Sequence[PlacedPhoto], trust_folders: bool) -> bool:
    """True if the names of photos in class folders can be classes too.

    Args:
        photos: The photos.
        trust_folders: Whether a folder `Make_Model` is a class whatever the names in it are: see `folders_are_trusted`.
    """
    return _are_classes(_in_folders(photos, trust_folders), photos)


def names_are_known(photos: Sequence[PlacedPhoto], trust_folders: bool) -> bool:
    """True if photos outside folders have every class that names inside folders give."""
    inside = _in_folders(photos, trust_folders)
    return _loose_labels(photos) >= {photo.car.label for photo in inside if photo.car}


def are_classes_of_splits(photos: Sequence[PlacedPhoto]) -> bool:
    """True if most folders below the folders of splits occur in several splits, as those of classes do."""
    splits_of: dict[str, set[str | None]] = defaultdict(set)
    for photo in photos:
        if photo.is_below_split and photo.class_folder:
            splits_of[photo.class_folder].add(photo.split)
    return 2 * sum(len(splits) > 1 for splits in splits_of.values()) > len(splits_of)


def outer_and_inner_fit(photos: Sequence[PlacedPhoto]) -> bool:
    """True if all folders hold much the same folders, as in `2021/cats/` and `2022/cats/`: either can be the class."""
    inside: dict[str, set[str]] = defaultdict(set)
    for photo in photos:
        if len(photo.folders) > 1 and photo.class_folder == photo.folders[0]:
            inside[photo.folders[0]].add(photo.folders[-1])
    if len(inside) < 2 or len(inside) < len({photo.class_folder for photo in photos}):
        return False
    shared, every = set.intersection(*inside.values()), set.union(*inside.values())
    return len(shared) > 1 and 2 * len(shared) > len(every)


def names_agree(photos: Sequence[PlacedPhoto], trust_folders: bool) -> bool:
    """True if most names inside folders begin with the name of their folder."""
    inside = _in_folders(photos, trust_folders)
    return 2 * sum(is_named_after_folder(photo) for photo in inside) > len(inside)


def folders_are_trusted(photos: Sequence[PlacedPhoto]) -> bool:
    """True if a folder `Make_Model` is a class whatever the names in it are: they agree with it, or are no classes.

    Folders such as `batch_1` or `good_light`, in which photos are named after several classes, are called so as well.
    """
    inside = [photo for photo in photos if "_" in (photo.class_folder or "")]
    if 2 * sum(is_named_after_folder(photo) for photo in inside) > len(inside):
        return True
    return not _are_classes(inside, photos)


def _are_classes(inside: Sequence[PlacedPhoto], photos: Sequence[PlacedPhoto]) -> bool:
    """Whether the names of photos in folders can be classes, as the names of those folders and of loose photos can."""
    return are_plausible(inside, {*_loose_labels(photos), *(photo.class_folder or "" for photo in inside)})


def _in_folders(photos: Iterable[PlacedPhoto], trust_folders: bool) -> list[PlacedPhoto]:
    """The photos in class folders, without those of which the folder is trusted."""
    return [photo for photo in photos if photo.class_folder and not (trust_folders and "_" in photo.class_folder)]


def _loose_labels(photos: Iterable[PlacedPhoto]) -> set[str]:
    """The classes that names of photos outside folders give; none if they are a camera's, such as `IMG_0001.jpg`."""
    cars = [photo.car for photo in photos if photo.class_folder is None and photo.car]
    labels = {car.label for car in cars}
    numbered = sum(not any(letter.isalpha() for letter in car.model) for car in cars)
    return set() if len(labels) > len(cars) / 2 < numbered else labels


def same_classes(first: Mapping[Path, str], second: Mapping[Path, str]) -> bool:
    """True if both readings divide their common photos into the same classes, under any names but exchanged ones."""
    pairs = {(first[path], second[path]) for path in first.keys() & second.keys()}
    is_renamed = len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})
    return is_renamed and not are_exchanged(first, second)


def are_exchanged(first: Mapping[Path, str], second: Mapping[Path, str]) -> bool:
    """True if a class of one reading has the name of another class in the other: `cats` are listed as `dogs`."""
    pairs = {(spelling_key(first[path]), spelling_key(second[path])) for path in first.keys() & second.keys()}
    names = {one for one, _ in pairs}
    return any(one != other and other in names for one, other in pairs)
