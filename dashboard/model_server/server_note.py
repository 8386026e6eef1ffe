"""What `car-classifier up`, which looks after the model server, notes about it for the dashboard."""

import json
from dataclasses import dataclass
from pathlib import Path

from dashboard.changing_file import ChangingFile


@dataclass(frozen=True)
class ServerNote:
    """The server is being started.

    Attributes:
        reason: Why it ended before, such as "was killed, most likely because the memory ran out"; empty at its first
            start.
    """

    reason: str


class ServerNoteFile(ChangingFile[ServerNote | None]):
    """The file of the note; None while it is missing, which is so as long as the server answers.

    Args:
        path: The file.
    """

    def __init__(self, path: Path):
        super().__init__(path, read_note, None)


def read_note(path: Path) -> ServerNote | None:
    """Reads a note; None if it is damaged."""
    try:
        reason = json.loads(path.read_text(encoding="utf-8"))["reason"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return ServerNote(reason) if isinstance(reason, str) else None
