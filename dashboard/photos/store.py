"""Photos kept on disk for a while, so that a page can show them and every worker finds them."""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from dashboard.web.random_ids import is_id, new_id


@dataclass(frozen=True)
class PhotoStore:
    """JPEG files in a folder, each under a random id that cannot be guessed.

    The folder is the only state: several worker processes can use the same one at once.

    Attributes:
        folder: Where the files are; made when the first photo comes.
        max_age: Seconds after which a photo is gone.
        max_count: How many photos are kept; the oldest go first.
    """

    folder: Path
    max_age: float
    max_count: int

    def add(self, jpeg: bytes) -> str:
        """Keeps a photo and returns its id.

        Raises:
            OSError: The folder belongs to another user, or the disk refuses.
        """
        self._own_folder()
        photo_id = new_id()
        unfinished = self.folder / f"{photo_id}.part"
        unfinished.write_bytes(jpeg)
        unfinished.replace(self._path(photo_id))  # in one step, so nobody ever reads half a photo
        self.forget_old()
        return photo_id

    def get(self, photo_id: str) -> bytes | None:
        """The photo's bytes, or None if the id is unknown, ill-formed or its time is over."""
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
        """Makes sure that photos can be kept.

        Raises:
            OSError: They cannot.
        """
        self._own_folder()
        with tempfile.TemporaryFile(dir=self.folder):
            pass

    def forget_old(self) -> None:
        """Deletes the photos whose time is over, and the oldest if there are too many.

        Raises:
            OSError: The disk refuses.
        """
        aged = []
        for path in [*self.folder.glob("*.jpg"), *self.folder.glob("*.part")]:
            try:
                aged.append((path.stat().st_mtime, path))
            except FileNotFoundError:  # another worker was faster
                continue
        aged.sort(reverse=True)
        oldest_kept = time.time() - self.max_age
        for rank, (modified, path) in enumerate(aged):
            if rank >= self.max_count or modified < oldest_kept:
                path.unlink(missing_ok=True)

    def _path(self, photo_id: str) -> Path:
        return self.folder / f"{photo_id}.jpg"

    def _own_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In a shared temporary folder another user could have made it first, to read what is put there.
        if hasattr(os, "getuid") and self.folder.stat().st_uid != os.getuid():
            raise PermissionError(f"{self.folder} belongs to another user. Set DASHBOARD_PHOTO_FOLDER.")
