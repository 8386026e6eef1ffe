"""`car-classifier up`: one command starts everything, and one Ctrl-C ends it."""

import csv
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests
from rich.console import Console

from car_classifier.up import DemoRecipe, UpSettings, prepare
from tests.support.commands import car_classifier
from tests.support.ports import free_ports

pytestmark = pytest.mark.slow


@contextmanager
def up(*arguments: object):
    """The running command, and its output up to the line with the page's address."""
    command = [sys.executable, "-m", "car_classifier", "up", *map(str, arguments)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = []
            for line in process.stderr:
                said.append(line)
                if "Open http://" in line:
                    break
            yield process, "".join(said)
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
        assert "Drawing" not in said  # nothing is made again
        status = requests.get(f"http://127.0.0.1:{rest}/v1/models/car_classifier", timeout=120).json()
        assert status["model_version_status"][0]["state"] == "AVAILABLE"
        assert "Car classification" in requests.get(f"http://localhost:{page}/", timeout=120).text
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        assert process.wait(timeout=300) == 0
    for port in (page, rest):
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}/", timeout=5)


@pytest.mark.long
def test_makes_a_demo_model_first_where_there_is_none(tmp_path):
    """All steps at a small size: drawing, indexing, training, publishing, and similar photos."""
    settings = UpSettings(model_dir=tmp_path / "model", data_dir=tmp_path / "data")
    small = DemoRecipe(classes=2, per_class=6, image_size=(32, 32), epochs=1)
    prepare(settings, Console(quiet=True), small)
    version = tmp_path / "model" / "1"
    assert (version / "saved_model.pb").is_file()
    with (tmp_path / "data" / "demo" / "manifest.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 12
    assert (tmp_path / "data" / "demo" / "features.npz").is_file()
    before = (version / "saved_model.pb").stat().st_mtime
    prepare(settings, Console(quiet=True), small)
    assert (version / "saved_model.pb").stat().st_mtime == before


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
