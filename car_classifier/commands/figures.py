"""`car-classifier figures`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import MANIFEST, MODEL_DIR, DataOption, FiguresOption, ModelOption


def figures(
    model: ModelOption = MODEL_DIR,
    manifest: DataOption = MANIFEST,
    out: FiguresOption = Path("figures"),
    photos: Annotated[int, typer.Option(min=1, max=48, help="Number of photos to show with the model's answers.")] = 24,
) -> None:
    """Draw the training curves, test photos with answers, augmented training photos and the confusion matrix."""
    from car_classifier.data.manifest import read_manifest
    from car_classifier.files import check_writable

    check_writable(out / "training_curves.png")
    photos_of = read_manifest(manifest)

    from car_classifier.evaluation.figures import draw_figures
    from car_classifier.registry.published_version import find_version

    for path in draw_figures(find_version(model), photos_of, out, photos):
        typer.echo(path)
