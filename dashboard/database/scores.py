"""The leaderboard."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from dashboard.database.tables import insert_into, scores


@dataclass(frozen=True)
class Score:
    """One line of the leaderboard; it does not reveal the visitor.

    Attributes:
        game_id: The game.
        name: The player's chosen name.
        points: The player's points.
        ai_points: The model's points.
        seconds: Time that the player took.
        created: Time when it was added, UTC.
    """

    game_id: str
    name: str
    points: float
    ai_points: float
    seconds: float
    created: datetime


_SHOWN = (
    scores.c.game_id,
    scores.c.name,
    scores.c.points,
    scores.c.ai_points,
    scores.c.seconds,
    scores.c.created,
)


@dataclass(frozen=True)
class ScoreStore:
    """The table `scores`.

    Attributes:
        engine: Connections to the database.
    """

    engine: Engine

    def add(
        self,
        game_id: str,
        visitor: str,
        name: str,
        points: float,
        ai_points: float,
        rounds: int,
        difficulty: str,
        seconds: float,
    ) -> bool:
        """Adds the score of a game, unless the game has one already.

        Args:
            game_id: The game.
            visitor: The player's id.
            name: The player's chosen name; at most 200 characters.
            points: The player's points.
            ai_points: The model's points.
            rounds: Number of rounds.
            difficulty: Only games of the same difficulty and number of rounds are compared.
            seconds: Time that the player took.

        Returns:
            Whether it was added.
        """
        new = insert_into(scores, self.engine).values(
            game_id=game_id,
            visitor=visitor,
            name=name,
            points=points,
            ai_points=ai_points,
            rounds=rounds,
            difficulty=difficulty,
            seconds=seconds,
            created=datetime.now(UTC),
        )
        added = new.on_conflict_do_nothing(index_elements=[scores.c.game_id]).returning(scores.c.game_id)
        with self.engine.begin() as connection:
            return connection.scalar(added) is not None

    def top(self, rounds: int, difficulty: str, count: int = 10) -> list[Score]:
        """Returns the best scores of one kind of game: by points, then by time taken, then the oldest first."""
        query = (
            select(*_SHOWN)
            .where(scores.c.rounds == rounds, scores.c.difficulty == difficulty)
            .order_by(scores.c.points.desc(), scores.c.seconds, scores.c.created)
            .limit(count)
        )
        with self.engine.connect() as connection:
            return [Score(**row._mapping) for row in connection.execute(query)]
