"""Photos that the model sees alike: those whose features lie close together."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashboard.changing_file import ChangingFile
from dashboard.photos.dataset import Dataset, DatasetPhoto

FEATURES_FILE = "features.npz"
MOST_SIMILAR = 12


@dataclass(frozen=True, eq=False)
class Features:
    """What `car-classifier data features` found.

    Attributes:
        places: Row of each photo, by its file name in the manifest.
        directions: float32 [n, d], each row of length 1.
        version: The version of the model that made them.
    """

    places: Mapping[str, int]
    directions: NDArray[np.float32]
    version: str

    def similar(
        self, photo: DatasetPhoto, dataset: Dataset, most: int = MOST_SIMILAR
    ) -> list[tuple[DatasetPhoto, float]] | None:
        """The photos most like one, most alike first, each with the cosine of the angle between them.

        Its near-duplicates are left out: that they are alike is known.

        Returns:
            At most `most` of them; None if nothing is known of this photo.
        """
        place = self.places.get(photo.file_name)
        if place is None:
            return None
        cosines = self.directions @ self.directions[place]
        names = list(self.places)
        found: list[tuple[DatasetPhoto, float]] = []
        for other_place in np.argsort(-cosines, kind="stable"):
            other = dataset.by_file_name.get(names[other_place])
            if other is None or other.id == photo.id or _same_group(photo, other):
                continue
            found.append((other, float(cosines[other_place])))
            if len(found) == most:
                break
        return found


class FeaturesFile(ChangingFile[Features | None]):
    """A file of features that may come, change or go; there are none while it cannot be used.

    Args:
        path: The file, beside the manifest.
    """

    def __init__(self, path: Path):
        super().__init__(path, read_features, None)


def read_features(path: Path) -> Features | None:
    """Reads a file of features.

    Args:
        path: Made by `car-classifier data features`: `file_names` [n], `features` [n, d] and `model_version`.

    Returns:
        None if it is missing, damaged or another kind of file.
    """
    try:
        with path.open("rb") as file:  # opened by NumPy, a damaged file would stay open
            content = np.load(file, allow_pickle=False)
            names = [str(name) for name in content["file_names"]]
            directions = content["features"].astype(np.float32)
            version = str(content["model_version"])
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile):
        return None
    if directions.ndim != 2 or len(directions) != len(names) or len(set(names)) != len(names):
        return None
    return Features({name: place for place, name in enumerate(names)}, directions, version)


def _same_group(photo: DatasetPhoto, other: DatasetPhoto) -> bool:
    return bool(photo.near_duplicate_group) and photo.near_duplicate_group == other.near_duplicate_group
