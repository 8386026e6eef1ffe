"""`car-classifier serve` and `up`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import ModelDirOption, console


def serve(
    model_base_path: Annotated[Path, typer.Option(help="Folder of the published versions.")] = Path("model"),
    model_name: Annotated[str, typer.Option(help="The model's name in the URL.")] = "car_classifier",
    rest_api_port: Annotated[int, typer.Option(help="Port of the REST interface.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve the newest version over TensorFlow Serving's REST interface, without Docker."""
    from car_classifier.serving import ServerSettings, serve

    serve(
        ServerSettings(model_base_path=model_base_path, model_name=model_name, rest_api_port=rest_api_port, host=host)
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
