"""What is going on, in a file for those who watch."""

import json
import os
import time
from pathlib import Path

import pytest
from rich.console import Console

from car_classifier.training.live_progress import WRITE_SECONDS, Budget, LiveProgress

QUIET = Console(quiet=True)
GENEROUS = 30  # seconds


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def wait_until(path: Path, **expected) -> dict:
    """The file's content, once it says this."""
    end = time.monotonic() + GENEROUS
    while time.monotonic() < end:
        if path.is_file() and expected.items() <= (content := read(path)).items():
            return content
        time.sleep(0.05)
    raise AssertionError(read(path) if path.is_file() else "no file")


def test_the_file_follows_the_work(tmp_path):
    path = tmp_path / "run" / "progress.json"
    live = LiveProgress(path, QUIET, "a small net", "car-classifier train", stages=2)
    assert not path.exists()
    with live.running():
        live.begin_stage("Training all layers")
        with live.bar("Training", photos=32) as report:
            live.record(epoch=1, epochs=3)
            report(1, 30)
            time.sleep(0.01)
            report(3, 30)
            live.record(loss=1.23456789, accuracy=float("nan"))
            content = wait_until(path, done=3, loss=1.2346)
    assert content["state"] == "running"
    assert (content["stage"], content["stage_number"], content["stage_count"]) == ("Training all layers", 1, 2)
    assert (content["work"], content["total"], content["epoch"], content["epochs"]) == ("Training", 30, 1, 3)
    assert content["accuracy"] is None  # JSON has no number for it
    assert (content["settings"], content["command"]) == ("a small net", "car-classifier train")
    assert content["pid"] == os.getpid()
    assert abs(content["heartbeat"] - time.time()) < GENEROUS
    assert content["seconds_left"] == pytest.approx(27 * 32 / content["photos_per_second"], abs=0.06)  # it is rounded
    ended = read(path)
    assert ended["state"] == "ended"
    assert ended["work"] is ended["done"] is ended["seconds_left"] is None


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (ValueError("the disk is full"), "failed", "the disk is full"),
        (ValueError(), "failed", "ValueError"),
        (KeyboardInterrupt(), "stopped", None),
    ],
)
def test_the_file_says_how_the_work_ended(tmp_path, error, state, reason):
    live = LiveProgress(tmp_path / "progress.json", QUIET)
    with pytest.raises(type(error)), live.running():
        raise error
    content = read(tmp_path / "progress.json")
    assert (content["state"], content["reason"]) == (state, reason)


def test_many_reports_cost_few_writes(tmp_path, monkeypatch):
    live = LiveProgress(tmp_path / "progress.json", QUIET)
    written = []
    monkeypatch.setattr("car_classifier.training.live_progress.write_json", lambda *_: written.append(time.monotonic()))
    start = time.monotonic()
    with live.running(), live.bar("Work") as report:
        while time.monotonic() - start < 3.2 * WRITE_SECONDS:
            report(1, 2)
    assert 3 <= len(written) <= (time.monotonic() - start) / WRITE_SECONDS + 2


def test_a_file_that_cannot_be_written_stops_no_work(tmp_path):
    (tmp_path / "taken").touch()
    with LiveProgress(tmp_path / "taken" / "progress.json", QUIET).running():
        done = True
    assert done


def test_without_a_file_there_is_the_terminal_alone(tmp_path):
    live = LiveProgress(None, QUIET)
    with live.running(), live.bar("Work") as report:
        report(1, 2)
    assert not live.is_due()
    assert list(tmp_path.iterdir()) == []


def test_extras_take_a_share_of_the_time(monkeypatch):
    now = 0.0
    monkeypatch.setattr("car_classifier.training.live_progress.time.perf_counter", lambda: now)
    budget = Budget(0.1)
    allowed = []
    for seconds in (10, 2, 2, 3):  # the first time with what is done only once
        allowed.append(budget.allows())
        with budget.spending():
            now += seconds
    assert allowed == [True, True, False, False]
    now = 69
    assert not budget.allows()
    now = 71  # a tenth of it is more than the 7 seconds that count
    assert budget.allows()
