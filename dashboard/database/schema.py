"""The schema and its way from one version to the next, by the migrations in `migrations/versions/`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from dashboard.database.connection import ALONE

LOCK = 5_172_093_841_006_447
"""Number of the PostgreSQL lock that a migration holds: ours alone, and always the same."""


def upgrade(engine: Engine) -> None:
    """Brings a database to the newest schema, all or nothing; of several that try, one does it and the others wait.

    Raises:
        sqlalchemy.exc.DBAPIError: The database refuses.
        alembic.util.exc.CommandError: Its schema is newer than ours.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.execution_options(**{ALONE: True}).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
