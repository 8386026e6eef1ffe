"""Pooled features of photos, kept beside the manifest: whoever needs a photo's features again finds them there.

A store belongs to one frozen net, input size and number format. It holds a row for each photo, named by the hash of the
photo's bytes, so another run, another split or more photos compute only what is new.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from car_classifier.errors import UserError
from car_classifier.files import exclusive_lock, read_json, write_json
from car_classifier.progress import Report
from car_classifier.training.config import key_of

FOLDER = "features"
"""Name of the folder of stores, beside a manifest."""

Seen = Callable[[Sequence[int], NDArray[np.float16]], object]
"""Is called with the indices of some photos and their features."""

_DTYPE = np.dtype(np.float16)
_NAME_BYTES = 65  # a hash and the end of its line


@dataclass(frozen=True)
class FeatureStore:
    """The features of photos from one frozen net.

    Attributes:
        folder: Holds `features.f16`, rows of `width` numbers; `photos.txt`, the hash of each row's photo; and
            `about.json`.
        width: Numbers in a row.
    """

    folder: Path
    width: int

    @property
    def features_path(self) -> Path:
        """The rows, float16 [n, width], without a header."""
        return self.folder / "features.f16"

    @property
    def photos_path(self) -> Path:
        """The hash of each row's photo, a line each."""
        return self.folder / "photos.txt"

    @property
    def about_path(self) -> Path:
        """Everything but the photos that the features depend on."""
        return self.folder / "about.json"

    def read(self) -> tuple[list[str], NDArray[np.float16]]:
        """Hashes and features of all photos in the store, float16 [n, width]."""
        if not (self.photos_path.is_file() and self.features_path.is_file()):
            return [], np.empty((0, self.width), _DTYPE)
        names = self.photos_path.read_text(encoding="ascii").split("\n")[:-1]
        rows = np.fromfile(self.features_path, _DTYPE)
        count = min(len(names), len(rows) // self.width)
        return names[:count], rows[: count * self.width].reshape(count, self.width)

    def features(
        self,
        photos: Sequence[str],
        compute: Callable[[Sequence[int]], Iterable[NDArray[Any]]],
        console: Console,
        report: Report,
        seen: Seen | None = None,
    ) -> NDArray[np.float16]:
        """The features of photos; those that are not in the store are computed and kept, batch by batch.

        Photos are computed in the order of their hashes, so that the first ones are a random sample of all.

        Args:
            photos: The hash of each photo's bytes.
            compute: A function from the indices of some photos to their features, in batches [m, width].
            console: Says so if another process is at work on the store.
            report: Called with the number of photos done so far, and of those to compute.
            seen: Called with the indices of some photos and their features: first of those in the store, then of those
                that have just been computed.

        Returns:
            float16 [n, width], in the order of `photos`.

        Raises:
            UserError: There is not enough room on the disk.
        """
        busy = f"Waiting for another process that computes features in {self.folder} …"
        with exclusive_lock(self.folder, busy, console.print):
            names, rows = self.read()
            known = set(names)
            first = {name: i for i, name in reversed(list(enumerate(photos)))}
            if seen and known:
                present = [(first[name], row) for row, name in enumerate(names) if name in first]
                seen([i for i, _ in present], rows[[row for _, row in present]])
            missing = [first[name] for name in sorted(first) if name not in known]
            if missing:
                advice = "Free some space; car-classifier data cache --clear deletes features that are kept."
                check_room(self.folder, len(missing) * self.width * _DTYPE.itemsize, advice)
                batches = _passing_by(compute(missing), missing, seen) if seen else compute(missing)
                self._append(len(names), [photos[i] for i in missing], batches, report)
                names, rows = self.read()
        place = {name: i for i, name in enumerate(names)}
        return rows[[place[name] for name in photos]]

    def _append(self, done: int, names: Sequence[str], batches: Iterable[NDArray[Any]], report: Report) -> None:
        """Add rows after the first `done`; what an interrupted process left behind them is cut off."""
        for path, size in ((self.features_path, self.width * _DTYPE.itemsize), (self.photos_path, _NAME_BYTES)):
            path.touch()
            os.truncate(path, done * size)
        added = 0
        largest = np.finfo(_DTYPE).max
        with self.features_path.open("ab") as rows, self.photos_path.open("a", encoding="ascii") as photos:
            for batch in batches:
                rows.write(np.clip(batch, -largest, largest).astype(_DTYPE).tobytes())
                rows.flush()
                photos.writelines(f"{name}\n" for name in names[added : added + len(batch)])
                photos.flush()
                added += len(batch)
                report(added, len(names))


def _passing_by(batches: Iterable[NDArray[Any]], indices: Sequence[int], seen: Seen) -> Iterator[NDArray[Any]]:
    """The batches of some photos, which `seen` is shown."""
    done = 0
    for batch in batches:
        yield batch
        seen(indices[done : done + len(batch)], batch)
        done += len(batch)


def open_store(folder: Path, depends_on: Mapping[str, Any], width: int) -> FeatureStore:
    """The store for features that depend on this and on the photos; made if there is none.

    Args:
        folder: The folder of stores.
        depends_on: Everything but the photos that the features depend on, as JSON.
        width: Numbers for each photo.
    """
    store = FeatureStore(folder / key_of(depends_on), width)
    store.folder.mkdir(parents=True, exist_ok=True)
    if not store.about_path.is_file():
        write_json(store.about_path, dict(depends_on) | {"width": width})
    return store


def store_folder(manifest: Path, otherwise: Path) -> Path:
    """The folder of stores beside a manifest, or another one where nothing can be written there."""
    beside = manifest.parent / FOLDER
    return beside if os.access(beside if beside.is_dir() else beside.parent, os.W_OK) else otherwise / FOLDER


def stores_in(folder: Path) -> Iterator[tuple[FeatureStore, dict[str, Any]]]:
    """All stores in a folder, each with its `about.json`; whatever else lies there is passed over."""
    for path in sorted(folder.glob("*/about.json")):
        try:
            about = read_json(path)
            yield FeatureStore(path.parent, int(about["width"])), about
        except (OSError, ValueError, LookupError, TypeError):
            continue


def remove_store(store: FeatureStore) -> None:
    """Delete a store.

    Raises:
        UserError: A process is at work on it.
    """
    busy = f"A training run is at work on {store.folder}. Wait for it, or end it, and try again."
    with exclusive_lock(store.folder, busy):
        shutil.rmtree(store.folder)


def check_room(folder: Path, needed: int, advice: str) -> None:
    """Make sure that the disk has room for features.

    Args:
        folder: Where they are to be written.
        needed: Their size in bytes.
        advice: What to do otherwise, in a sentence or two.

    Raises:
        UserError: There is not enough room.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"The features of these photos need {needed / 1e9:.1f} GB in {folder}, and the disk has {free / 1e9:.1f} "
            f"GB left. {advice}"
        )
