"""Training runs, read from their folders while they go on and afterwards."""

import json
import os
import shutil
import subprocess
import sys
import time

import dash
import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.app import create_app
from dashboard.reports.runs import Progress, RunsFolder
from tests.dashboard.training_runs import write_progress, write_run


@pytest.fixture
def ended_process() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_run_that_was_killed_has_stopped(tmp_path, ended_process):
    now = time.time()
    host = os.uname().nodename
    for progress, state in (
        ({"host": host, "pid": os.getpid(), "heartbeat": now}, "running"),
        ({"host": host, "pid": ended_process, "heartbeat": now}, "stopped"),
        ({"host": "another-container", "pid": ended_process, "heartbeat": now}, "running"),
        ({"host": "another-container", "pid": 1, "heartbeat": now - 120}, "stopped"),
        ({"host": host, "pid": os.getpid(), "heartbeat": None}, "stopped"),
        ({"state": "ended", "heartbeat": now - 9e9}, "ended"),
    ):
        assert Progress(**progress).state_now() == state, progress


def test_runs_are_listed_newest_first_with_those_of_the_demo(tmp_path):
    runs, demo = tmp_path / "runs", tmp_path / "demo"
    write_run(runs / "2026-01-01T10-00-00")
    write_run(runs / "2026-01-03T10-00-00")
    write_run(demo / "runs" / "2026-01-02T10-00-00")
    (runs / "notes").mkdir()
    (runs / "2026-01-04.txt").touch()
    folder = RunsFolder(runs, demo)
    assert [run.id for run in folder.all()] == [
        "2026-01-03T10-00-00",
        "demo-2026-01-02T10-00-00",
        "2026-01-01T10-00-00",
    ]
    assert folder.find("demo-2026-01-02T10-00-00").folder == demo / "runs" / "2026-01-02T10-00-00"
    assert folder.find("../demo") is None
    assert RunsFolder(tmp_path / "none", tmp_path / "none").all() == []


def test_a_run_without_progress_or_with_a_damaged_one_is_known_from_its_other_files(tmp_path):
    run = write_run(tmp_path / "a")
    (run / "progress.json").write_text('{"state": "dancing"}')
    (run / "history.csv").write_text("stage,epoch,loss,accuracy\nall,1,2.5,0.1\nall,2,x,0.1\n")
    (run / "watch" / "photos.json").write_text("[1]")
    (found,) = RunsFolder(tmp_path, tmp_path).all()
    assert found.progress().state == "stopped"
    assert [epoch.loss for epoch in found.history()] == [2.5]
    assert found.watched_photos() == []
    (run / "metrics.json").write_text('{"version": "model/4"}')
    assert found.progress().state == "ended"
    assert found.version() == "model/4"


@pytest.fixture
def client(settings, tmp_path):
    folder = settings.model_copy(update={"runs_dir": tmp_path / "runs"})
    return create_app(folder).server.test_client()


def test_the_page_gets_all_about_the_runs_that_go_on(client, tmp_path, ended_process):
    write_run(tmp_path / "runs" / "2026-01-01T10-20-30", state="running", epoch=2, epochs=5, loss=1.5)
    write_run(tmp_path / "runs" / "2026-01-02T10-00-00", state="ended")
    found = client.get("/runs").get_json()
    assert [(run["id"], run["state"]) for run in found["runs"]] == [
        ("2026-01-02T10-00-00", "ended"),
        ("2026-01-01T10-20-30", "running"),
    ]
    (shown,) = found["shown"]
    assert (shown["title"], shown["state"], shown["epoch"], shown["loss"]) == (
        "2026-01-01 10:20 UTC",
        "running",
        2,
        1.5,
    )
    assert shown["history"][0]["val_accuracy"] == 0.5
    assert shown["snapshots"] == ["1-001", "1-002"]
    assert "pid" not in shown
    asked = client.get("/runs?show=2026-01-02T10-00-00,gone").get_json()
    assert [run["id"] for run in asked["shown"]] == ["2026-01-02T10-00-00"]
    both = client.get("/runs?show=2026-01-01T10-20-30,2026-01-02T10-00-00").get_json()
    assert [run["id"] for run in both["shown"]] == ["2026-01-02T10-00-00", "2026-01-01T10-20-30"]


