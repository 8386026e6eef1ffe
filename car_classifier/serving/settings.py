"""A server's models and addresses. Free of TensorFlow, so that a command line can import it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from car_classifier.errors import UserError
from car_classifier.registry.folder import check_model_folder
from car_classifier.settings import Settings

Port = Annotated[int, Field(ge=0, le=65535)]

GRPC_PORT = 8500
"""Where clients of TensorFlow Serving look for its gRPC interface."""


class ServedModel(Settings):
    """One named model and those of its versions that a server keeps loaded."""

    name: str
    """The name in the URL."""

    base_path: Path
    """Folder whose integer-named sub-folders are the versions."""

    versions: tuple[int, ...] = ()
    """The versions to keep loaded, by number."""

    newest: int | None = 1
    """Number of newest versions to keep loaded if `versions` names none; None means all."""

    version_labels: Mapping[str, int] = {}
    """Other names for versions, such as `{"stable": 3}`."""

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not name or "/" in name or ":" in name:
            raise ValueError("must not be empty nor hold / or a colon")
        return name

    @model_validator(mode="after")
    def _check_folder(self) -> Self:
        check_model_folder(self.base_path)
        if not self.base_path.is_dir():
            raise ValueError(
                f"The model folder {self.base_path} does not exist. "
                "Train or export a model first, or give the folder that holds its versions."
            )
        return self

    def select_versions(self, available: Iterable[int]) -> list[int]:
        """Selects the versions to serve from those available on disk, newest first."""
        newest_first = sorted(available, reverse=True)
        if self.versions:
            return [number for number in newest_first if number in self.versions]
        return newest_first[: self.newest]


class ServerSettings(Settings):
    """Settings of one server, named after TensorFlow Serving's flags where it has them."""

    model_base_path: Path | None = None
    """Folder of the published versions. A models.config in it says which versions are served, and their labels; without
    one the newest version is served."""

    model_name: str = "default"
    """The model's name in the URL."""

    models: tuple[ServedModel, ...] = ()
    """Several models instead of the one in `model_base_path`."""

    model_config_file: Path | None = None
    """File in the format of TensorFlow Serving's models.config that names the models instead of the model folder and
    name."""

    model_config_file_poll_wait_seconds: Annotated[float, Field(ge=0)] = 0.0
    """Seconds between two looks at `model_config_file`; 0 reads the file once."""

    allow_version_labels_for_unavailable_models: bool = False
    """Let `model_config_file` give a new label to a version that is not loaded."""

    port: Port | None = None
    """Port of the gRPC interface; 0 takes a free port."""

    rest_api_port: Port = 8501
    """Port of the REST interface; 0 takes a free port."""

    host: str = "127.0.0.1"
    """Address to listen on."""

    file_system_poll_wait_seconds: Annotated[float, Field(gt=0)] = 1.0
    """Seconds between two looks for new versions."""

    threads: Annotated[int, Field(ge=0)] = 0
    """Requests computed at the same time where they are not merged; 0 means one for each processor core."""

    enable_batching: bool = False
    """Merge requests of one signature and run them together."""

    batching_parameters_file: Path | None = None
    """File in the format of TensorFlow Serving's batching parameters."""

    rest_api_enable_cors_support: bool = False
    """Let pages of other sites send requests from their visitors' browsers."""

    monitoring_config_file: Path | None = None
    """File in the format of TensorFlow Serving's monitoring configuration; it enables metrics."""

    log_requests: bool = False
    """Write a line of JSON for each request to standard output."""

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.model_base_path is not None) + bool(self.models) + (self.model_config_file is not None) != 1:
            raise ValueError(
                "Give either a model folder (model_base_path), a list of models or a model_config_file, "
                "and only one of them."
            )
        if self.port and self.port == self.rest_api_port:
            raise ValueError(f"REST and gRPC cannot share a port. Received: {self.port} for both.")
        if self.batching_parameters_file is not None and not self.enable_batching:
            raise ValueError("A batching_parameters_file has no effect without enable_batching. Give both, or neither.")
        check_names(self.models)
        if self.model_base_path is not None:
            ServedModel(name=self.model_name, base_path=self.model_base_path)  # refuses what cannot be served
        return self


def check_names(models: Iterable[ServedModel]) -> None:
    """Refuses two models of one name with a `UserError`."""
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        raise UserError(f"Two models have the same name. Received: {', '.join(names)}.")
