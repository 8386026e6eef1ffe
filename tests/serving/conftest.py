"""Servers for the tests: real ones, on free ports, with real SavedModels.

`pytest tests/serving --server-url http://HOST:8501 --server-grpc HOST:8500` runs the tests of the contract alone, and
asks a server that runs already; `data/README.md` says how to start one.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from car_classifier.serving import ModelServer, ServerSettings
from car_classifier.serving.monitoring import DEFAULT_PATH

from . import models
from .contract_models import VERSIONS, write_contract_models


def pytest_addoption(parser):
    parser.addoption("--server-url", help="REST address of a server to ask instead of one that is started here")
    parser.addoption("--server-grpc", help="the same for gRPC, such as localhost:8500")


def pytest_collection_modifyitems(config, items):
    """Of the tests for a given server, those that ask it."""
    options = {"server_url": "--server-url", "grpc_address": "--server-grpc"}
    given = {fixture for fixture, option in options.items() if config.getoption(option, default=None)}
    if given:
        others = [item for item in items if not given & set(item.fixturenames)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@dataclass
class Server:
    """A running server, and short ways to ask it; `server` is None where it was not started here."""

    url: str
    server: ModelServer | None = None

    def predict(self, body, name: str = "m", **kwargs) -> requests.Response:
        return requests.post(f"{self.url}/v1/models/{name}:predict", json=body, timeout=30, **kwargs)

    def status(self, name: str = "m") -> dict[str, dict]:
        """Version to its status line; empty while no version is known."""
        answer = requests.get(f"{self.url}/v1/models/{name}", timeout=30).json()
        return {line["version"]: line for line in answer.get("model_version_status", [])}

    def wait(self, version: str, state: str, name: str = "m") -> dict:
        """The status line of a version as soon as it has reached a state."""
        until(lambda: self.status(name).get(version, {}).get("state") == state)
        return self.status(name)[version]

    def metrics(self) -> dict[str, float]:
        return metric_samples(requests.get(self.url + DEFAULT_PATH, timeout=30).text)


def metric_samples(text: str) -> dict[str, float]:
    """The values of a page of metrics by name and labels, as they stand there."""
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Return as soon as a condition holds."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        pause.wait(0.02)


@contextmanager
def running(**settings) -> Iterator[Server]:
    settings = {"rest_api_port": 0, "file_system_poll_wait_seconds": 0.05, **settings}
    server = ModelServer(ServerSettings(**settings))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Server(server.url, server)
    finally:
        server.stop()
        thread.join()


@pytest.fixture(scope="session")
def half_plus(tmp_path_factory) -> Path:
    """A folder with versions 1 (c = 2) and 2 (c = 3)."""
    base = tmp_path_factory.mktemp("half_plus_two")
    models.save_half_plus(base / "1", 2.0)
    models.save_half_plus(base / "2", 3.0)
    return base


@pytest.fixture(scope="session")
def contract_server(tmp_path_factory) -> Iterator[Server]:
    """A server, started here, with the models that the tests of the contract ask."""
    config = write_contract_models(tmp_path_factory.mktemp("contract"))
    with running(model_config_file=config, allow_version_labels_for_unavailable_models=True, port=0) as server:
        for name, versions in VERSIONS.items():
            for version in versions:
                server.wait(version, "AVAILABLE", name)
        yield server


@pytest.fixture(scope="session")
def server_url(request) -> str:
    """The REST address of the server that the tests of the contract ask."""
    given = request.config.getoption("--server-url", default=None)
    return given.rstrip("/") if given else request.getfixturevalue("contract_server").url


@pytest.fixture(scope="session")
def grpc_address(request) -> str:
    """The same for gRPC."""
    given = request.config.getoption("--server-grpc", default=None)
    return given or request.getfixturevalue("contract_server").server.grpc_address


@pytest.fixture(scope="session")
def asked(server_url) -> Server:
    """Short ways to ask that server."""
    return Server(server_url)


@pytest.fixture(scope="session")
def guarded(tmp_path_factory) -> Iterator[Server]:
    """A server of the model whose graph can fail, named `m`."""
    base = tmp_path_factory.mktemp("guarded")
    models.save_guarded(base / "1")
    with running(model_base_path=base, model_name="m", threads=2) as server:
        server.wait("1", "AVAILABLE")
        yield server