def test_watched_photos_and_their_answers_can_be_fetched_and_nothing_else(client, tmp_path):
    run = write_run(tmp_path / "runs" / "a")
    (run / "watch" / "secret.jpg").write_bytes(b"x")
    answers = client.get("/runs/a/watch/1-002.json").get_json()
    assert answers["answers"][0]["label"] == "Aurelio_Vela"
    assert client.get("/runs/a/watch/01.jpg").data.startswith(b"\xff\xd8")
    for address in (
        "/runs/a/watch/secret.jpg",
        "/runs/a/watch/photos.json",
        "/runs/a/watch/1-009.json",
        "/runs/b/watch/01.jpg",
        "/runs/../watch/01.jpg",
        "/runs/drawn/01.jpg",
        "/runs/drawn/..%2F..%2Fsecret.jpg",
    ):
        assert client.get(address).status_code == 404, address


def test_cars_are_shown_while_they_are_drawn(client, settings):
    images = settings.demo_folder / "images"
    images.mkdir(parents=True)
    for number, name in enumerate(("Maki_Hoshi_0000.jpg", "Maki_Hoshi_0001.jpg", ".half.jpg")):
        (images / name).write_bytes(b"\xff\xd8")
        os.utime(images / name, (number, number))
    write_progress(settings.demo_folder, state="running", stage="Drawing cars", done=2, total=640)
    found = client.get("/runs").get_json()
    assert found["drawn"] == ["Maki_Hoshi_0001.jpg", "Maki_Hoshi_0000.jpg"]
    assert found["preparation"]["stage"] == "Drawing cars"
    assert client.get("/runs/drawn/Maki_Hoshi_0001.jpg").data == b"\xff\xd8"
    assert client.get("/runs/drawn/.half.jpg").status_code == 404
    write_progress(settings.demo_folder, state="ended")
    assert client.get("/runs").get_json()["drawn"] == []


@pytest.mark.parametrize(
    ("server", "preparation", "has_run", "has_version", "waits"),
    [
        ("good", None, False, False, False),
        (None, None, False, False, False),
        (None, "running", False, False, True),
        (None, "failed", False, False, True),
        (None, "running", False, "later", True),  # published, and the server not yet ready
        (None, "running", False, True, False),  # it is started again, or the demo goes on
        (None, "ended", False, True, False),
        (None, None, True, False, True),
        (None, None, True, True, False),
        ("good", "running", True, False, False),
    ],
)
def test_pages_wait_for_a_model_only_where_one_is_being_made(
    settings, tmp_path, closed_url, labels_of_version_3, server, preparation, has_run, has_version, waits
):
    changes: dict[str, object] = {"runs_dir": tmp_path / "runs"}
    if server is None:
        changes["model_server_url"] = closed_url
    if has_version is not True:
        changes["model_folder"] = tmp_path / "late"
    if preparation:
        write_progress(settings.demo_folder, state=preparation)
    if has_run:
        write_run(tmp_path / "runs" / "a")
    create_app(settings.model_copy(update=changes))
    if has_version == "later":
        shutil.copytree(settings.model_folder, tmp_path / "late")
    layout = json.dumps(_layout_of("classify"))
    assert ('"id": "waiting"' in layout) == waits
    assert ('"id": "classify"' in layout) != waits


def _layout_of(name: str) -> dict:
    page = next(page for page in dash.page_registry.values() if page["module"] == name)
    return json.loads(json.dumps(page["layout"](), cls=PlotlyJSONEncoder))
