"""Upgrades the schema by the migrations in `migrations/versions/`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from dashboard.database.connection import EXCLUSIVE

LOCK = 5_172_093_841_006_447
"""Key of the PostgreSQL advisory lock that a migration holds: a fixed number of the dashboard's own."""


def upgrade(engine: Engine) -> None:
    """Upgrades a database to the newest schema, all or nothing. Of several processes one upgrades, and the others wait.

    Raises:
        sqlalchemy.exc.DBAPIError: The database fails.
        alembic.util.exc.CommandError: Its schema is newer than this code.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.execution_options(**{EXCLUSIVE: True}).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
