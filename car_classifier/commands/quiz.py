"""`car-classifier quiz`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import ManifestOption, ModelOption
from car_classifier.data.manifest import Split


def quiz(
    model: ModelOption = Path("model"),
    manifest: ManifestOption = Path("data/manifest.csv"),
    split: Annotated[Split, typer.Option(help="Which photos.")] = "test",
    rounds: Annotated[int, typer.Option(min=1, help="How many photos.")] = 5,
    seed: Annotated[int | None, typer.Option(help="The same seed asks the same.")] = None,
    open_photos: Annotated[bool, typer.Option("--open", help="Open each photo in a window as well.")] = False,
) -> None:
    """Play against the model: which car is on the photo? Draws the photos in the terminal."""
    from rich.console import Console

    from car_classifier.data.manifest import read_manifest
    from car_classifier.quiz import Quiz
    from car_classifier.registry.published_version import find_version

    photos = read_manifest(manifest)
    game = Quiz(find_version(model), photos, split, rounds, seed)
    game.play(Console(), typer.launch if open_photos else None)
