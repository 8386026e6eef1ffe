"""What a server serves and where it listens. Free of TensorFlow, so that a command line can import it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from car_classifier.errors import UserError


@dataclass(frozen=True)
class ServedModel:
    """One named model and the versions of it that are wanted.

    Attributes:
        name: the name in the URL.
        base_path: folder whose integer-named sub-folders are the versions.
        versions: the versions to keep loaded; empty means "the newest only".
        labels: other names for versions, such as `{"stable": 3}`.
    """

    name: str
    base_path: Path
    versions: tuple[int, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name or ":" in self.name:
            raise UserError(f"A model's name must not be empty nor hold / or a colon. Received: {self.name!r}.")
        if (self.base_path / "saved_model.pb").is_file():
            raise UserError(
                f"{self.base_path} is a version itself. Give the folder that it is in: {self.base_path.parent}"
            )
        if not self.base_path.is_dir():
            raise UserError(
                f"The model folder {self.base_path} does not exist. "
                "Train or export a model first, or give the folder that holds its versions."
            )


@dataclass(frozen=True)
class ServerSettings:
    """Settings of one server, named as TensorFlow Serving's flags where it has the same.

    Attributes:
        model_base_path: folder of the one model to serve; its versions are integer-named sub-folders.
        model_name: that model's name in the URL.
        models: several models instead of that one.
        rest_api_port: port to listen on; 0 takes a free one.
        host: address to listen on.
        file_system_poll_wait_seconds: seconds between two looks for new versions.
        threads: requests computed at the same time; 0 means one for each processor core.

    Raises:
        UserError: a folder that does not exist, a port out of range, no model or both kinds of model.
    """

    model_base_path: Path | None = None
    model_name: str = "default"
    models: tuple[ServedModel, ...] = ()
    rest_api_port: int = 8501
    host: str = "127.0.0.1"
    file_system_poll_wait_seconds: float = 1.0
    threads: int = 0

    def __post_init__(self) -> None:
        if (self.model_base_path is None) == (not self.models):
            raise UserError("Give either a model folder (model_base_path) or a list of models, and not both.")
        if not 0 <= self.rest_api_port <= 65535:
            raise UserError(f"A port is a number from 0 to 65535. Received: {self.rest_api_port}.")
        if self.file_system_poll_wait_seconds <= 0:
            raise UserError(
                "The wait between two looks at the model folder must be more than 0 seconds. "
                f"Received: {self.file_system_poll_wait_seconds}."
            )
        if self.threads < 0:
            raise UserError(f"The number of threads cannot be negative. Received: {self.threads}.")
        names = [model.name for model in self.served_models()]
        if len(set(names)) < len(names):
            raise UserError(f"Two models have the same name. Received: {', '.join(names)}.")

    def served_models(self) -> tuple[ServedModel, ...]:
        """All models to serve, however they were given."""
        if self.model_base_path is None:
            return self.models
        return (ServedModel(self.model_name, self.model_base_path),)
