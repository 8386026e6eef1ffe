"""The embedded server, started in this process, and short ways to ask it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from car_classifier.serving import ModelServer, ServerSettings
from car_classifier.serving.metrics.monitoring import DEFAULT_PATH


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


@dataclass(frozen=True)
class RunningModelServer:
    """Where `car-classifier serve` listens and under which name it serves the demo model."""

    url: str
    model_name: str
