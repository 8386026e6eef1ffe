"""`car-classifier data …`: photos."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import console
from car_classifier.progress import progress_bar


def index(
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


def demo(
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
