"""Runs the same tests on SQLite and PostgreSQL."""

from collections.abc import Iterator

import pytest

from dashboard.database import Database, open_database


@pytest.fixture
def database(database_url) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.engine.dispose()
