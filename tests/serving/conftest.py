"""Servers for the tests: real ones, on free ports, with real SavedModels.

`pytest tests/serving --server-url http://HOST:PORT` asks a server that runs already for the recorded
answers instead; it must serve the two models described in `data/README.md`.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from car_classifier.serving import ModelServer, ServedModel, ServerSettings

from . import models


def pytest_addoption(parser):
    parser.addoption("--server-url", help="ask this server for the recorded answers, not one started here")


@dataclass
class Server:
    """A running server, and short ways to ask it."""

    url: str
    server: ModelServer

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
def server_url(request, half_plus, tmp_path_factory) -> Iterator[str]:
    """A server with the models of the recorded answers."""
    given = request.config.getoption("--server-url", default=None)
    if given:
        yield given.rstrip("/")
        return
    multi = tmp_path_factory.mktemp("multi")
    models.save_multi(multi / "1")
    served = (
        ServedModel("half_plus_two", half_plus, versions=(1, 2), labels={"stable": 1, "canary": 2}),
        ServedModel("multi", multi),
    )
    with running(models=served) as server:
        for name, version in (("half_plus_two", "1"), ("half_plus_two", "2"), ("multi", "1")):
            server.wait(version, "AVAILABLE", name)
        yield server.url


@pytest.fixture(scope="session")
def guarded(tmp_path_factory) -> Iterator[Server]:
    """A server of the model whose graph can fail, named `m`."""
    base = tmp_path_factory.mktemp("guarded")
    models.save_guarded(base / "1")
    with running(model_base_path=base, model_name="m", threads=2) as server:
        server.wait("1", "AVAILABLE")
        yield server
