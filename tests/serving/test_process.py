"""The server as a process: start, end, and the message if it cannot start."""

import http.client
import signal
import socket
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from car_classifier.errors import UserError
from car_classifier.serving import ModelServer, ServedModel, ServerSettings
from tests.support import saved_models as models
from tests.support.embedded_server import Server, running_request, until

PROGRAM = """
import sys
from pathlib import Path
from car_classifier.serving import ServerSettings, serve

settings = {"rest_api_port": 0, "port": 0 if sys.argv[2:] else None, "file_system_poll_wait_seconds": 0.05}
serve(ServerSettings(model_base_path=Path(sys.argv[1]), model_name="m", **settings))
"""


@contextmanager
def started(base, *with_grpc: str):
    """The process, its lines on `stderr`, and its port."""
    command = [sys.executable, "-c", PROGRAM, str(base), *with_grpc]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = next(line for line in process.stderr if "Serving on" in line)
            yield process, int(line.split("/v1/models")[0].rpartition(":")[2])
        finally:
            process.kill()


def connect(port) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()
    return connection


@pytest.mark.slow
def test_from_the_start_until_sigterm(tmp_path):
    """The first threads never see TensorFlow half-imported; a running request may finish after SIGTERM."""
    models.save_guarded(tmp_path / "1")
    with started(tmp_path, "grpc") as (process, port):
        # The loader, the gRPC interface and a request for examples, all at the start.
        with closing(connect(port)) as connection:
            connection.request("POST", "/v1/models/m:classify", '{"examples": [{"x": 1}]}')
            assert connection.getresponse().status in (400, 404)  # the wrong signature, or not loaded yet
        missing = {"version 1 loaded", "Serving gRPC on"}
        while missing:
            line = next(process.stderr)
            assert not line.startswith("Traceback")
            assert "failed to load" not in line
            missing -= {event for event in missing if event in line}

        with running_request(Server(f"http://127.0.0.1:{port}"), tmp_path / "pipes") as request:
            process.send_signal(signal.SIGTERM)
            until(lambda: not accepts_connections(port))
        with closing(request):
            assert request.getresponse().status == 200
        assert process.wait(timeout=300) == 0


def accepts_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=30).close()
    except ConnectionError:
        return False
    return True


@pytest.mark.slow
def test_ctrl_c_is_an_ordinary_end(tmp_path):
    with started(tmp_path) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=300) == 0
        assert "Traceback" not in process.stderr.read()


def test_importing_the_server_does_not_import_tensorflow():
    code = "import sys, car_classifier.serving; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"Cannot listen on 127.0.0.1 port {port}: Address already in use"):
            ModelServer(ServerSettings(model_base_path=tmp_path, rest_api_port=port))


@pytest.mark.parametrize(
    "settings",
    [
        {"enable_batching": True, "batching_parameters_file": Path("missing.config")},
        {"monitoring_config_file": Path("missing.config")},
        {"port": "taken"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_server_that_cannot_be_made_leaves_its_port_to_others(tmp_path, settings):
    with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as taken:
        port, other = free.getsockname()[1], taken.getsockname()[1]
        free.close()
        if "port" in settings:
            settings = {"port": other}
        with pytest.raises(UserError) as caught:
            ModelServer(ServerSettings(model_base_path=tmp_path, rest_api_port=port, **settings))
        # The error still holds everything that was made; nothing is closed because nobody needs it any more.
        socket.create_server(("127.0.0.1", port)).close()
        assert caught.value


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "Give either a model folder"),
        ({"rest_api_port": 70000}, "rest_api_port must be from 0 to 65535. Received: 70000"),
        ({"file_system_poll_wait_seconds": 0}, "file_system_poll_wait_seconds must be above 0. Received: 0"),
        ({"threads": -1}, "threads must be at least 0. Received: -1"),
        ({"batching_parameters_file": Path("batching.config")}, "no effect without enable_batching"),
        ({"model_name": "a/b"}, "must not be empty nor hold"),
        ({"model_name": ""}, "must not be empty nor hold"),
    ],
)
def test_settings_that_make_no_sense(tmp_path, settings, message):
    folder = {"model_base_path": tmp_path} if settings else {}
    with pytest.raises(UserError, match=message):
        ServerSettings(**folder, **settings)


def test_a_model_folder_that_does_not_exist(tmp_path):
    with pytest.raises(UserError, match="missing does not exist"):
        ServerSettings(model_base_path=tmp_path / "missing")


def test_two_models_of_one_name(tmp_path):
    model = ServedModel(name="m", base_path=tmp_path)
    with pytest.raises(UserError, match="Two models have the same name"):
        ServerSettings(models=(model, model))
