"""`car-classifier train`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.publishing import print_published
from car_classifier.commands.shared import (
    MANIFEST,
    MODEL_DIR,
    DataOption,
    ModelDirOption,
    RunsDirOption,
    console,
    default_of,
    from_options,
    own_command,
    setting,
)
from car_classifier.files import check_writable
from car_classifier.training.config import TrainingConfig, merged, written

_setting = partial(setting, TrainingConfig)
_default = partial(default_of, TrainingConfig)


def train(
    manifest: DataOption = MANIFEST,
    base: Annotated[str, _setting("base")] = _default("base"),
    weights: Annotated[str, _setting("weights")] = _default("weights"),
    unfreeze: Annotated[
        list[str] | None, _setting("unfreeze", show_default=written(_default("unfreeze")), metavar="STAGE")
    ] = None,
    head: Annotated[str, _setting("head")] = _default("head"),
    image_size: Annotated[str, _setting("image_size", metavar="SIZE")] = written(_default("image_size")),
    output_stride: Annotated[int, _setting("output_stride")] = _default("output_stride"),
    epochs: Annotated[int, _setting("epochs")] = _default("epochs"),
    batch_size: Annotated[int, _setting("batch_size")] = _default("batch_size"),
    learning_rate: Annotated[float, _setting("learning_rate")] = _default("learning_rate"),
    seed: Annotated[int, _setting("seed")] = _default("seed"),
    strategy: Annotated[str, _setting("strategy")] = _default("strategy"),
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Any setting of the run, such as augmentation.cutmix=0; may be given several times.",
        ),
    ] = None,
    model_dir: ModelDirOption = MODEL_DIR,
    runs_dir: RunsDirOption = Path("runs"),
    publish: Annotated[bool, typer.Option(help="Publish the model, as car-classifier publish does.")] = True,
) -> None:
    """Fine-tune a net on the photos of a manifest and publish it. If interrupted, the same command continues."""
    options = {
        "manifest": str(manifest),
        "base": base,
        "weights": weights,
        "unfreeze": tuple(unfreeze) if unfreeze else _default("unfreeze"),
        "head": head,
        "image_size": image_size,
        "output_stride": output_stride,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "strategy": strategy,
    }
    config = from_options(TrainingConfig, options, merged(options, settings or []))
    from car_classifier.publishing.publish import publish as publish_run
    from car_classifier.publishing.publish import train_and_export

    if publish:
        check_writable(model_dir / "version")
    run = train_and_export(config, runs_dir, console, own_command())
    if not run.is_chief:
        typer.echo("Done on this machine; the first machine has exported the trained model.")
    elif publish:
        version = publish_run(run.folder, model_dir, console)
        print_published(version)
        typer.echo(f"Next: car-classifier evaluate --model {version} --data {manifest}")
        typer.echo(f"Then: car-classifier serve --model-base-path {model_dir}")
    else:
        typer.echo(f"Exported to {run.export_folder}.")
        typer.echo(f"Next: car-classifier evaluate --model {run.export_folder} --data {manifest}")
        typer.echo(f"Then: car-classifier publish {run.folder} --model-dir {model_dir}")
