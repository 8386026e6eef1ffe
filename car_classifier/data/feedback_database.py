"""Reading visitors' feedback from the dashboard's database.

The two packages share the table `feedback` (docs/reference/file-formats.md). Only the columns below are read.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError

from car_classifier.errors import UserError

_FEEDBACK = Table(
    "feedback",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("photo_sha256", String),
    Column("answer_label", String),
    Column("answer_is_right", Boolean),
    Column("right_label", String),
    Column("may_train", Boolean),
    Column("photo", LargeBinary),
)
_DRIVERS = {"sqlite": "sqlite", "postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


@dataclass(frozen=True)
class Opinion:
    """One visitor's feedback on one photo.

    Attributes:
        photo_sha256: Hex SHA-256 of the photo.
        label: The car that it shows, `Make_Model`; None if the visitor only knows that the answer is wrong.
        denied: The answer that the visitor called wrong, or None.
        photo_row: Id of the row that holds the photo's bytes; None if its sender does not allow training on it.
    """

    photo_sha256: str
    label: str | None
    denied: str | None
    photo_row: int | None


class FeedbackTable:
    """The feedback in an open database.

    Args:
        connection: To the database.
    """

    def __init__(self, connection: Connection):
        self._connection = connection

    def opinions(self) -> list[Opinion]:
        """The feedback of all visitors, oldest first, without the photos."""
        columns = _FEEDBACK.c
        may_be_used = (columns.may_train & columns.photo.is_not(None)).label("may_be_used")
        query = select(
            columns.id,
            columns.photo_sha256,
            columns.answer_label,
            columns.answer_is_right,
            columns.right_label,
            may_be_used,
        ).order_by(columns.id)
        return [
            Opinion(
                photo_sha256=row.photo_sha256,
                label=row.answer_label if row.answer_is_right else row.right_label,
                denied=None if row.answer_is_right else row.answer_label,
                photo_row=row.id if row.may_be_used else None,
            )
            for row in self._connection.execute(query)
        ]

    def photo(self, row: int) -> bytes:
        """The JPEG in a row, by the row's id."""
        return bytes(self._connection.scalar(select(_FEEDBACK.c.photo).where(_FEEDBACK.c.id == row)) or b"")


@contextmanager
def open_feedback(url: str) -> Iterator[FeedbackTable]:
    """Open a dashboard's database for reading.

    Args:
        url: The dashboard's DATABASE_URL.

    Raises:
        UserError: It cannot be read, or is not a dashboard's. The message does not repeat the address, which may
            hold a password.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table(_FEEDBACK.name):
                raise UserError("The database has no table feedback: it is no dashboard's. Check --database-url.")
            yield FeedbackTable(connection)
    except DBAPIError as error:
        reason = (str(error.orig).strip().splitlines() or ["no reason given"])[0]
        raise UserError(f"The database cannot be read ({reason}). Check --database-url.") from error
    finally:
        engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UserError("--database-url should look like sqlite:///data/dashboard.sqlite3.") from error
    driver = _DRIVERS.get(parsed.drivername.removesuffix("+psycopg"))
    if driver is None:
        raise UserError(
            f"--database-url must begin with sqlite:/// or postgresql://. Received: {parsed.drivername}://…"
        )
    if driver == "sqlite":
        path = Path(parsed.database or "")
        if not path.is_file():
            raise UserError(f"There is no database at {path}. The dashboard makes it when it starts.")
        return create_engine(_to_read(path), hide_parameters=True)
    try:
        return create_engine(parsed.set(drivername=driver), hide_parameters=True)
    except ImportError as error:
        raise UserError(
            f"A database in PostgreSQL needs more packages: pip install 'car-classification[postgres]'. {error}"
        ) from error


def _to_read(path: Path) -> URL:
    """The address of an SQLite file, also in a folder that we may not write to.

    To read a file in WAL mode, SQLite writes files beside it. Where it may not, the address must say whether another
    process has the file open (then it can use that process's `-wal` file) or not (then the file cannot change).
    """
    if os.access(path.parent, os.W_OK) and os.access(path, os.W_OK):
        return URL.create("sqlite", database=str(path))
    in_use = path.with_name(f"{path.name}-wal").exists()
    mode = {"mode": "ro"} if in_use else {"immutable": "1"}
    return URL.create("sqlite", database=f"file:{quote(str(path.absolute()))}", query={"uri": "true"} | mode)
