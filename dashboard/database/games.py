"""Current and finished games."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, insert, select, text, update

from dashboard.database.connection import EXCLUSIVE
from dashboard.database.tables import games

KEPT = timedelta(days=30)
LOCKS = 709_413_065
"""First key of the PostgreSQL advisory locks of visitors; the second is derived from the visitor."""


@dataclass(frozen=True)
class StoredGame:
    """A game as read from the database.

    Attributes:
        id: The game's id.
        visitor: The player.
        state: The whole game as JSON; the ids of its photos are under `photos`.
        revision: Number of times it was saved since it began.
        started: Time when it began, UTC.
    """

    id: str
    visitor: str
    state: Mapping[str, Any]
    revision: int
    started: datetime


@dataclass(frozen=True)
class GameStore:
    """The table `games`.

    Attributes:
        engine: Connections to the database.
    """

    engine: Engine

    def add(self, game_id: str, visitor: str, state: Mapping[str, Any], last: StoredGame | None) -> bool:
        """Adds a game as the visitor's current one, unless another was added after `last`.

        Args:
            game_id: Id of the new game.
            visitor: The player.
            state: The whole game.
            last: The visitor's current game as the caller knows it.

        Returns:
            Whether it was added.

        Raises:
            sqlalchemy.exc.IntegrityError: A game with this id exists.
        """
        row = {"id": game_id, "visitor": visitor, "state": dict(state), "revision": 0}
        newest = _current(visitor).with_only_columns(games.c.id)
        with self.engine.execution_options(**{EXCLUSIVE: True}).begin() as connection:
            _wait_for_turn(connection, visitor)
            if connection.scalar(newest) != (last.id if last else None):
                return False
            connection.execute(insert(games).values(row | {"started": datetime.now(UTC)}))
        return True

    def current(self, visitor: str) -> StoredGame | None:
        """Returns the visitor's latest game, if any."""
        return self._first(_current(visitor))

    def find(self, game_id: str) -> StoredGame | None:
        """Returns a game by its id."""
        return self._first(select(games).where(games.c.id == game_id))

    def save(self, stored: StoredGame, state: Mapping[str, Any]) -> bool:
        """Replaces a game's state, unless it was replaced after `stored` was read.

        Returns:
            Whether it was replaced.
        """
        unchanged = (games.c.id == stored.id) & (games.c.revision == stored.revision)
        change = update(games).where(unchanged).values(state=dict(state), revision=stored.revision + 1)
        with self.engine.begin() as connection:
            return connection.execute(change).rowcount == 1

    def seen(self, visitor: str) -> set[str]:
        """Returns the ids of the photos in all games of a visitor."""
        with self.engine.connect() as connection:
            states = connection.scalars(select(games.c.state).where(games.c.visitor == visitor))
            return {photo for state in states for photo in state.get("photos", ())}

    def forget_old(self) -> None:
        """Deletes the games that began more than 30 days ago."""
        with self.engine.begin() as connection:
            connection.execute(delete(games).where(games.c.started < datetime.now(UTC) - KEPT))

    def _first(self, query: Select[Any]) -> StoredGame | None:
        with self.engine.connect() as connection:
            row: Row[Any] | None = connection.execute(query).first()
        return StoredGame(**row._mapping) if row else None


def _current(visitor: str) -> Select[Any]:
    return select(games).where(games.c.visitor == visitor).order_by(games.c.started.desc()).limit(1)


def _wait_for_turn(connection: Connection, visitor: str) -> None:
    """Lets one transaction per visitor continue; in SQLite the write lock has done so already."""
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:locks, hashtext(:visitor))")
        connection.execute(lock, {"locks": LOCKS, "visitor": visitor})
