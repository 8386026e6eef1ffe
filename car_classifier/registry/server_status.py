"""Asks our own servers through HTTP: for any page, and a model server for its versions."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from car_classifier.registry.labels import MODEL_NAME


def ask_directly(url: str, body: bytes | None = None, seconds: float | None = None) -> http.client.HTTPResponse:
    """Send a request past any proxy.

    `http_proxy` names the way to the internet. A proxy does not reach the servers of this machine and of its
    neighbours: its `localhost` is another machine.

    Args:
        url: Address of one of our own servers.
        body: Sent with POST; without it, the request is a GET.
        seconds: How long to wait for an answer; without a limit if None.

    Raises:
        OSError: No answer (`urllib.error.URLError`), or one that is an error (`urllib.error.HTTPError`).
    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    answer: http.client.HTTPResponse = direct.open(url, body, seconds)
    return answer


def version_states(server_url: str, seconds: float = 2) -> dict[int, str] | None:
    """State of each version that a server knows, such as `AVAILABLE`; None where no model server answers.

    The states are the server's own; `FAILED` stands for a version that it could not load.

    Args:
        server_url: Address such as `http://localhost:8501`.
        seconds: How long to wait for an answer.
    """
    try:
        with ask_directly(f"{server_url}/v1/models/{MODEL_NAME}", seconds=seconds) as response:
            versions = json.load(response)["model_version_status"]
        return {int(version["version"]): _state(version) for version in versions}
    except urllib.error.HTTPError as error:
        return {} if error.code == 404 else None  # the server runs and has no version yet
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _state(version: dict[str, Any]) -> str:
    return str(version["state"]) if version["status"]["error_code"] == "OK" else "FAILED"
