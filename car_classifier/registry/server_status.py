"""Asks a model server for its versions, through its REST interface."""

import json
import urllib.error
import urllib.request
from typing import Any

from car_classifier.registry.labels import MODEL_NAME


def version_states(server_url: str, seconds: float = 2) -> dict[int, str] | None:
    """State of each version that a server knows, such as `AVAILABLE`; None where no model server answers.

    The states are the server's own; `FAILED` stands for a version that it could not load.

    Args:
        server_url: Address such as `http://localhost:8501`.
        seconds: How long to wait for an answer.
    """
    try:
        with urllib.request.urlopen(f"{server_url}/v1/models/{MODEL_NAME}", timeout=seconds) as response:  # noqa: S310
            versions = json.load(response)["model_version_status"]
        return {int(version["version"]): _state(version) for version in versions}
    except urllib.error.HTTPError as error:
        return {} if error.code == 404 else None  # the server runs and has no version yet
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _state(version: dict[str, Any]) -> str:
    return str(version["state"]) if version["status"]["error_code"] == "OK" else "FAILED"
