"""Feedback, games and scores, in SQLite or PostgreSQL.

One store a table, each call one transaction: what several workers do at once is settled by the database.
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
    """The database, its schema up to date.

    Attributes:
        engine: Connections to it.
        feedback: What visitors say of answers.
        games: Games that are played or over.
        scores: The leaderboard.
    """

    engine: Engine
    feedback: FeedbackStore
    games: GameStore
    scores: ScoreStore

    def check(self) -> None:
        """Asks it for an answer.

        Raises:
            DatabaseError: There is none.
        """
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))


def open_database(url: str) -> Database:
    """Connects to a database, brings its schema up to date and forgets games that are long over.

    No connection is open afterwards: a process may fork and each part go on with connections of its own.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path` (the folder is made if missing) or
            `postgresql://user:password@host/database`.

    Raises:
        SettingsError: It cannot be used; the message does not repeat the password.
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
