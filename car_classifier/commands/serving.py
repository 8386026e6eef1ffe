"""`car-classifier serve` and `up`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import ModelDirOption, console


def serve(
    model_base_path: Annotated[
        Path, typer.Option(help="Folder of the published versions; its models.config says which are served.")
    ] = Path("model"),
    model_name: Annotated[str, typer.Option(help="The model's name in the URL.")] = "car_classifier",
    model_config_file: Annotated[
        Path | None,
        typer.Option(
            help="File in the format of TensorFlow Serving's models.config; model name and folder are ignored."
        ),
    ] = None,
    model_config_file_poll_wait_seconds: Annotated[
        float, typer.Option(help="Seconds between two looks at that file; 0 reads it once.")
    ] = 0.0,
    allow_version_labels_for_unavailable_models: Annotated[
        bool, typer.Option(help="Let that file give new labels to versions that are not loaded.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the gRPC interface; -1 opens none.", min=-1)] = 8500,
    rest_api_port: Annotated[int, typer.Option(help="Port of the REST interface.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    enable_batching: Annotated[bool, typer.Option(help="Run requests of one signature together.")] = False,
    batching_parameters_file: Annotated[
        Path | None, typer.Option(help="File in the format of TensorFlow Serving's batching parameters.")
    ] = None,
    rest_api_enable_cors_support: Annotated[
        bool, typer.Option(help="Let pages of other sites ask through their visitors' browsers.")
    ] = False,
    monitoring_config_file: Annotated[
        Path | None,
        typer.Option(help="File in the format of TensorFlow Serving's monitoring configuration; it enables metrics."),
    ] = None,
    log_requests: Annotated[
        bool, typer.Option(help="Write a line of JSON for each request to standard output.")
    ] = False,
) -> None:
    """Serve a model folder over TensorFlow Serving's REST and gRPC interfaces, without Docker."""
    from car_classifier.serving import ServerSettings, serve

    serve(
        ServerSettings(
            model_base_path=None if model_config_file else model_base_path,
            model_name=model_name,
            model_config_file=model_config_file,
            model_config_file_poll_wait_seconds=model_config_file_poll_wait_seconds,
            allow_version_labels_for_unavailable_models=allow_version_labels_for_unavailable_models,
            port=None if port < 0 else port,
            rest_api_port=rest_api_port,
            host=host,
            enable_batching=enable_batching,
            batching_parameters_file=batching_parameters_file,
            rest_api_enable_cors_support=rest_api_enable_cors_support,
            monitoring_config_file=monitoring_config_file,
            log_requests=log_requests,
        )
    )


def up(
    model_dir: ModelDirOption = Path("model"),
    data_dir: Annotated[Path, typer.Option(help="Folder of the photos.")] = Path("data"),
    port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8050,
    rest_api_port: Annotated[int, typer.Option(help="Port of the model server.")] = 8501,
    prepare_only: Annotated[bool, typer.Option(help="Make the demo model if there is none, and stop.")] = False,
) -> None:
    """Start everything: make a demo model if there is none, then run the model server and the page."""
    from car_classifier.up import UpSettings, check_ports, prepare, run

    settings = UpSettings(model_dir, data_dir, port, rest_api_port)
    if not prepare_only:
        check_ports(settings)
    prepare(settings, console)
    if not prepare_only:
        run(settings, console)
