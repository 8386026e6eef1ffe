"""Reading the lists of two well-known data sets: CUB-200 (text files) and Stanford Cars (MATLAB files)."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from car_classifier.data.manifest import Split
from car_classifier.data.photo_sources import Candidate
from car_classifier.errors import UserError


def find_known_set(folder: Path) -> tuple[str, Callable[[], list[Candidate]]] | None:
    """The name of the data set whose lists a folder holds, and a function that reads them; None for any other folder.

    Their classes have no make: `001.Black_footed_Albatross`, `AM General Hummer SUV 2000`.
    """
    if all(os.path.isfile(folder / name) for name in _CUB):
        return "the lists of CUB-200", lambda: _read_cub(folder)
    if os.path.isfile(folder / "cars_annos.mat"):
        return "cars_annos.mat of Stanford Cars", lambda: _read_cars(folder)
    places = (folder / "devkit", folder, folder / "car_devkit", folder / "car_devkit" / "devkit")
    devkit = next((place for place in places if os.path.isfile(place / "cars_meta.mat")), None)
    if devkit:
        return "the devkit of Stanford Cars", lambda: _read_devkit(folder, devkit)
    return None


_CUB = ("images.txt", "image_class_labels.txt", "classes.txt")
_OTHERS_OF_CUB = ("train_test_split.txt", "bounding_boxes.txt")


def is_of_known_set(path: Path) -> bool:
    """Whether a file is one of CUB-200's: some of its lists lie together."""
    names = (*_CUB, *_OTHERS_OF_CUB)
    return path.name in names and any(os.path.isfile(path.parent / name) for name in names if name != path.name)


def _read_cub(folder: Path) -> list[Candidate]:
    """CUB-200-2011 divides its photos into training and test."""
    names, labels, classes = (_numbered(folder / name) for name in _CUB)
    split = folder / "train_test_split.txt"
    is_training = _numbered(split) if os.path.isfile(split) else {}
    try:
        return [
            Candidate(folder / "images" / name, "", classes[labels[number]], None, _side(is_training.get(number)))
            for number, name in names.items()
        ]
    except KeyError as error:
        raise UserError(f"The lists in {folder} do not fit together: there is no line {error}.") from error


def _side(is_training: str | None) -> Split | None:
    return None if is_training is None else "test" if is_training == "0" else "train"


def _numbered(path: Path) -> dict[str, str]:
    """The lines `number text` of a file."""
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    return {
        number: text.strip()
        for number, _, text in (line.strip().partition(" ") for line in lines)
        if number and text.strip()
    }


def _read_cars(folder: Path) -> list[Candidate]:
    """All photos in `car_ims/`, with one list."""
    path = folder / "cars_annos.mat"
    content = _matlab(path)
    with _fitting(path):
        names = _texts(content["class_names"])
        return [
            Candidate(
                folder / str(row.relative_im_path), "", _name(names, row), None, "test" if int(row.test) else "train"
            )
            for row in _items(content["annotations"])
        ]


def _read_devkit(folder: Path, devkit: Path) -> list[Candidate]:
    """Photos in `cars_train/` and `cars_test/`, with a list for each; the classes of test photos may be missing.

    Copies on Kaggle have them in `cars_train/cars_train/`.
    """
    meta = _matlab(devkit / "cars_meta.mat")
    with _fitting(devkit / "cars_meta.mat"):
        names = _texts(meta["class_names"])
    root = folder if devkit != folder else folder.parent if (folder.parent / "cars_train").is_dir() else folder
    lists: tuple[tuple[str, Split, str], ...] = (
        ("cars_train_annos.mat", "train", "cars_train"),
        ("cars_test_annos_withlabels.mat", "test", "cars_test"),
    )
    candidates = []
    for name, split, photos in lists:
        place = next((parent / name for parent in (devkit, folder) if os.path.isfile(parent / name)), None)
        if place is None:
            continue
        content = _matlab(place)
        inner = root / photos / photos
        parent = inner if inner.is_dir() else inner.parent
        with _fitting(place):
            rows = _items(content["annotations"])
            candidates += [Candidate(parent / str(row.fname), "", _name(names, row), None, split) for row in rows]
    if not candidates:
        raise UserError(f"{devkit} holds no list of Stanford Cars, such as {lists[0][0]}.")
    return candidates


@contextmanager
def _fitting(path: Path) -> Iterator[None]:
    """Say of a file that it does not hold what such a list holds, if reading its content fails."""
    try:
        yield
    except (LookupError, AttributeError, ValueError, TypeError) as error:
        raise UserError(f"{path} does not hold what a list of Stanford Cars holds: {error}.") from error


def _name(names: Sequence[str], annotation: Any) -> str:
    number = int(getattr(annotation, "class"))  # which cannot be written as an attribute
    if not 1 <= number <= len(names):
        raise ValueError(f"there is no class {number}")
    return names[number - 1]


def _matlab(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat

    try:
        content: dict[str, Any] = loadmat(path, squeeze_me=True, struct_as_record=False)
    except Exception as error:  # whatever the reader stumbles over in a damaged file
        raise UserError(f"{path} cannot be read as a MATLAB file: {error}") from error
    return content


def _items(array: Any) -> list[Any]:
    """The items of an array, also of one that holds a single one."""
    import numpy as np

    return list(np.atleast_1d(array))


def _texts(array: Any) -> list[str]:
    return [str(text) for text in _items(array)]
