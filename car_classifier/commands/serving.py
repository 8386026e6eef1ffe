"""`car-classifier serve` and `up`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import (
    DATA_DIR,
    MODEL_DIR,
    DataDirOption,
    ModelDirOption,
    console,
    default_of,
    from_options,
    setting,
)
from car_classifier.registry.labels import MODEL_NAME
from car_classifier.serving.settings import GRPC_PORT, ServerSettings
from car_classifier.supervision import sigterm_as_ctrl_c
from car_classifier.up import UpSettings, check_ports, prepare, run

_setting = partial(setting, ServerSettings)
_default = partial(default_of, ServerSettings)


def serve(
    model_base_path: Annotated[Path, _setting("model_base_path")] = MODEL_DIR,
    model_name: Annotated[str, _setting("model_name")] = MODEL_NAME,
    model_config_file: Annotated[Path | None, _setting("model_config_file")] = None,
    model_config_file_poll_wait_seconds: Annotated[float, _setting("model_config_file_poll_wait_seconds")] = _default(
        "model_config_file_poll_wait_seconds"
    ),
    allow_version_labels_for_unavailable_models: Annotated[
        bool, _setting("allow_version_labels_for_unavailable_models")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the gRPC interface; -1 opens none.", min=-1)] = GRPC_PORT,
    rest_api_port: Annotated[int, _setting("rest_api_port")] = _default("rest_api_port"),
    host: Annotated[str, _setting("host")] = _default("host"),
    enable_batching: Annotated[bool, _setting("enable_batching")] = False,
    batching_parameters_file: Annotated[Path | None, _setting("batching_parameters_file")] = None,
    rest_api_enable_cors_support: Annotated[bool, _setting("rest_api_enable_cors_support")] = False,
    monitoring_config_file: Annotated[Path | None, _setting("monitoring_config_file")] = None,
    log_requests: Annotated[bool, _setting("log_requests")] = False,
) -> None:
    """Serve a model folder through TensorFlow Serving's REST and gRPC interfaces, without Docker."""
    options = {
        "model_base_path": None if model_config_file else model_base_path,
        "model_name": model_name,
        "model_config_file": model_config_file,
        "model_config_file_poll_wait_seconds": model_config_file_poll_wait_seconds,
        "allow_version_labels_for_unavailable_models": allow_version_labels_for_unavailable_models,
        "port": None if port < 0 else port,
        "rest_api_port": rest_api_port,
        "host": host,
        "enable_batching": enable_batching,
        "batching_parameters_file": batching_parameters_file,
        "rest_api_enable_cors_support": rest_api_enable_cors_support,
        "monitoring_config_file": monitoring_config_file,
        "log_requests": log_requests,
    }
    settings = from_options(ServerSettings, options)
    from car_classifier.serving import serve

    serve(settings)


def up(
    model_dir: ModelDirOption = MODEL_DIR,
    data_dir: DataDirOption = DATA_DIR,
    port: Annotated[int, setting(UpSettings, "port")] = default_of(UpSettings, "port"),
    rest_api_port: Annotated[int, setting(UpSettings, "rest_api_port")] = default_of(UpSettings, "rest_api_port"),
    host: Annotated[str, setting(UpSettings, "host")] = default_of(UpSettings, "host"),
    resume_with: Annotated[str, setting(UpSettings, "resume_with", metavar="COMMAND")] = default_of(
        UpSettings, "resume_with"
    ),
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Make the demo model if there is no model, then stop.")
    ] = False,
) -> None:
    """Start everything: the dashboard at once, a demo model if there is no model, and then the model server."""
    options = {
        "model_dir": model_dir,
        "data_dir": data_dir,
        "port": port,
        "rest_api_port": rest_api_port,
        "host": host,
        "resume_with": resume_with,
    }
    settings = from_options(UpSettings, options)
    if prepare_only:
        with sigterm_as_ctrl_c():  # so that it says that it was stopped
            prepare(settings, console)
    else:
        check_ports(settings)
        run(settings, console)
