"""Photos that are similar to the model: their features point in similar directions."""

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
    """The features that `car-classifier data features` computed.

    Attributes:
        places: Row of each photo, by file name in the manifest.
        directions: float32 [n, d], each row of length 1.
        version: Version of the model that computed them.
    """

    places: Mapping[str, int]
    directions: NDArray[np.float32]
    version: str

    def similar(
        self, photo: DatasetPhoto, dataset: Dataset, most: int = MOST_SIMILAR
    ) -> list[tuple[DatasetPhoto, float]] | None:
        """Returns the most similar photos, most similar first, each with the cosine of the angle between the features.

        Near-duplicates are left out, because the manifest lists them already.

        Returns:
            At most `most` photos; None if there are no features of this photo.
        """
        place = self.places.get(photo.file_name)
        if place is None:
            return None
        cosines = self.directions @ self.directions[place]
        names = list(self.places)
        similar: list[tuple[DatasetPhoto, float]] = []
        for other_place in np.argsort(-cosines, kind="stable"):
            other = dataset.by_file_name.get(names[other_place])
            if other is None or other.id == photo.id or _same_group(photo, other):
                continue
            similar.append((other, float(cosines[other_place])))
            if len(similar) == most:
                break
        return similar


class FeaturesFile(ChangingFile[Features | None]):
    """A file of features that may appear, change or disappear; None while it cannot be used.

    Args:
        path: The file, beside the manifest.
    """

    def __init__(self, path: Path):
        super().__init__(path, read_features, None)


def read_features(path: Path) -> Features | None:
    """Reads a file of features.

    Args:
        path: Written by `car-classifier data features`: `file_names` [n], `features` [n, d] and `model_version`.

    Returns:
        The features; None if the file is missing, damaged or of another kind.
    """
    try:
        with path.open("rb") as file:  # NumPy would leave a damaged file open
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
