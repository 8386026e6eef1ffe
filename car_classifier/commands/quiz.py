"""`car-classifier quiz`."""

from typing import Annotated

import typer

from car_classifier.commands.shared import MANIFEST, MODEL_DIR, SEED, DataOption, ModelOption, SplitOption


def quiz(
    model: ModelOption = MODEL_DIR,
    manifest: DataOption = MANIFEST,
    split: SplitOption = "test",
    rounds: Annotated[int, typer.Option(min=1, help="Number of photos, chosen at random.")] = 5,
    seed: Annotated[int | None, SEED(show_default="random")] = None,
    open_photos: Annotated[bool, typer.Option("--open", help="Also open each photo in a window.")] = False,
) -> None:
    """Play against the model: who knows what the photo shows? Photos are drawn in the terminal."""
    from rich.console import Console

    from car_classifier.data.manifest import read_manifest
    from car_classifier.quiz import Quiz
    from car_classifier.registry.published_version import find_version

    photos = read_manifest(manifest)
    game = Quiz(find_version(model), photos, split, rounds, seed)
    game.play(Console(), typer.launch if open_photos else None)
