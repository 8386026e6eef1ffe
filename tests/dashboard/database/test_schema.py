"""The migrations make the schema that the code expects, even if several dashboards start at once."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from dashboard import SettingsError
from dashboard.database import open_database
from dashboard.database.tables import metadata

# Opens each database in the instant in which it is told to.
OPENS_WHEN_TOLD = """
import sys
from dashboard.database import open_database
for line in sys.stdin:
    open_database(line.strip())
    print("opened", flush=True)
"""


def test_the_migrations_make_the_tables_that_the_code_knows(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_no_connection_is_left_for_a_fork_to_share(database_url):
    database = open_database(database_url)
    assert database.engine.pool.checkedin() == database.engine.pool.checkedout() == 0


def test_opening_it_again_changes_nothing(database, database_url):
    database.games.add("1", "a" * 32, {"round": 2}, None)
    open_database(database_url)
    assert database.games.find("1").state == {"round": 2}


@pytest.mark.slow
def test_several_dashboards_may_start_at_once(database_url):
    urls = [f"{database_url}-{n}" for n in range(20)] if database_url.startswith("sqlite") else [database_url]
    command = [sys.executable, "-W", "error", "-c", OPENS_WHEN_TOLD]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with ExitStack() as running:
        dashboards = [running.enter_context(subprocess.Popen(command, **pipes)) for _ in range(4)]
        for url in urls:
            for dashboard in dashboards:
                dashboard.stdin.write(f"{url}\n")
            assert [dashboard.stdout.readline() for dashboard in dashboards] == ["opened\n"] * 4


def test_a_migration_that_fails_leaves_nothing_behind(database_url):
    """A table in the way stops the migration, and the tables that it made before do not stay."""
    if database_url.startswith("sqlite"):
        Path(database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE scores (id INTEGER)"))
    with pytest.raises(SettingsError, match="scores.* already exists"):
        open_database(database_url)
    assert inspect(engine).get_table_names() == ["scores"]
    engine.dispose()


def test_a_database_of_a_newer_dashboard_is_left_alone(database_url):
    open_database(database_url)
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SettingsError, match=r"^DATABASE_URL: .* was made by a newer dashboard\. Update this one\.$"):
        open_database(database_url)
