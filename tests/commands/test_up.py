"""`car-classifier up`: one command starts everything, and one Ctrl-C ends it."""

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from rich.console import Console

from car_classifier.up import DemoRecipe, UpSettings, prepare
from tests.support.commands import car_classifier
from tests.support.embedded_server import until
from tests.support.ports import free_ports

pytestmark = pytest.mark.slow


GENEROUS = 300  # seconds, of a busy machine


def lines_until(process: subprocess.Popen[str], words: str) -> str:
    """What the command says up to the line with these words."""
    said = []
    for line in process.stderr:
        said.append(line)
        if words in line:
            break
    return "".join(said)


def asked(page: int, path: str) -> dict:
    return requests.get(f"http://localhost:{page}{path}", timeout=120).json()


@contextmanager
def up(*arguments: object):
    """The running command, and its output up to the line with the page's address."""
    command = [sys.executable, "-m", "car_classifier", "up", *map(str, arguments)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, lines_until(process, "Open http://")
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.stderr.read()
            process.wait(timeout=300)


def test_opens_the_page_on_a_model_that_is_there_and_ends_with_ctrl_c(demo_model_dir, demo_data):
    page, rest = free_ports(2)
    with up("--model-dir", demo_model_dir, "--data-dir", demo_data, "--port", page, "--rest-api-port", rest) as (
        process,
        said,
    ):
        assert f"Open http://localhost:{page}" in said, said
        assert "Car classification" in requests.get(f"http://localhost:{page}/", timeout=120).text
        assert asked(page, "/status")["state"] in ("starting", "ready")  # the page does not wait for the model server
        said += lines_until(process, "The model answers: version 1.")
        assert "drawing" not in said.lower()  # nothing is made again
        status = requests.get(f"http://127.0.0.1:{rest}/v1/models/car_classifier", timeout=120).json()
        assert status["model_version_status"][0]["state"] == "AVAILABLE"
        until(lambda: asked(page, "/status")["state"] == "ready", GENEROUS)
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        assert process.wait(timeout=300) == 0
    for port in (page, rest):
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}/", timeout=5)


@pytest.mark.long
def test_makes_the_demo_first_where_there_is_no_model(tmp_path):
    """All steps at a small size: drawing, indexing, two versions, similar photos and explanation scores."""
    settings = UpSettings(model_dir=tmp_path / "model", data_dir=tmp_path / "data", resume_with="make up")
    small = DemoRecipe(classes=4, per_class=5, image_size=(32, 32), early_epoch=1, epochs=2, scored_photos=2)
    demo = tmp_path / "data" / "demo"

    def made() -> dict[str, float]:
        prepare(settings, Console(quiet=True), small)
        progress = json.loads((demo / "progress.json").read_text(encoding="utf-8"))
        assert (progress["state"], progress["stage_number"], progress["stage_count"]) == ("ended", 3, 3)
        return {path.parent.name: path.stat().st_mtime for path in (tmp_path / "model").glob("*/saved_model.pb")}

    first = made()
    assert set(first) == {"1", "2"}
    with (demo / "manifest.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 20
    assert (demo / "features.npz").is_file()
    (run,) = (demo / "runs").iterdir()
    assert json.loads((run / "progress.json").read_text(encoding="utf-8"))["command"] == "make up"
    metrics = json.loads((tmp_path / "model" / "2" / "assets.extra" / "metrics.json").read_text(encoding="utf-8"))
    (scores,) = metrics["explanations"].values()
    assert (scores["photos"], "exact" in scores["methods"]) == (2, True)
    assert made() == first  # nothing is made twice

    def interrupted_without(path: Path) -> dict[str, float]:
        stopped = json.loads((demo / "progress.json").read_text(encoding="utf-8")) | {"state": "stopped"}
        (demo / "progress.json").write_text(json.dumps(stopped), encoding="utf-8")
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return made()

    # As if Ctrl-C had come before the second version was published, and before similar photos were found.
    second = interrupted_without(tmp_path / "model" / "2")
    assert set(second) == {"1", "2"}
    assert second["1"] == first["1"]
    assert interrupted_without(demo / "features.npz") == second
    assert (demo / "features.npz").is_file()


@pytest.mark.parametrize("option", ["--port", "--rest-api-port"])
def test_a_taken_port_is_found_before_a_model_is_made(tmp_path, option):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"--port": free_ports(1)[0], "--rest-api-port": free_ports(1)[0]} | {option: port}
        result = car_classifier("up", "--model-dir", tmp_path, *[part for pair in ports.items() for part in pair])
    assert result.returncode == 2
    assert f"Cannot listen on 127.0.0.1 port {port}" in result.stderr
    assert option in result.stderr
    assert "Drawing" not in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_the_page_is_there_while_the_model_is_made_and_the_same_command_goes_on(tmp_path):
    """The net is never finished here: that takes minutes."""
    page, rest = free_ports(2)
    arguments = ("--model-dir", tmp_path / "model", "--data-dir", tmp_path / "data", "--port", page)
    arguments += ("--rest-api-port", rest, "--resume-with", "make up")
    with up(*arguments) as (process, said):
        assert "There is no model" not in said  # the page came first
        html = requests.get(f"http://localhost:{page}/", timeout=120).text
        assert "Car classification" in html  # though there is not a photo yet
        assert asked(page, "/status") == {"state": "starting", "text": "No model yet", "detail": "", "demo": 0}
        until(lambda: asked(page, "/runs")["drawn"], GENEROUS)
        photo = asked(page, "/runs")["drawn"][0]
        assert requests.get(f"http://localhost:{page}/runs/drawn/{photo}", timeout=120).content.startswith(b"\xff\xd8")
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        assert process.wait(timeout=300) == 0
    progress = json.loads((tmp_path / "data" / "demo" / "progress.json").read_text(encoding="utf-8"))
    assert (progress["state"], progress["command"]) == ("stopped", "make up")
    assert not (tmp_path / "data" / "model_server.json").exists()


def test_a_model_server_that_ends_is_started_again_and_the_page_says_why(demo_model_dir, demo_data, tmp_path):
    page, rest = free_ports(2)
    data = tmp_path / "data"
    data.mkdir()
    with up("--model-dir", demo_model_dir, "--data-dir", data, "--port", page, "--rest-api-port", rest) as (process, _):
        lines_until(process, "The model answers")
        server = int(subprocess.check_output(["pgrep", "-f", f"serve .*--rest-api-port {rest} "], text=True).split()[0])
        os.kill(server, signal.SIGKILL)
        said = lines_until(process, "is started again")
        assert "The model server was killed, most likely because the memory ran out." in said
        until(lambda: asked(page, "/status")["text"] == "Restarting", GENEROUS)
        assert "was killed, most likely because the memory ran out" in asked(page, "/status")["detail"]
        lines_until(process, "The model answers")
        until(lambda: asked(page, "/status")["state"] == "ready", GENEROUS)
        assert asked(page, "/status")["detail"] == ""


def test_the_page_is_opened_to_others_with_a_word_of_warning(demo_model_dir, tmp_path):
    page, rest = free_ports(2)
    arguments = ("--model-dir", demo_model_dir, "--data-dir", tmp_path, "--port", page, "--rest-api-port", rest)
    with up(*arguments, "--host", "0.0.0.0") as (process, _):  # noqa: S104 (what is tested)
        note = process.stderr.readline() + process.stderr.readline()
        assert "everybody who can reach 0.0.0.0" in note
        assert "no sign-in" in note
