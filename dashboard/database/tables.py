"""The current tables. A change here needs a migration too; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC. SQLite does not store the time zone, so both databases store and return UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Converts a value for storage."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Converts a stored value."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


# `car-classifier data import-feedback` reads this table too: docs/reference/file-formats.md describes it.
feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("visitor", String(64), nullable=False),
    Column("photo_sha256", String(64), nullable=False),
    Column("model", String(200), nullable=False),
    Column("version", String(20)),
    Column("answer_label", String(200), nullable=False),
    Column("probability", Double, nullable=False),
    Column("answer_is_right", Boolean, nullable=False),
    Column("right_label", String(200)),
    Column("may_train", Boolean, nullable=False),
    Column("photo", LargeBinary),
    Column("created", UtcDateTime, nullable=False),
    UniqueConstraint("visitor", "photo_sha256", name="feedback_one_a_photo"),
)

games = Table(
    "games",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("visitor", String(64), nullable=False),
    Column("state", JSON, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("started", UtcDateTime, nullable=False),
    Index("games_of_visitor", "visitor", "started"),
)

# No foreign key to `games`: scores outlive their games.
scores = Table(
    "scores",
    metadata,
    Column("game_id", String(64), primary_key=True),
    Column("visitor", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("points", Double, nullable=False),
    Column("ai_points", Double, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("difficulty", String(64), nullable=False),
    Column("seconds", Double, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Index("scores_of_kind", "rounds", "difficulty", "points"),
)


def insert_into(table: Table, engine: Engine) -> sqlite.Insert | postgresql.Insert:
    """Returns an insert that supports `ON CONFLICT`, which standard SQL lacks."""
    return postgresql.insert(table) if engine.dialect.name == "postgresql" else sqlite.insert(table)
