"""Files that may come, change or go while the dashboard runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

Content = TypeVar("Content")


@dataclass
class ChangingFile(Generic[Content]):
    """A file that is read again when it is another.

    Attributes:
        path: The file.
        reader: Reads it.
        missing: What is read of a file that is not there.
    """

    path: Path
    reader: Callable[[Path], Content]
    missing: Content
    _read: tuple[tuple[int, int], Content] | None = field(default=None, repr=False)

    def read(self) -> Content:
        """What it holds now; the same object for as long as it does not change."""
        try:
            about = self.path.stat()
        except OSError:
            return self.missing
        version = (about.st_mtime_ns, about.st_size)
        read = self._read  # another thread may replace it between two looks
        if read is None or read[0] != version:
            read = self._read = (version, self.reader(self.path))
        return read[1]
