"""Finding the photo that a list means."""

import os
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from car_classifier.data.file_names import PICTURE_SUFFIXES
from car_classifier.data.folder_walk import walk_folder
from car_classifier.data.masks import leave_out_masks
from car_classifier.data.photo_sources import with_slashes


class PhotoFinder:
    """Finds the photo that a list means, though it may be written by Windows, a Mac, or name no folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, name: str) -> Path:
        """The photo of this name; where there is none, the path at which it should be."""
        exact, path = self._folder / name, self._folder / with_slashes(name)
        for place in (exact, path):
            if os.path.isfile(place):  # Path.is_file raises an error for a name that is too long
                return place
        whole, last = nfc_path(with_slashes(name)), nfc_path(Path(with_slashes(name).name))
        return self._names.find(whole, last) or self._names_in_any_case.find(whole.casefold(), last.casefold()) or path

    @cached_property
    def _files(self) -> dict[str, Path]:
        """The files of the folder by their paths in it."""
        files = leave_out_masks(self._folder, walk_folder(self._folder).files).photos
        return {nfc_path(path.relative_to(self._folder)): path for path in files}

    @cached_property
    def _names(self) -> "_Names":
        return _Names(list(self._files.items()))

    @cached_property
    def _names_in_any_case(self) -> "_Names":
        """Windows and macOS take `p1.jpg` and `P1.JPG` for one file."""
        return _Names([(name.casefold(), path) for name, path in self._files.items()])


class _Names:
    """Files by their paths, or else by their names, with or without the suffix, if these occur once."""

    def __init__(self, files: Sequence[tuple[str, Path]]) -> None:
        pictures = [(name, path) for name, path in files if path.suffix.lower() in PICTURE_SUFFIXES]
        self._by_path = _once(files)
        self._by_name = _once((name.rpartition("/")[2], path) for name, path in files)
        self._by_id = _once((PurePosixPath(name).stem, path) for name, path in pictures)
        self._by_id |= _once((str(PurePosixPath(name).with_suffix("")), path) for name, path in pictures)

    def find(self, whole: str, last: str) -> Path | None:
        return self._by_path.get(whole) or self._by_name.get(last) or self._by_id.get(whole) or self._by_id.get(last)


def _once(named: Iterable[tuple[str, Path]]) -> dict[str, Path | None]:
    """The path of each name; None if several have it."""
    paths: dict[str, Path | None] = {}
    for name, path in named:
        paths[name] = None if name in paths else path
    return paths


def nfc_path(path: Path) -> str:
    """A path as text in Unicode's composed form: macOS decomposes the letters of names."""
    return unicodedata.normalize("NFC", path.as_posix())
