"""Training and export in one go."""

from pathlib import Path

from rich.console import Console

from car_classifier.files import check_writable
from car_classifier.training_config import TrainingConfig
from car_classifier.training_run import TrainingRun


def train_and_publish(config: TrainingConfig, model_dir: Path, runs_dir: Path, console: Console) -> Path:
    """Train a classifier and publish it as the next version.

    The run's caches and checkpoints are removed once the version is there.

    Args:
        config: The settings.
        model_dir: The model folder.
        runs_dir: Folder of the runs.
        console: Where progress is shown.

    Returns:
        The folder of the version.

    Raises:
        UserError: The manifest, the weights or a setting cannot be used.
    """
    check_writable(model_dir / "version")
    run = TrainingRun(config, runs_dir, console)

    from car_classifier.export import publish  # TensorFlow, once it is known that there is something to do
    from car_classifier.training import train

    classifier = train(run)
    if not run.is_chief:
        return run.wait_for_chief()
    version = publish(classifier, run, model_dir, console)
    run.finish(version)
    return version
