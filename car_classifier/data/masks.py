"""Pictures that mark something in photos, such as masks: they lie in a folder beside that of the photos."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from car_classifier.data.photo_sources import split_of_folder
from car_classifier.words import counted

_OF_PHOTOS = {"image", "images", "img", "imgs", "jpegimages", "photo", "photos", "pictures", "rgb"}
_OF_MASKS = {
    "annotation", "annotations", "bounding boxes", "boxes", "depth", "ground truth", "groundtruth", "gt", "label",
    "labels", "mask", "masks", "segmentation", "segmentationclass", "segmentationobject", "segmentations", "trimaps",
}  # fmt: skip

_MASK_ENDING = re.compile(r"(?<=.)[_-](?:mask|gt|seg|segmentation)(?:[_-]?\d+)?$", re.IGNORECASE)


@dataclass(frozen=True)
class MaskedPhotos:
    """The photos of a folder without the masks beside them.

    Attributes:
        photos: Paths of the photos.
        folders: The folders of photos that lie beside a folder of masks, without those of a split.
        notes: On the masks that are left out, for people.
    """

    photos: list[Path]
    folders: set[Path]
    notes: list[str]


def leave_out_masks(root: Path, paths: Iterable[Path]) -> MaskedPhotos:
    """Leave out the pictures in folders such as `masks/` and `train_labels/`, if `images/` or `train/` is beside them.

    A folder of such a name can be a class where no folder of photos is beside it.
    """
    paths, named = _without_named_masks(list(paths))
    folders = {folder for parent in {path.parent for path in paths} for folder in _folders_of(root, parent)}
    kinds: dict[Path, dict[str, set[Path]]] = defaultdict(lambda: defaultdict(set))
    for folder in folders:
        kinds[folder.parent][_kind_of(folder.name)].add(folder)
    beside = [kind for kind in kinds.values() if kind["photos"] and kind["masks"]]
    masks = {folder: min(kind["photos"]) for kind in beside for folder in kind["masks"]}
    photos: list[Path] = []
    counts: Counter[Path] = Counter()
    for path in paths:
        mask = next((folder for folder in _folders_of(root, path.parent) if folder in masks), None) if masks else None
        if mask is None:
            photos.append(path)
        else:
            counts[mask] += 1
    notes = [
        f"Left out {counted(count, 'picture')} in the folder {mask.relative_to(root).as_posix()}, because "
        f"{masks[mask].name} is beside it: masks and labels of photos are no photos. If it is a class, rename it."
        for mask, count in sorted(counts.items())
    ]
    plain = {folder for kind in beside for folder in kind["photos"] if not split_of_folder(folder.name)}
    if named:
        notes.append(
            f"Left out {counted(len(named), 'picture')} beside the photos that they mark by their names, such as "
            f"{named[0].relative_to(root).as_posix()}."
        )
    return MaskedPhotos(photos, plain, notes)


def _without_named_masks(paths: list[Path]) -> tuple[list[Path], list[Path]]:
    """The pictures, and those named `…_mask.png` beside a photo of the same name without that ending."""
    ends = {path: _MASK_ENDING.search(path.stem) for path in paths}
    if not any(ends.values()):
        return paths, []
    photos = {path.with_suffix("") for path in paths}
    masks = {path for path, end in ends.items() if end and path.with_name(path.stem[: end.start()]) in photos}
    return [path for path in paths if path not in masks], sorted(masks)


def _folders_of(root: Path, folder: Path) -> Iterator[Path]:
    """A folder below `root` and those around it."""
    while folder != root:
        yield folder
        folder = folder.parent


def _kind_of(name: str) -> str:
    """What a folder's name says that it holds: photos, masks or something else. The name of a split does not count."""
    words = [word for word in re.split(r"[\s_-]+", name.strip().lower()) if not split_of_folder(word)]
    text = " ".join(words)
    return "masks" if text in _OF_MASKS else "photos" if text in _OF_PHOTOS or not words else "others"
