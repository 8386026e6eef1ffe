"""`car-classifier`: the command line. Each command calls one step; TensorFlow is imported only where it is used."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from car_classifier import __version__
from car_classifier.errors import UserError
from car_classifier.files import check_writable, write_json
from car_classifier.progress import progress_bar

app = typer.Typer(
    help="Train a car classifier, publish it as a SavedModel that explains itself, and serve it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
data = typer.Typer(help="Photos: index a folder of them, or draw some.", no_args_is_help=True)
app.add_typer(data, name="data")

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

console = Console(stderr=True, highlight=False, soft_wrap=True)

ManifestOption = Annotated[Path, typer.Option("--data", help="The manifest of the photos.")]
ModelDirOption = Annotated[Path, typer.Option(help="Folder of the published versions.")]


def main() -> None:
    """Run the command line; a user's mistake is one sentence and exit code 2."""
    # TensorFlow greets every start with notes on the processor and on graphics cards that are not there.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app(standalone_mode=True)
    except UserError as error:
        console.print(f"Error: {error}", style="red", markup=False)
        sys.exit(2)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            console.print("Interrupted. The same command goes on where it can.")
        raise


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"car-classifier {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that stand before a command."""


@data.command("index")
def data_index(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="Folder of photos named Make_Model_….jpg, or with a folder Make_Model for each class, or a CSV with "
            "file_name,make,model.",
        ),
    ],
    split: Annotated[Path | None, typer.Option(help="CSV with file_name,split that settles the split.")] = None,
    out: Annotated[Path, typer.Option(help="The manifest to write.")] = Path("data/manifest.csv"),
    validation: Annotated[float, typer.Option(help="Share of photos for validation.")] = 0.2,
    test: Annotated[float, typer.Option(help="Share of photos for the test.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 0,
) -> None:
    """Index photos: read, check and split them, and write the manifest that everything else starts from."""
    from car_classifier.dataset import index_photos

    with progress_bar("Reading photos", console) as report:
        result = index_photos(source, out, split, validation=validation, test=test, seed=seed, report=report)
    for left_out in result.left_out:
        console.print(f"Left out {left_out.path}: {left_out.reason}", style="yellow", markup=False)
    for warning in result.warnings:
        console.print(f"Note: {warning}", style="yellow", markup=False)
    manifest = result.manifest
    counts = ", ".join(f"{count} {side}" for side, count in sorted(manifest.counts().items()))
    typer.echo(
        f"{out}: {len(manifest.rows)} photos of {len(manifest.labels)} classes ({counts}), "
        f"{len(result.left_out)} left out."
    )
    typer.echo(f"Next: car-classifier train --data {out}")


@data.command("demo")
def data_demo(
    classes: Annotated[int, typer.Option(help="How many invented models to draw.")] = 8,
    per_class: Annotated[int, typer.Option(help="Photos of each.")] = 80,
    seed: Annotated[int, typer.Option(help="The same seed draws the same bytes.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for images/ and parts.csv.")] = Path("data/demo"),
) -> None:
    """Draw photo-like pictures of invented cars, to try everything without photos of one's own."""
    from car_classifier.demo_cars import DemoSettings, draw_demo_set

    with progress_bar("Drawing cars", console) as report:
        drawn = draw_demo_set(out, DemoSettings(classes, per_class, seed), report)
    typer.echo(f"{out}: {classes * per_class} photos of {classes} models" + ("." if drawn else ", drawn before."))
    typer.echo(f"Next: car-classifier data index {out / 'images'} --out {out / 'manifest.csv'}")


@app.command()
def train(
    manifest: ManifestOption = Path("data/manifest.csv"),
    base: Annotated[str, typer.Option(help="The net to fine-tune.")] = "ResNet50V2",
    weights: Annotated[str, typer.Option(help="imagenet, none (random) or a weights file.")] = "imagenet",
    stage: Annotated[str, typer.Option(help="head (classifier on a frozen net) or all (then the whole net).")] = "all",
    image_size: Annotated[str, typer.Option(help="Pixels: one number or HEIGHTxWIDTH.")] = "224",
    output_stride: Annotated[int, typer.Option(help="32, or 16 for heatmaps twice as fine.")] = 32,
    epochs: Annotated[int, typer.Option(help="Most epochs of the whole net's training.")] = 15,
    head_epochs: Annotated[int, typer.Option(help="Most epochs of the classifier's training.")] = 60,
    batch_size: Annotated[int, typer.Option(help="Photos in a step.")] = 32,
    learning_rate: Annotated[float, typer.Option(help="Peak rate of the whole net's training.")] = 1e-4,
    head_learning_rate: Annotated[float, typer.Option(help="Rate of the classifier's training.")] = 1e-3,
    patience: Annotated[int, typer.Option(help="Epochs without a better validation loss before stopping.")] = 5,
    class_weights: Annotated[bool, typer.Option(help="Let every class count alike.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    model_dir: ModelDirOption = Path("model"),
) -> None:
    """Fine-tune a net on the photos of a manifest and publish it. Interrupted, the same command goes on."""
    from car_classifier.training_config import TrainingConfig, parse_image_size, parse_stage

    config = TrainingConfig(
        manifest=str(manifest),
        base=base,
        weights=weights,
        stage=parse_stage(stage),
        image_size=parse_image_size(image_size),
        output_stride=output_stride,
        batch_size=batch_size,
        head_epochs=head_epochs,
        epochs=epochs,
        head_learning_rate=head_learning_rate,
        learning_rate=learning_rate,
        patience=patience,
        class_weights=class_weights,
        seed=seed,
    )
    from car_classifier.publishing import train_and_publish

    version = train_and_publish(config, model_dir, console)
    typer.echo(f"Published {version}. {(version / 'assets.extra' / 'model_card.md')} says how good it is.")
    typer.echo(f"Next: car-classifier serve --model-base-path {model_dir}")


@app.command()
def evaluate(
    model: Annotated[Path, typer.Option(help="A version, or a model folder: then its newest.")] = Path("model"),
    photos: Annotated[Path, typer.Option("--data", help="A manifest or a folder of labelled photos.")] = Path(
        "data/manifest.csv"
    ),
    split: Annotated[str | None, typer.Option(help="Only the photos of this split.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Where to write the figures.")] = None,
) -> None:
    """Measure a published model on labelled photos, through its SavedModel."""
    if json_out is not None:
        check_writable(json_out)

    from car_classifier.evaluation import evaluate_on

    result = evaluate_on(model, photos, split, console)
    if json_out is not None:
        write_json(json_out, result)
    typer.echo(_sentence(result))
    if json_out is not None:
        typer.echo(f"All figures: {json_out}")


def _sentence(result: dict[str, object]) -> str:
    unknown = result["unknown_labels"]
    aside = f" Left aside: photos of labels that the model does not know: {unknown}." if unknown else ""
    if result["top1"] is None:
        return f"No photo has a label that the model knows.{aside}"
    return (
        f"{result['count']} photos: top-1 {result['top1']:.1%}, top-5 {result['top5']:.1%}, "
        f"right make {result['make_top1']:.1%}.{aside}"
    )


@app.command()
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


@app.command()
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
