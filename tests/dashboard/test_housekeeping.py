"""Expired photos and games are deleted without a visit."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from dashboard.database import open_database
from dashboard.database.tables import games
from dashboard.housekeeping import Housekeeping
from dashboard.photos.store import PhotoStore
from tests.support.browsing import running_dashboard


@pytest.mark.slow
def test_photos_go_though_nobody_asks_the_dashboard_for_anything(tmp_path):
    photos = PhotoStore(tmp_path / "photos", max_age=60, max_count=10, max_bytes=1000)
    settings = {"photo_folder": photos.folder, "photo_minutes": 0.02, "workers": 2}
    with running_dashboard(**settings, database_url=f"sqlite:///{tmp_path}/dashboard.sqlite3"):
        photos.add(b"photo")
        deadline = time.monotonic() + 10
        while any(photos.folder.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_games_go_after_thirty_days_without_a_new_start(database):
    for game_id, days in [("old", 31), ("young", 29)]:
        assert database.games.add(game_id, "a" * 32, {}, database.games.current("a" * 32))
        started = datetime.now(UTC) - timedelta(days=days)
        with database.engine.begin() as connection:
            connection.execute(update(games).where(games.c.id == game_id).values(started=started))
    Housekeeping(PhotoStore(Path("unused"), 60, 10, 1000), database).forget_games()
    assert (database.games.find("old"), database.games.find("young").id) == (None, "young")


def test_what_cannot_be_forgotten_now_is_no_failure(database, tmp_path, caplog):
    photo = tmp_path / "0.jpg"
    photo.mkdir()  # cannot be deleted as a file can
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE games"))
    housekeeping = Housekeeping(PhotoStore(tmp_path, max_age=-60, max_count=10, max_bytes=1000), database)
    housekeeping.forget_photos()
    housekeeping.forget_games()
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "Expired photos or games cannot be deleted now; trying again later"
    ] * 2


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/dashboard.sqlite3")
    yield database
    database.engine.dispose()
