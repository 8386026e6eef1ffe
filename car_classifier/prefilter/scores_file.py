"""The scores that photos have had so far, in a small SQLite file: safe against an interruption at any moment."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from car_classifier.errors import UserError


class PrefilterScores:
    """Scores by the SHA-256 of a photo's content, as one net and choice of classes gave them.

    Args:
        path: The file; made if it is not there.
        key: Names the net and the classes; scores under another key are not seen.

    Raises:
        UserError: The file is no such file.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._key = key
        self._connection = sqlite3.connect(path)
        try:
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS scores (key TEXT, sha256 TEXT, score REAL, PRIMARY KEY (key, sha256))"
            )
            self._scores: dict[str, float] = dict(
                self._connection.execute("SELECT sha256, score FROM scores WHERE key = ?", (key,))
            )
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise UserError(f"{path} cannot be read: {error}. Delete it, and the photos are scored anew.") from error

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._scores

    def __getitem__(self, sha256: str) -> float:
        return self._scores[sha256]

    def add(self, scores: Mapping[str, float]) -> None:
        """Add scores; once this returns they are in the file."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO scores VALUES (?, ?, ?)",
                [(self._key, sha256, score) for sha256, score in scores.items()],
            )
        self._scores.update(scores)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
