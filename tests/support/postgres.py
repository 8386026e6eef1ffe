"""A real PostgreSQL server, if the machine has the programs."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

USER, PASSWORD = "car", "s3cret-word"


@dataclass
class Postgres:
    """A running server, reached by the socket in `folder` alone."""

    folder: Path
    databases: int = 0

    def url(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql://{USER}:{password}@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """The address of an empty database."""
        self.databases += 1
        name = f"test_{self.databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps it out of the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return max((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server in a temporary folder; it refuses to run as root, so then it runs as nobody."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: initdb is not installed")
    # Not pytest's folder, which nobody but its owner may enter; and a socket's path must be short.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD)
        options = {"check": True, "capture_output": True, "env": {"LC_ALL": "C", "PATH": os.environ["PATH"]}}
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            for path in (folder, folder / "password"):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        data = folder / "data"
        initdb = [programs / "initdb", "-D", data, "-U", USER, "--auth=scram-sha-256", "--encoding=UTF8"]
        subprocess.run([*initdb, f"--pwfile={folder / 'password'}", "--no-sync"], **options)
        control = [programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w"]
        subprocess.run([*control, "-o", f"-k {folder} -c listen_addresses= -F", "start"], **options)
        try:
            yield Postgres(folder)
        finally:
            subprocess.run([*control, "-m", "fast", "stop"], **options)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path) -> str:
    """An empty database of each kind; the SQLite file's folder is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/folder/dashboard.sqlite3"
    return request.getfixturevalue("postgres").new_database()
