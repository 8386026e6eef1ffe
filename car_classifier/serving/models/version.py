"""One version of a model: its folder on disk and its state."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from car_classifier.serving.errors import Code, ServingError

if TYPE_CHECKING:
    from car_classifier.serving.models.saved_model import SavedModel

# Path, size in bytes and modification time of every file in a folder.
Fingerprint = tuple[tuple[str, int, int], ...]


class VersionState(StrEnum):
    """The life cycle of a version, with the names of TensorFlow Serving's status answer."""

    START = "START"
    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


@dataclass(frozen=True)
class VersionStatus:
    """One line of a model's status; an error is set if the version could not be loaded."""

    version: int
    state: VersionState
    error: ServingError | None

    @property
    def code_and_message(self) -> tuple[Code, str]:
        """The error in the form of both interfaces: `OK` and an empty text if there is none."""
        return (self.error.code, self.error.message) if self.error else (Code.OK, "")


@dataclass
class Version:
    """A version that a repository knows; fields change only under the repository's lock."""

    model_name: str
    number: int
    folder: Path
    state: VersionState = VersionState.START
    error: ServingError | None = None
    failed_files: Fingerprint = ()
    model: SavedModel | None = None
    requests: int = 0

    def may_load_from(self, folder: Path) -> bool:
        """Whether the version may be loaded again: it was unloaded, or its files have changed since it failed."""
        if self.state is not VersionState.END:
            return False
        return self.error is None or folder != self.folder or fingerprint(folder) != self.failed_files


def find_versions(base_path: Path) -> dict[int, Path]:
    """The versions in a model's folder: number to folder.

    Raises:
        OSError: the folder cannot be read.
    """
    return {int(path.name): path for path in base_path.iterdir() if _is_version(path)}


def _is_version(path: Path) -> bool:
    name = path.name
    return name.isascii() and name.isdecimal() and int(name) < 2**63 and path.is_dir()


def fingerprint(folder: Path) -> Fingerprint:
    """A value that changes whenever a file in the folder does."""
    files = []
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(OSError):  # removed in the meantime: the folder is being changed
            stat = path.stat()
            files.append((str(path.relative_to(folder)), stat.st_size, stat.st_mtime_ns))
    return tuple(files)
