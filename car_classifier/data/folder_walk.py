"""All files below a folder, links followed; and whatever is passed over, with the reason."""

import os
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

from car_classifier.data.photo_sources import LeftOut

_SYSTEM_NAMES = {
    "@eadir", "@recycle", "#recycle", "#snapshot", "@tmp", "__macosx", "$recycle.bin", "system volume information",
    "lost+found", "thumbs.db", "ehthumbs.db", "desktop.ini", "__pycache__",
}  # fmt: skip
"""Files and folders of network storage, Macs and Windows, in lower case; hidden ones begin with a full stop."""


@dataclass
class Walk:
    """The files below a folder.

    Attributes:
        root: The folder.
        files: Path of each file below it, sorted.
        left_out: Links and folders that cannot be followed or read, and pipes, sockets and devices.
        hidden: Number of hidden and system files and folders that were passed over, by name.
    """

    root: Path
    files: list[Path] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    hidden: Counter[str] = field(default_factory=Counter)

    def notes(self) -> list[str]:
        """What was passed over as hidden or as the system's, for people."""
        if not self.hidden:
            return []
        names = ", ".join(sorted(self.hidden)[:5]) + (" …" if len(self.hidden) > 5 else "")
        return [f"Passed over {self.hidden.total()} hidden or system files and folders: {names}"]


def walk_folder(root: Path, passed_over: Path | None = None) -> Walk:
    """Find all files. Each real folder is read once, so that links cannot lead in circles or count a photo twice.

    Folders that links lead to come after all other folders: a photo is found by its own path, if that lies below
    `root`.

    Args:
        root: The folder.
        passed_over: A folder that is not read, and not mentioned either.
    """
    walk = Walk(root)
    seen: dict[tuple[int, int], Path] = {}
    left_alone = _identity(passed_over) if passed_over is not None and passed_over.exists() else None
    folders, links = deque([root]), deque[Path]()
    while folders or links:
        is_link = not folders
        folder = links.popleft() if is_link else folders.popleft()
        try:
            identity = _identity(folder)
            if identity == left_alone:
                continue
            first = seen.setdefault(identity, folder)
            if first != folder:
                walk.left_out.append(LeftOut(folder, f"a link to {first}, which is read already"))
                continue
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            walk.left_out.append(LeftOut(folder, f"cannot be read: {error.strerror}"))
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith(".") or entry.name.lower() in _SYSTEM_NAMES:
                walk.hidden["._*" if entry.name.startswith("._") else entry.name] += 1
            elif _is_folder(entry):
                (links if entry.is_symlink() else folders).append(path)
            elif entry.is_symlink() and not path.exists():
                walk.left_out.append(LeftOut(path, f"a link to {os.readlink(path)}, where nothing is"))
            elif not entry.is_file():
                walk.left_out.append(LeftOut(path, "not a file"))
            else:
                walk.files.append(path)
    walk.files.sort()
    return walk


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
