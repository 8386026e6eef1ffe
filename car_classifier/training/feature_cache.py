"""The features that a frozen net computes for each photo, computed once and kept on disk."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car_classifier.files import write_json
from car_classifier.progress import Report
from car_classifier.training.config import key_of
from car_classifier.training.feature_store import check_room

READERS = 8
DTYPE = np.dtype(np.float16)


@dataclass(frozen=True)
class Features:
    """The features of some photos in a file that may be larger than memory: they are read photo by photo.

    Attributes:
        path: The file, float16 [n, *shape], without a header.
        shape: Shape of one photo's features.
    """

    path: Path
    shape: tuple[int, ...]

    @property
    def row_bytes(self) -> int:
        """Size of one photo's features in bytes."""
        return int(np.prod(self.shape)) * DTYPE.itemsize

    def read(self, indices: Iterable[int]) -> NDArray[np.float16]:
        """Features of some photos by their index, float16 [n, *shape]."""
        handle = os.open(self.path, os.O_RDONLY)
        try:
            with ThreadPoolExecutor(READERS) as readers:
                rows = readers.map(lambda i: os.pread(handle, self.row_bytes, int(i) * self.row_bytes), indices)
                return np.stack([np.frombuffer(row, DTYPE).reshape(self.shape) for row in rows])
        finally:
            os.close(handle)

    def read_all(self) -> NDArray[np.float16]:
        """Features of all photos, float16 [n, *shape]."""
        return np.fromfile(self.path, DTYPE).reshape(-1, *self.shape)


class FeatureCache:
    """A folder of feature files, each named by a hash of everything that its content depends on.

    Other settings or photos give another name, so a file is never out of date. An interrupted file is continued.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def features(
        self,
        depends_on: Mapping[str, Any],
        count: int,
        shape: tuple[int, ...],
        batches: Callable[[int], Iterable[NDArray[Any]]],
        report: Report,
    ) -> Features:
        """The features of `count` photos, computed only if they are not in the folder.

        Args:
            depends_on: Everything that the features depend on, as JSON.
            count: Number of photos.
            shape: Shape of one photo's features.
            batches: A function from the index of a photo to the features of that photo and all later ones, in
                batches [n, *shape].
            report: Called with the number of photos done so far, and of all photos.

        Raises:
            UserError: There is not enough room on the disk.
        """
        name = key_of(depends_on)
        features = Features(self.folder / f"{name}.f16", shape)
        if features.path.is_file():
            return features
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = features.path.with_suffix(".partial")
        done = partial.stat().st_size // features.row_bytes if partial.is_file() else 0
        check_room(
            self.folder,
            (count - done) * features.row_bytes,
            "Free some space, or keep fewer views of each photo with --set views=1, or none with --set views=0.",
        )
        with partial.open("r+b" if done else "wb") as file:
            file.truncate(done * features.row_bytes)
            file.seek(0, os.SEEK_END)
            for batch in batches(done):
                file.write(np.ascontiguousarray(batch, DTYPE).tobytes())
                file.flush()
                done += len(batch)
                report(done, count)
        write_json(self.folder / f"{name}.json", dict(depends_on))
        partial.replace(features.path)
        return features

    def remove(self) -> None:
        """Delete all features."""
        shutil.rmtree(self.folder, ignore_errors=True)
