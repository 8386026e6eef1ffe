"""`car-classifier figures`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import ManifestOption, ModelOption


def figures(
    model: ModelOption = Path("model"),
    manifest: ManifestOption = Path("data/manifest.csv"),
    out_dir: Annotated[Path, typer.Option(help="Folder for the figures.")] = Path("figures"),
    photos: Annotated[int, typer.Option(min=1, max=48, help="How many photos to show with their answers.")] = 24,
) -> None:
    """Draw the training curves, test photos with their answers, photos as training changes them, and the confusions."""
    from car_classifier.data.manifest import read_manifest
    from car_classifier.files import check_writable

    check_writable(out_dir / "training_curves.png")
    photos_of = read_manifest(manifest)

    from car_classifier.evaluation.figures import draw_figures
    from car_classifier.registry.published_version import find_version

    for path in draw_figures(find_version(model), photos_of, out_dir, photos):
        typer.echo(path)
