"""What a server serves and where it listens. Free of TensorFlow, so that a command line can import it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from car_classifier.errors import UserError


@dataclass(frozen=True)
class ServedModel:
    """One named model and the versions of it that are wanted.

    Attributes:
        name: the name in the URL.
        base_path: folder whose integer-named sub-folders are the versions.
        versions: the versions to keep loaded, by number.
        newest: how many of the newest versions to keep loaded where `versions` names none; None means all there are.
        version_labels: other names for versions, such as `{"stable": 3}`.
    """

    name: str
    base_path: Path
    versions: tuple[int, ...] = ()
    newest: int | None = 1
    version_labels: Mapping[str, int] = field(default_factory=dict)

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

    def select_versions(self, available: Iterable[int]) -> list[int]:
        """Those of the versions available on disk that are to be served, newest first."""
        newest_first = sorted(available, reverse=True)
        if self.versions:
            return [number for number in newest_first if number in self.versions]
        return newest_first[: self.newest]


@dataclass(frozen=True)
class ServerSettings:
    """Settings of one server, named as TensorFlow Serving's flags where it has the same.

    Attributes:
        model_base_path: folder of the one model to serve; its versions are integer-named sub-folders. A `models.config`
            in it says which of them, and their labels; without one the newest is served.
        model_name: that model's name in the URL.
        models: several models instead of that one.
        model_config_file: a file that names the models instead; see `model_config`.
        model_config_file_poll_wait_seconds: seconds between two looks at that file; 0 means that it is read once.
        allow_version_labels_for_unavailable_models: whether that file may give a label that is not in use yet to a
            version that is not loaded.
        port: port of the gRPC interface; 0 takes a free one, None opens none.
        rest_api_port: port to listen on; 0 takes a free one.
        host: address to listen on.
        file_system_poll_wait_seconds: seconds between two looks for new versions.
        threads: requests computed at the same time where they are not merged; 0 means one for each processor core.
        enable_batching: whether requests of one signature are merged and run together.
        batching_parameters_file: how they are merged; see `batching_parameters`, which has the defaults.
        rest_api_enable_cors_support: whether pages of other sites may ask through their visitors' browsers.
        monitoring_config_file: whether and where metrics are shown; see `monitoring`. Without it they are not.
        log_requests: whether a line of JSON for each request is written to standard output; see `request_log`.

    Raises:
        UserError: a folder that does not exist, a port out of range, no model or both kinds of model.
    """

    model_base_path: Path | None = None
    model_name: str = "default"
    models: tuple[ServedModel, ...] = ()
    model_config_file: Path | None = None
    model_config_file_poll_wait_seconds: float = 0.0
    allow_version_labels_for_unavailable_models: bool = False
    port: int | None = None
    rest_api_port: int = 8501
    host: str = "127.0.0.1"
    file_system_poll_wait_seconds: float = 1.0
    threads: int = 0
    enable_batching: bool = False
    batching_parameters_file: Path | None = None
    rest_api_enable_cors_support: bool = False
    monitoring_config_file: Path | None = None
    log_requests: bool = False

    def __post_init__(self) -> None:
        if (self.model_base_path is not None) + bool(self.models) + (self.model_config_file is not None) != 1:
            raise UserError(
                "Give either a model folder (model_base_path), a list of models or a model_config_file, "
                "and only one of them."
            )
        for port in (self.port or 0, self.rest_api_port):
            if not 0 <= port <= 65535:
                raise UserError(f"A port is a number from 0 to 65535. Received: {port}.")
        if self.port and self.port == self.rest_api_port:
            raise UserError(f"REST and gRPC cannot share a port. Received: {self.port} for both.")
        if self.model_config_file_poll_wait_seconds < 0:
            raise UserError(
                "The wait between two looks at the model configuration cannot be negative. "
                f"Received: {self.model_config_file_poll_wait_seconds}."
            )
        if self.file_system_poll_wait_seconds <= 0:
            raise UserError(
                "The wait between two looks at the model folder must be more than 0 seconds. "
                f"Received: {self.file_system_poll_wait_seconds}."
            )
        if self.threads < 0:
            raise UserError(f"The number of threads cannot be negative. Received: {self.threads}.")
        if self.batching_parameters_file is not None and not self.enable_batching:
            raise UserError("A batching_parameters_file has no effect without enable_batching. Give both, or neither.")
        check_names(self.models)
        if self.model_base_path is not None:
            ServedModel(self.model_name, self.model_base_path)  # refuses what cannot be served


def check_names(models: Iterable[ServedModel]) -> None:
    """Refuses two models of one name with a `UserError`."""
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        raise UserError(f"Two models have the same name. Received: {', '.join(names)}.")
