"""The scores so far, in a small SQLite file that no interruption can damage."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from car_classifier.errors import UserError


class PrefilterScores:
    """The scores that one net and choice of classes gave, by the SHA-256 of a photo's content.

    Args:
        path: The file; created if it does not exist.
        key: Identifies the net and the classes; scores under other keys are ignored.

    Raises:
        UserError: The file is no SQLite database.
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
            raise UserError(f"{path} cannot be read: {error}. Delete it; the photos are then scored again.") from error

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._scores

    def __getitem__(self, sha256: str) -> float:
        return self._scores[sha256]

    def add(self, scores: Mapping[str, float]) -> None:
        """Add scores and write them to the file."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO scores VALUES (?, ?, ?)",
                [(self._key, sha256, score) for sha256, score in scores.items()],
            )
        self._scores.update(scores)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
