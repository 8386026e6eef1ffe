"""`models.config`: the file in TensorFlow Serving's text format that says which models and versions to serve.

The format is its `ModelServerConfig` message (model_server_config.proto). Refused is what its `server_core.cc` refuses,
and what this server cannot do.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from car_classifier.errors import UserError
from car_classifier.registry.labels import CONFIG_NAME, read_config
from car_classifier.serving.errors import ServingError
from car_classifier.serving.settings import ServedModel, check_names

if TYPE_CHECKING:
    from car_classifier.serving.models.repository import ModelRepository

logger = logging.getLogger(__name__)


def read_model_config(path: Path, base_path: Path | None = None) -> tuple[ServedModel, ...]:
    """Read the models to serve from a file.

    Args:
        path: the file.
        base_path: folder of the models, instead of those in the file.

    Raises:
        UserError: the file cannot be read, has another format, or asks for something that this server cannot do.
    """
    config = read_config(path)
    try:
        return served_models(config, base_path)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def read_model_folder(folder: Path, name: str) -> tuple[ServedModel, ...]:
    """The model in a folder: with the versions and labels of its `models.config`, or else with the newest version.

    The file's own `base_path` is ignored, because it is meant for servers that see the folder elsewhere.

    Raises:
        UserError: the file cannot be used.
    """
    path = folder / CONFIG_NAME
    if not path.is_file():
        return (ServedModel(name=name, base_path=folder),)
    models = read_model_config(path, folder)
    model = next((model for model in models if model.name == name), models[0] if len(models) == 1 else None)
    if model is None:
        raise UserError(f"{path} has no model named {name}. Serve one that it names, or add it.")
    return (model.model_copy(update={"name": name}),)


def served_models(config: Any, base_path: Path | None = None) -> tuple[ServedModel, ...]:
    """The models of a `ModelServerConfig` message.

    Args:
        config: the message.
        base_path: folder of the models, instead of those in the message.

    Raises:
        UserError: it asks for something that this server cannot do.
    """
    if config.WhichOneof("config") != "model_config_list":
        raise UserError("Only a model_config_list is supported. Put the models into one.")
    models = tuple(_served_model(model, base_path) for model in config.model_config_list.config)
    check_names(models)
    return models


def _served_model(config: Any, base_path: Path | None) -> ServedModel:
    from tensorflow_serving.config import model_server_config_pb2

    name, own_path = config.name, Path(config.base_path)
    if config.model_type and config.model_platform:
        raise UserError(f"Model {name}: model_type is the old form of model_platform. Leave model_type out.")
    is_tensorflow = config.model_type == model_server_config_pb2.ModelType.TENSORFLOW
    if not is_tensorflow and config.model_platform != "tensorflow":
        raise UserError(f'Model {name}: model_platform must be "tensorflow". Received: "{config.model_platform}".')
    if base_path is None and not own_path.is_absolute():
        raise UserError(
            f'Model {name}: base_path must be an absolute path to a folder. Received: "{config.base_path}".'
        )
    policy = config.model_version_policy
    versions: tuple[int, ...] = ()
    newest: int | None = max(policy.latest.num_versions, 1)
    if policy.WhichOneof("policy_choice") == "all":
        newest = None
    elif policy.WhichOneof("policy_choice") == "specific":
        versions = tuple(policy.specific.versions)
        if not versions:
            raise UserError(f"Model {name}: the version policy specific must name at least one version.")
    return ServedModel(
        name=name,
        base_path=base_path or own_path,
        versions=versions,
        newest=newest,
        version_labels=dict(config.version_labels),
    )


class ModelConfigPolling:
    """Re-reads a model configuration at intervals, and reloads a repository when the configuration has changed.

    If the file cannot be used, a warning is logged and the models stay as they are.

    Args:
        read: reads the configuration.
        served: the configuration at the start, which is served already.
        repository: the repository to reload.
        seconds: the interval.
    """

    def __init__(
        self,
        read: Callable[[], tuple[ServedModel, ...]],
        served: tuple[ServedModel, ...],
        repository: ModelRepository,
        seconds: float,
    ) -> None:
        self._read = read
        self._served = served
        self._repository = repository
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model-config", daemon=True)
        self._last_warning = ""

    def start(self) -> None:
        """Start with a pause, because the file has just been read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop polling."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            warning = ""
            try:
                models = self._read()
                if models != self._served:  # tried again after a refusal: a label may wait for its version to load
                    self._repository.reload(models)
                    self._served = models
            except UserError as error:
                warning = f"{error} The models stay as they are."
            except ServingError as error:
                warning = f"{error.message}. Trying again."
            except Exception:
                logger.exception("Reading the model configuration failed; trying again")
            if warning and warning != self._last_warning:
                logger.warning("%s", warning)
            self._last_warning = warning
