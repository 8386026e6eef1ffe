"""An unusable database gives a sentence, without the password."""

import os
import subprocess
import sys

import pytest

from dashboard import SettingsError
from dashboard.database import open_database

HIDDEN = "hush-hush"


def problem(url: str) -> str:
    with pytest.raises(SettingsError) as caught:
        open_database(url)
    said = str(caught.value)
    assert said.startswith("DATABASE_URL: ")
    assert len(said.splitlines()) == 1
    return said


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must look like sqlite:///data/dashboard.sqlite3"),
        ("dashboard.sqlite3", "must look like"),
        (HIDDEN, "must look like"),
        (f"postgresql://host:{HIDDEN}", "must look like"),
        (f"mysql://me:{HIDDEN}@host/cars", "must begin with sqlite:/// or postgresql://. Received: mysql://…"),
        (f"postgresql+psycopg2://me:{HIDDEN}@host/cars", "must begin with"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///file:cars?uri=true", "must name a file"),
        (f"postgresql://me:{HIDDEN[:4]}@{HIDDEN}@localhost/cars", "an @ in the user name or password must be written"),
        (f"postgresql://me:{HIDDEN}@localhost:1/cars", "the PostgreSQL database cars at localhost cannot be used"),
        (f"postgres://me:{HIDDEN}@localhost:1/cars", "Start it, or correct the address"),
        (f"postgresql://me@localhost:1/cars?password={HIDDEN}", "cannot be used"),
        (f"postgresql://me:{HIDDEN}@localhost/cars?no_such_option={HIDDEN}", "no_such_option"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_sentence(url, words):
    said = problem(url)
    assert words in said
    assert HIDDEN not in said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("text.sqlite3", "not a database"),
        ("folder", "unable to open database file"),
        ("text.sqlite3/inside.sqlite3", "cannot be used"),
    ],
)
def test_an_sqlite_file_that_cannot_be_used_is_named(tmp_path, name, words):
    (tmp_path / "text.sqlite3").write_text("This is a text and no database. " * 100)
    (tmp_path / "folder").mkdir()
    said = problem(f"sqlite:///{tmp_path}/{name}")
    assert f"the SQLite file {tmp_path}/{name} cannot be used" in said
    assert words in said
    assert said.endswith("Name a file that can be written.")


def test_a_server_that_refuses_says_why(postgres):
    assert "password authentication failed" in problem(postgres.url("postgres", password=HIDDEN))
    assert HIDDEN not in problem(postgres.url("postgres", password=HIDDEN))
    assert 'database "nowhere" does not exist' in problem(postgres.url("nowhere"))


def test_without_the_package_for_postgresql_it_says_which_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    said = problem(f"postgresql://me:{HIDDEN}@localhost/cars")
    assert "pip install 'car-classification[postgres]'" in said
    assert HIDDEN not in said


def test_the_older_name_of_postgresql_is_understood(postgres):
    database = open_database(postgres.new_database().replace("postgresql://", "postgres://"))
    assert database.engine.url.drivername == "postgresql+psycopg"


@pytest.mark.slow
def test_the_program_ends_with_2_and_the_sentence(tmp_path, closed_url):
    (tmp_path / "file").touch()
    port = closed_url.rpartition(":")[2]
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/file/x", "DASHBOARD_PORT": port}
    done = subprocess.run(
        [sys.executable, "-m", "dashboard"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"DATABASE_URL: the SQLite file {tmp_path}/file/x cannot be used")
    assert len(done.stderr.splitlines()) == 1
