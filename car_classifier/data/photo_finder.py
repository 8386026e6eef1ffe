"""Finding the photo that a list means."""

import unicodedata
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

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
        if exact.is_file() or path.is_file():
            return exact if exact.is_file() else path
        whole, last = nfc_path(with_slashes(name)), nfc_path(Path(with_slashes(name).name))
        found = self._by_path.get(whole) or self._by_name.get(last) or self._by_id.get(whole) or self._by_id.get(last)
        return found or path

    @cached_property
    def _files(self) -> list[Path]:
        return leave_out_masks(self._folder, walk_folder(self._folder).files).photos

    @cached_property
    def _by_path(self) -> dict[str, Path]:
        return {nfc_path(path.relative_to(self._folder)): path for path in self._files}

    @cached_property
    def _by_name(self) -> dict[str, Path | None]:
        """The files whose names occur once."""
        return _once((nfc_path(Path(path.name)), path) for path in self._files)

    @cached_property
    def _by_id(self) -> dict[str, Path | None]:
        """The pictures whose names without suffix, or paths without suffix, occur once."""
        pictures = [path for path in self._files if path.suffix.lower() in PICTURE_SUFFIXES]
        paths = _once((nfc_path(path.relative_to(self._folder).with_suffix("")), path) for path in pictures)
        return _once((nfc_path(Path(path.stem)), path) for path in pictures) | paths


def _once(named: Iterable[tuple[str, Path]]) -> dict[str, Path | None]:
    """The path of each name; None if several have it."""
    paths: dict[str, Path | None] = {}
    for name, path in named:
        paths[name] = None if name in paths else path
    return paths


def nfc_path(path: Path) -> str:
    """A path as text in Unicode's composed form: macOS decomposes the letters of names."""
    return unicodedata.normalize("NFC", path.as_posix())
