"""Where photos lie: their split and their class folder, by the folders above them."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from car_classifier.data.class_labels import spelling_key
from car_classifier.data.file_names import CarName, parse_file_name
from car_classifier.data.manifest import Split
from car_classifier.data.photo_sources import split_of_folder

_Folders = tuple[str, ...]
GENERAL_WORDS = set(
    "archive data dataset download downloads files image images img imgs jpg jpeg new photo photos pic pics picture "
    "pictures png raw upload uploads".split()
)
"""Words in the names of folders that say nothing about the photos in them."""
_PORTION = re.compile(r"(?:batch|chunk|fold|part|shard)[ _-]?\d+", re.IGNORECASE)
"""Names of folders that divide the photos of all classes into portions, as for cross-validation."""


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

    A class folder is the outermost one below `root` and, if there is one, below the folder of a split. Where the
    outermost folders are no splits, those can lie inside the class folders instead, as in `cats/train/`. Folders that
    hold all others (`archive/photos/cats/`) are no classes, and neither are portions (`fold_1/cats/`) and those in
    `around` that hold folders of photos.
    """
    parts = [path.relative_to(root).parts[:-1] for path in paths]
    if around:
        outer = {folder for path in paths for folder in path.parent.parents} & set(around)
        parts = [
            tuple(name for depth, name in enumerate(folders, 1) if root.joinpath(*folders[:depth]) not in outer)
            for folders in parts
        ]
    parts = [folders[_around_all(parts, min_classes) :] for folders in parts]
    if all(len(folders) > 1 and _PORTION.fullmatch(folders[0]) for folders in parts):
        parts = [folders[1:] for folders in parts]
    cut = _cut_at_splits(parts, paths)
    classes = _classes_named_as_splits([below for _, _, below in cut])
    cut = [(above, split, _without_inner_split(below, classes)) for above, split, below in cut]
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


def _cut_at_splits(parts: Sequence[_Folders], paths: Sequence[Path]) -> list[tuple[_Folders, Split | None, _Folders]]:
    """For each photo the folders above the folder of its split, the split, and the folders below it.

    The outermost folders are splits, or else those inside of classes (`cats/train/`), if most classes have some.
    """
    siblings: dict[_Folders, set[str]] = defaultdict(set)
    for folders in parts:
        for depth, name in enumerate(folders):
            siblings[folders[:depth]].add(name)
    around = {above for above, names in siblings.items() if above and _are_mostly_splits(names)}
    if _are_splits_outermost(parts, paths):
        around.add(())
    elif 2 * len({above[0] for above in around}) <= len(siblings[()]):
        around = set()
    places = [
        next((i for i, name in enumerate(folders) if folders[:i] in around and split_of_folder(name)), None)
        for folders in parts
    ]
    return [
        (folders, None, ())
        if place is None
        else (folders[:place], split_of_folder(folders[place]), folders[place + 1 :])
        for folders, place in zip(parts, places, strict=True)
    ]


def _are_splits_outermost(parts: Sequence[_Folders], paths: Sequence[Path]) -> bool:
    """Whether outermost folders such as `train` are splits. Beside `bus` and `car`, such a folder can be a class.

    It is a split if it holds folders of classes and most other outermost folders are splits as well, or if its photos
    are named after the other folders.
    """
    outermost = {folders[0] for folders in parts if folders}
    others = {name for name in outermost if not split_of_folder(name)}
    if not others or others == outermost:
        return not others
    inner = [folders for folders in parts if folders and folders[0] not in others]
    if any(not split_of_folder(name) for folders in inner for name in folders[1:]):
        return 2 * len(others) <= len(outermost)
    flat = [
        PlacedPhoto(path, None, ())
        for folders, path in zip(parts, paths, strict=True)
        if len(folders) == 1 and folders[0] not in others
    ]
    return are_plausible(flat, others)


def _are_mostly_splits(names: Collection[str]) -> bool:
    return 2 * sum(split_of_folder(name) is not None for name in names) > len(names)


def _classes_named_as_splits(parts: Sequence[_Folders]) -> set[str]:
    """The names of splits that name classes below the folders of splits, as in `test/bus/` and `test/train/`.

    Such a folder holds photos itself, and has a sibling that can only be a class.
    """
    has_others = any(not split_of_folder(folders[0]) for folders in parts if folders)
    return (
        {folders[0] for folders in parts if len(folders) == 1 and split_of_folder(folders[0])} if has_others else set()
    )


def _without_inner_split(folders: _Folders, classes: Collection[str]) -> _Folders:
    """Folders without further ones of the split, as in `seg_train/seg_train/`."""
    while folders and split_of_folder(folders[0]) and folders[0] not in classes:
        folders = folders[1:]
    return folders


def is_named_after_folder(photo: PlacedPhoto) -> bool:
    """Whether the photo's name begins with that of its class folder, as in `001.Blue_Jay/Blue_Jay_0003.jpg`.

    A folder of one word, such as `Audi`, may be a make alone, so it must be the whole class that the name gives.
    """
    folder = _words(re.sub(r"^\d+[\W_]+", "", photo.class_folder or ""))
    if photo.car and spelling_key(photo.car.label) == spelling_key("_".join(folder)):
        return True
    return len(folder) > 1 and _words(photo.path.stem)[: len(folder)] == folder


def _words(name: str) -> list[str]:
    return re.split(r"[\s_]+", unicodedata.normalize("NFC", name).casefold().strip())


def are_plausible(photos: Sequence[PlacedPhoto], known: Iterable[str] = ()) -> bool:
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
