"""Keeps visitors' photos on disk for a while, where every worker process finds them."""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from dashboard.web.random_ids import is_id, new_id


@dataclass(frozen=True)
class PhotoStore:
    """JPEG and PNG files in a folder, each named by a random id that cannot be guessed.

    The folder is the only state, so that several worker processes can share it.

    Attributes:
        folder: Holds the files; created for the first photo.
        max_age: Seconds after which a photo expires.
        max_count: Maximum number of photos; the oldest are deleted first.
        max_bytes: Maximum size of all photos together; the oldest are deleted first.
    """

    folder: Path
    max_age: float
    max_count: int
    max_bytes: float

    def add(self, content: bytes) -> str:
        """Stores a photo and returns its id.

        Raises:
            OSError: The folder belongs to another user, or writing fails.
        """
        self._own_folder()
        self._forget(self.max_count - 1, self.max_bytes - len(content))  # before, so that there is room for it
        photo_id = new_id()
        unfinished = self.folder / f"{photo_id}.part"
        unfinished.write_bytes(content)
        unfinished.replace(self._path(photo_id))  # atomic, so that nobody reads half a photo
        return photo_id

    def get(self, photo_id: str) -> bytes | None:
        """Returns the photo's bytes; None if the id is unknown or malformed, or the photo has expired."""
        if not is_id(photo_id):
            return None
        path = self._path(photo_id)
        try:
            if path.stat().st_mtime < time.time() - self.max_age:
                return None
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def check(self) -> None:
        """Checks that photos can be stored.

        Raises:
            OSError: They cannot.
        """
        self._own_folder()
        with tempfile.TemporaryFile(dir=self.folder):
            pass

    def forget_old(self) -> None:
        """Deletes expired photos, and the oldest if there are too many.

        Raises:
            OSError: Deleting fails.
        """
        self._forget(self.max_count, self.max_bytes)

    def _forget(self, max_count: int, max_bytes: float) -> None:
        aged = []
        for path in [*self.folder.glob("*.jpg"), *self.folder.glob("*.part")]:
            try:
                stat = path.stat()
            except FileNotFoundError:  # another worker was faster
                continue
            aged.append((stat.st_mtime, path, stat.st_size))
        aged.sort(reverse=True)
        oldest_kept = time.time() - self.max_age
        total = 0
        for rank, (modified, path, size) in enumerate(aged):
            total += size
            if rank >= max_count or total > max_bytes or modified < oldest_kept:
                path.unlink(missing_ok=True)

    def _path(self, photo_id: str) -> Path:
        return self.folder / f"{photo_id}.jpg"

    def _own_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In a shared temporary folder, another user could have created it first to read the photos.
        if hasattr(os, "getuid") and self.folder.stat().st_uid != os.getuid():
            raise PermissionError(f"{self.folder} belongs to another user. Set DASHBOARD_PHOTO_FOLDER.")
