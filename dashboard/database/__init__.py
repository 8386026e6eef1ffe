"""Feedback, games and scores, in SQLite or PostgreSQL.

There is one store per table. Each call is one transaction, so the database resolves conflicts between workers.
"""

from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError as UnfitValue
from sqlalchemy.exc import SQLAlchemyError as DatabaseError

from dashboard.database.connection import engine_for, usable
from dashboard.database.feedback import Feedback, FeedbackStore
from dashboard.database.games import GameStore, StoredGame
from dashboard.database.schema import upgrade
from dashboard.database.scores import Score, ScoreStore

__all__ = ["Database", "DatabaseError", "Feedback", "Score", "StoredGame", "UnfitValue", "open_database"]


@dataclass(frozen=True)
class Database:
    """The database, with an up-to-date schema.

    Attributes:
        engine: Connections to the database.
        feedback: Visitors' feedback on answers.
        games: Current and finished games.
        scores: The leaderboard.
    """

    engine: Engine
    feedback: FeedbackStore
    games: GameStore
    scores: ScoreStore

    def check(self) -> None:
        """Checks that the database answers.

        Raises:
            DatabaseError: It does not.
        """
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))


def open_database(url: str) -> Database:
    """Connects to a database, brings its schema up to date and deletes expired games.

    No connection stays open, so that forked processes open their own.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path` (the folder is created if missing) or
            `postgresql://user:password@host/database`.

    Raises:
        SettingsError: The database cannot be used; the message does not contain the password.
    """
    engine = engine_for(url)
    database = Database(engine, FeedbackStore(engine), GameStore(engine), ScoreStore(engine))
    with usable(engine.url):
        try:
            upgrade(engine)
            database.games.forget_old()
        finally:
            engine.dispose()
    return database
