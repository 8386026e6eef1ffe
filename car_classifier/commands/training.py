"""`car-classifier train`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import ManifestOption, ModelDirOption, console


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
