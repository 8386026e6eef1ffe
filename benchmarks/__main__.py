"""`python -m benchmarks NAME`: one command for each measurement."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from car_classifier.errors import UserError

app = typer.Typer(
    help="Measurements of speed.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.command()
def explain_cost(
    model_dir: Annotated[Path, typer.Argument(help="A model folder; its stable version is measured.")] = Path("model"),
) -> None:
    """Compare the cost of an explanation, `explain`, with that of `classify`."""
    from benchmarks import explain_cost

    try:
        explain_cost.run(model_dir)
    except UserError as error:
        raise UserError(f"{error} Make one with: make up") from error


@app.command()
def input_pipeline(
    photos: Annotated[Path | None, typer.Argument(help="Folder of JPEG photos; drawn ones if left out.")] = None,
) -> None:
    """Compare the photos per second of the input pipeline with those of a bare JPEG decoder."""
    from benchmarks import input_pipeline

    input_pipeline.run(photos)


@app.command()
def photo_decoding() -> None:
    """Compare the cost of the graph that turns photos and puts them on white with that of a bare decoder."""
    from benchmarks import photo_decoding

    photo_decoding.run()


@app.command()
def head_stage(
    photos: Annotated[Path | None, typer.Argument(help="A manifest; drawn cars if left out.")] = None,
) -> None:
    """Compare the cost of ten epochs of the head stage with one pass of the frozen net over the photos."""
    from benchmarks import head_stage

    head_stage.run(photos)


@app.command()
def explanation_methods(
    base: Annotated[str, typer.Option(help="The net, with random weights.")] = "ResNet50V2",
    batch_size: Annotated[int, typer.Option(help="Photos per batch.")] = 4,
) -> None:
    """Compare the time and memory of each explanation method with those of a forward pass."""
    from benchmarks import explanation_methods

    explanation_methods.run(base, batch_size)


@app.command()
def batching(
    model: Annotated[
        Path | None, typer.Option(help="A model folder, whose stable version is measured; a small net if left out.")
    ] = None,
    parameters_file: Annotated[
        Path, typer.Option(help="How requests are merged, in TensorFlow Serving's format.")
    ] = Path("deploy/serving/batching.config"),
    seconds: Annotated[float, typer.Option(help="Seconds per measurement in each round.")] = 5,
    rounds: Annotated[int, typer.Option(help="Number of rounds.")] = 3,
) -> None:
    """Measure the gain and cost of merging requests, with 1 and with 16 clients, against the bare graph."""
    from benchmarks import batching

    batching.run(model, parameters_file, seconds, rounds)


@app.command()
def dashboard_load(
    players: Annotated[int, typer.Option(help="Number of simultaneous players.")] = 50,
    games: Annotated[int, typer.Option(help="Games per player, five rounds each.")] = 3,
    workers: Annotated[int, typer.Option(help="Worker processes of the dashboard.")] = 1,
) -> None:
    """Measure the dashboard's answer times for many simultaneous players, with the model server on the same machine."""
    from benchmarks import dashboard_load

    dashboard_load.run(players, games, workers)


@app.command()
def page_weight(
    url: Annotated[str, typer.Argument(help="Address of a running dashboard.")] = "http://localhost:8050",
) -> None:
    """Measure the size of a first visit of each page, and the time until the page is usable."""
    from benchmarks import page_weight

    page_weight.run(url.rstrip("/"))


@app.command()
def familiarity(
    manifest: Annotated[Path, typer.Argument(help="A manifest.")],
    base: Annotated[str, typer.Option(help="Backbone.")] = "ResNet50V2",
    weights: Annotated[str, typer.Option(help="imagenet, none or a weights file.")] = "imagenet",
    image_size: Annotated[str, typer.Option(help="Pixels of the net's input, such as 160x240.")] = "320x480",
    far_photos: Annotated[Path | None, typer.Option(help="Folder of photos of other things.")] = None,
) -> None:
    """Measure how well scores tell classes left out, and other things, from photos that a net knows."""
    from benchmarks import familiarity
    from car_classifier.training.config import TrainingConfig

    size = TrainingConfig(manifest=str(manifest), image_size=image_size).image_size
    familiarity.run(manifest, base, weights, size, far_photos)


@app.command()
def original_recipe(
    manifest: Annotated[Path, typer.Argument(help="A manifest.")],
    base: Annotated[str, typer.Option(help="Backbone.")] = "ResNet50V2",
    weights: Annotated[str, typer.Option(help="imagenet, none or a weights file.")] = "imagenet",
    minutes: Annotated[float, typer.Option(help="Minutes of training.")] = 30,
    seed: Annotated[int, typer.Option(help="Random seed, also of the coin toss.")] = 0,
) -> None:
    """Measure the accuracy of the 2020 recipe after a given number of minutes."""
    from benchmarks import original_recipe

    original_recipe.run(manifest, base, weights, minutes, seed)


if __name__ == "__main__":
    try:
        app()
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
