"""The embedded server, started in this process, and helpers for requests."""

import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from car_classifier.serving import ModelServer, ServerSettings
from car_classifier.serving.metrics.monitoring import DEFAULT_PATH


@dataclass
class Server:
    """A running server, and helpers for requests; `server` is None if it was not started here."""

    url: str
    server: ModelServer | None = None

    def predict(self, body, name: str = "m", **kwargs) -> requests.Response:
        return requests.post(f"{self.url}/v1/models/{name}:predict", json=body, timeout=120, **kwargs)

    def status(self, name: str = "m") -> dict[str, dict]:
        """Version to its status line; empty while no version is known."""
        answer = requests.get(f"{self.url}/v1/models/{name}", timeout=120).json()
        return {line["version"]: line for line in answer.get("model_version_status", [])}

    def wait(self, version: str, state: str, name: str = "m") -> dict:
        """The status line of a version as soon as it has reached a state."""
        until(lambda: self.status(name).get(version, {}).get("state") == state)
        return self.status(name)[version]

    def metrics(self) -> dict[str, float]:
        return metric_samples(requests.get(self.url + DEFAULT_PATH, timeout=120).text)


def metric_samples(text: str) -> dict[str, float]:
    """The values of a page of metrics, by name and labels as written there."""
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def until(condition: Callable[[], bool], seconds: float = 300) -> None:
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


@dataclass(frozen=True)
class Pipes:
    """Named pipes for the signature `wait` of the model `guarded`: it runs until `release`."""

    begun: Path
    ended: Path

    @classmethod
    def make(cls, folder: Path) -> "Pipes":
        pipes = cls(folder / "begun", folder / "ended")
        for pipe in pipes.paths:
            os.mkfifo(pipe)
        return pipes

    @property
    def paths(self) -> list[str]:
        return [str(self.begun), str(self.ended)]

    def wait(self) -> None:
        """Return as soon as the signature runs."""
        self._until_written(self.begun)

    def release(self) -> None:
        """Let the signature end."""
        self._until_written(self.ended)

    @staticmethod
    def _until_written(pipe: Path) -> None:
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # does not wait for the writer
        os.set_blocking(reader, True)
        try:
            until(lambda: os.read(reader, 10) == pipe.name.encode())
        finally:
            os.close(reader)


def ask_and_stay(server: Server, signature_name: str, instance) -> http.client.HTTPConnection:
    """Sends a request to the model `m`; once this returns, the server has read it."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    body = json.dumps({"signature_name": signature_name, "instances": [instance]})
    connection.request("POST", "/v1/models/m:predict", body)
    server.status()
    return connection


@contextmanager
def running_request(server: Server, folder: Path) -> Iterator[http.client.HTTPConnection]:
    """A request that runs for the duration of a `with` block; the model `m` is `guarded`, the folder empty."""
    folder.mkdir(exist_ok=True)
    pipes = Pipes.make(folder)
    connection = ask_and_stay(server, "wait", pipes.paths)
    pipes.wait()
    try:
        yield connection
    finally:
        pipes.release()


@dataclass(frozen=True)
class RunningModelServer:
    """The addresses of `car-classifier serve`, and the name of the demo model."""

    url: str
    model_name: str
