"""Files that may appear, change or disappear while the dashboard runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

Content = TypeVar("Content")


@dataclass
class ChangingFile(Generic[Content]):
    """Re-reads a file when its size or modification time changes.

    Attributes:
        path: The file.
        reader: Reads the file.
        missing: The content of a missing file.
    """

    path: Path
    reader: Callable[[Path], Content]
    missing: Content
    _read: tuple[tuple[int, int], Content] | None = field(default=None, repr=False)

    def read(self) -> Content:
        """Returns the current content; the same object as long as the file does not change."""
        try:
            status = self.path.stat()
        except OSError:
            return self.missing
        version = (status.st_mtime_ns, status.st_size)
        read = self._read  # another thread may replace it at any time
        if read is None or read[0] != version:
            read = self._read = (version, self.reader(self.path))
        return read[1]
