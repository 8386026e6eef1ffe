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
    """What an explanation costs: `explain` against `classify`."""
    from benchmarks import explain_cost

    try:
        explain_cost.run(model_dir)
    except UserError as error:
        raise UserError(f"{error} Make one with: make up") from error


@app.command()
def input_pipeline(
    photos: Annotated[Path | None, typer.Argument(help="Folder of JPEG photos; drawn ones if left out.")] = None,
) -> None:
    """How many photos a second the input pipeline feeds to training, against a bare JPEG decoder."""
    from benchmarks import input_pipeline

    input_pipeline.run(photos)


@app.command()
def head_stage(
    photos: Annotated[Path | None, typer.Argument(help="A manifest; drawn cars if left out.")] = None,
) -> None:
    """What ten epochs of the head stage cost, against one pass of the frozen net over the photos."""
    from benchmarks import head_stage

    head_stage.run(photos)


@app.command()
def explanation_methods(
    base: Annotated[str, typer.Option(help="The net, with random weights.")] = "ResNet50V2",
    batch_size: Annotated[int, typer.Option(help="Photos at a time.")] = 4,
) -> None:
    """What each method of explaining costs in time and memory, against a forward pass."""
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
    seconds: Annotated[float, typer.Option(help="How long each thing is measured, in each round.")] = 5,
    rounds: Annotated[int, typer.Option(help="How often everything is measured.")] = 3,
) -> None:
    """What merging requests gains and costs, at 1 and at 16 clients, against the bare graph."""
    from benchmarks import batching

    batching.run(model, parameters_file, seconds, rounds)


@app.command()
def dashboard_load(
    players: Annotated[int, typer.Option(help="How many play at once.")] = 50,
    games: Annotated[int, typer.Option(help="Games of each, five rounds long.")] = 3,
    workers: Annotated[int, typer.Option(help="Processes of the dashboard.")] = 1,
) -> None:
    """How long the dashboard takes to answer many players at once, beside the model server on the same machine."""
    from benchmarks import dashboard_load

    dashboard_load.run(players, games, workers)


@app.command()
def page_weight(
    url: Annotated[str, typer.Argument(help="Address of a running dashboard.")] = "http://localhost:8050",
) -> None:
    """What a first visit of each page weighs and how long it takes until it can be used."""
    from benchmarks import page_weight

    page_weight.run(url.rstrip("/"))


@app.command()
def original_recipe(
    manifest: Annotated[Path, typer.Argument(help="A manifest.")],
    base: Annotated[str, typer.Option(help="The net.")] = "ResNet50V2",
    weights: Annotated[str, typer.Option(help="imagenet, none or a weights file.")] = "imagenet",
    minutes: Annotated[float, typer.Option(help="How long to train.")] = 30,
    seed: Annotated[int, typer.Option(help="Seed of the coin toss and all else.")] = 0,
) -> None:
    """How good the 2020 recipe is after so many minutes."""
    from benchmarks import original_recipe

    original_recipe.run(manifest, base, weights, minutes, seed)


if __name__ == "__main__":
    try:
        app()
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
