"""`car-classifier train`."""

from pathlib import Path
from typing import Annotated, cast

import typer

from car_classifier.commands.publishing import print_published
from car_classifier.commands.shared import ManifestOption, ModelDirOption, RunsDirOption, console
from car_classifier.files import check_writable
from car_classifier.training.config import ALL, StrategyName, TrainingConfig, parse_image_size, with_settings


def train(
    manifest: ManifestOption = Path("data/manifest.csv"),
    base: Annotated[str, typer.Option(help="The net to fine-tune.")] = "ResNet50V2",
    weights: Annotated[str, typer.Option(help="imagenet, none (random) or a weights file.")] = "imagenet",
    unfreeze: Annotated[
        list[str] | None,
        typer.Option(
            help="What is fine-tuned after the classifier: all, head (nothing more), or patterns of layer names with "
            "commas between them, such as conv5. Given several times: one stage after the other.",
            show_default="all",
        ),
    ] = None,
    image_size: Annotated[str, typer.Option(help="Pixels: one number or HEIGHTxWIDTH.")] = "256x384",
    output_stride: Annotated[int, typer.Option(help="32, or 16 for heatmaps twice as fine.")] = 32,
    epochs: Annotated[int, typer.Option(help="Most epochs of each stage of fine-tuning.")] = TrainingConfig.epochs,
    batch_size: Annotated[int, typer.Option(help="Photos in a step.")] = TrainingConfig.batch_size,
    learning_rate: Annotated[float, typer.Option(help="Peak rate of fine-tuning.")] = TrainingConfig.learning_rate,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = TrainingConfig.seed,
    strategy: Annotated[str, typer.Option(help="none, mirrored (all GPUs) or multiworker (TF_CONFIG).")] = "none",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Any setting of the run; may be given several times."),
    ] = None,
    model_dir: ModelDirOption = Path("model"),
    runs_dir: RunsDirOption = Path("runs"),
    publish: Annotated[bool, typer.Option(help="Publish it as car-classifier publish does.")] = True,
) -> None:
    """Fine-tune a net on the photos of a manifest and publish it. Interrupted, the same command goes on."""
    config = TrainingConfig(
        manifest=str(manifest),
        base=base,
        weights=weights,
        unfreeze=tuple(unfreeze or (ALL,)),
        image_size=parse_image_size(image_size),
        output_stride=output_stride,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        strategy=cast(StrategyName, strategy),  # checked by the config
    )
    config = with_settings(config, settings or [])
    from car_classifier.publishing.publish import publish as publish_run
    from car_classifier.publishing.publish import train_and_export

    if publish:
        check_writable(model_dir / "version")
    run = train_and_export(config, runs_dir, console)
    if not run.is_chief:
        typer.echo("Done here; the first machine has exported what was trained.")
    elif publish:
        print_published(publish_run(run.folder, model_dir, console))
        typer.echo(f"Next: car-classifier serve --model-base-path {model_dir}")
    else:
        typer.echo(f"Exported into {run.export_folder}.")
        typer.echo(f"Next: car-classifier publish {run.folder} --model-dir {model_dir}")
