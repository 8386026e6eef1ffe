"""Where photos lie: their split and their class folder, by the folders above them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from car_classifier.data.class_labels import spelling_key
from car_classifier.data.file_names import CarName, parse_file_name
from car_classifier.data.manifest import Split
from car_classifier.data.photo_sources import split_of_folder


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
    return names - {name for name, photos in flat.items() if not are_plausible(photos, others)}


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
