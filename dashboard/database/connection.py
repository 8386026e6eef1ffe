"""Connects to a database by its address, or says in a sentence why that fails."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from dashboard.settings import SettingsError

CONNECT_SECONDS = 5
BUSY_SECONDS = 10
DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}
EXCLUSIVE = "exclusive"
"""Execution option: the transaction begins with SQLite's write lock."""


def engine_for(url: str) -> Engine:
    """Creates an engine for a database, without connecting yet.

    Args:
        url: See `dashboard.database.open_database`.

    Raises:
        SettingsError: The address has no known form, or the package for PostgreSQL is not installed.
    """
    parsed = _parse(url)
    if _is_sqlite(parsed):
        engine = create_engine(
            parsed, connect_args={"timeout": BUSY_SECONDS, "isolation_level": None}, hide_parameters=True
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(
            parsed, connect_args={"connect_timeout": CONNECT_SECONDS}, pool_pre_ping=True, hide_parameters=True
        )
    except ImportError as error:
        raise SettingsError(
            f"DATABASE_URL: PostgreSQL needs more packages: pip install 'car-classification[postgres]'. {error}"
        ) from error


def _parse(url: str) -> URL:
    # Messages never repeat an address that cannot be parsed: any part might be a password.
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingsError("DATABASE_URL: must look like sqlite:///data/dashboard.sqlite3.") from error
    driver = DRIVERS.get(parsed.drivername, parsed.drivername)
    if driver not in DRIVERS.values():
        raise SettingsError(
            f"DATABASE_URL: must begin with sqlite:/// or postgresql://. Received: {parsed.drivername}://…"
        )
    if "@" in (parsed.host or ""):
        raise SettingsError("DATABASE_URL: an @ in the user name or password must be written as %40.")
    parsed = parsed.set(drivername=driver)
    if _is_sqlite(parsed) and (parsed.database or ":memory:").startswith((":memory:", "file:")):
        raise SettingsError("DATABASE_URL: must name a file, such as sqlite:///data/dashboard.sqlite3.")
    return parsed


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switches to write-ahead logging, so that readers do not wait for writers."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Unlike elsewhere, SQLite does not wait here if several processes open a new file at once.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    # Python's driver begins no transaction before CREATE TABLE, so a migration could be left half done.
    exclusive = connection.get_execution_options().get(EXCLUSIVE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if exclusive else "BEGIN")


@contextmanager
def usable(url: URL) -> Iterator[None]:
    """Turns database errors into a sentence.

    Raises:
        SettingsError: The database cannot be reached, opened or written, or its schema is newer than this code.
    """
    where = _described(url)
    try:
        if _is_sqlite(url):
            Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
        yield
    except CommandError as error:
        raise SettingsError(f"DATABASE_URL: {where} was made by a newer dashboard. Update this one.") from error
    except (DBAPIError, OSError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error.strerror
        lines = str(reason).strip().splitlines() or ["no reason given"]
        advice = "Name a file that can be written" if _is_sqlite(url) else "Start it, or correct the address"
        raise SettingsError(f"DATABASE_URL: {where} cannot be used ({lines[0].strip()}). {advice}.") from error


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _described(url: URL) -> str:
    """Describes an address without user and password."""
    if _is_sqlite(url):
        return f"the SQLite file {url.database}"
    host = url.host or url.query.get("host") or "this machine"
    return f"the PostgreSQL database {url.database or ''} at {host}"
