"""Training epoch by epoch, so that an interrupted run continues as if nothing had happened."""

import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from car_classifier.errors import UserError
from car_classifier.files import read_csv, write_atomically, write_csv
from car_classifier.progress import Report
from car_classifier.training.config import HEAD
from car_classifier.training.distribution import Trainer
from car_classifier.training.live_progress import LiveProgress
from car_classifier.training.watch import forget_answers

HISTORY_COLUMNS = ("stage", "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")


@dataclass(frozen=True)
class Stage:
    """One stage of training.

    Attributes:
        name: Its name in the history.
        place: Its index among the stages, from 0.
        folder: The run's folder.
        epochs: Largest number of epochs.
        patience: Number of epochs without a better validation accuracy after which the stage ends.
        live: Shows the progress.
        batch_size: Photos in a step.
        counts_start: Whether the weights that it begins with are kept if no epoch is better.
    """

    name: str
    place: int
    folder: Path
    epochs: int
    patience: int
    live: LiveProgress
    batch_size: int = 1
    counts_start: bool = False

    @property
    def state_path(self) -> Path:
        """The file with everything that the next epoch depends on."""
        return self.folder / "state" / f"{self.place}.npz"

    @property
    def best_path(self) -> Path:
        """The file with the weights of the best epoch."""
        return self.folder / "state" / f"{self.place}.best.npz"

    @property
    def history_path(self) -> Path:
        """The history of all stages of the run."""
        return self.folder / "history.csv"


@dataclass
class Progress:
    """The epochs of a stage so far, and the best of them."""

    epoch: int = 0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    best_loss: float = float("inf")

    def record_epoch(self, accuracy: float, loss: float) -> bool:
        """Record an epoch's accuracy and loss on the validation photos; returns whether it is the best so far.

        The higher accuracy is better; the loss only breaks ties. Late in training the loss rises, because wrong
        answers become more certain while fewer answers are wrong, and the temperature corrects that certainty later.
        """
        self.epoch += 1
        is_best = (accuracy, -loss) > (self.best_accuracy, -self.best_loss)
        if is_best:
            self.best_epoch, self.best_accuracy, self.best_loss = self.epoch, accuracy, loss
        return is_best

    def is_over(self, stage: Stage) -> bool:
        """Whether no epoch is left to train."""
        return self.epoch >= stage.epochs or self.epoch - self.best_epoch >= stage.patience


def fit_resumably(
    trainer: Trainer,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    stage: Stage,
    steps: int,
    batches: Callable[[int], tf.data.Dataset],
    validation: tf.data.Dataset,
    after_epoch: Callable[[int], object] | None = None,
) -> None:
    """Train a model, and give it the weights of the epoch that was best on the validation photos.

    After every epoch everything that the next one depends on is saved: the weights, the optimizer's state and the
    progress. The batches of an epoch depend only on its number. So a run that was killed and started again gives the
    same result, bit by bit.

    Args:
        trainer: The trainer of the model with the optimizer.
        model: The model.
        optimizer: The optimizer, built.
        stage: The stage, with the paths of its state.
        steps: Number of steps in an epoch.
        batches: A function from the number of an epoch, from 0, to its training batches.
        validation: The validation batches.
        after_epoch: Called with the number of each epoch, from 1, which the history has, while the model has the
            weights that were measured.

    Raises:
        UserError: The loss is no longer a number.
    """
    progress = _restored(stage, _variables(model, optimizer), trainer.replicas.is_chief)
    if stage.counts_start and progress.epoch == 0:
        start = trainer.evaluate(validation)
        progress.best_accuracy, progress.best_loss = start["accuracy"], start["loss"]
        if trainer.replicas.is_chief:
            _save(stage.best_path, model.variables)
    events = _event_writer(stage, trainer.replicas.is_chief and not progress.is_over(stage))
    with stage.live.bar(f"Training, stage {stage.name}", stage.batch_size) as report, events.as_default():
        while not progress.is_over(stage):
            stage.live.record(epoch=progress.epoch + 1, epochs=stage.epochs)
            on_step = partial(_report_step, report, trainer, stage, progress.epoch * steps, stage.epochs * steps)
            _one_epoch(
                trainer, model, optimizer, stage, progress, batches(progress.epoch), validation, on_step, after_epoch
            )
            events.flush()
    trainer.replicas.wait_for_all()  # until the chief has written the best weights, which all read
    _assign(model.variables, stage.best_path)


def _report_step(report: Report, trainer: Trainer, stage: Stage, before: int, total: int, done: int) -> None:
    report(before + done, total)
    # Several machines read metrics together, and each has its own clock: there they are read after an epoch only.
    if trainer.replicas.workers == 1 and stage.live.is_due():
        stage.live.record(**trainer.figures())


def _one_epoch(
    trainer: Trainer,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    stage: Stage,
    progress: Progress,
    data: tf.data.Dataset,
    validation: tf.data.Dataset,
    on_step: Callable[[int], None],
    after_epoch: Callable[[int], object] | None,
) -> None:
    started = time.perf_counter()
    metrics = trainer.train(data, on_step)
    trained = [keras.ops.convert_to_numpy(variable) for variable in model.variables]
    if getattr(optimizer, "inner_optimizer", optimizer).use_ema:  # the one inside a LossScaleOptimizer
        optimizer.finalize_variable_values(model.trainable_variables)
    metrics |= {f"val_{name}": value for name, value in trainer.evaluate(validation).items()}
    if not np.isfinite([metrics["loss"], metrics["val_loss"]]).all():
        setting = "--set head_learning_rate" if stage.name == HEAD else "--learning-rate"
        raise UserError(
            f"The loss is no longer a number in epoch {progress.epoch + 1} of stage {stage.name}: the learning rate "
            f"is too high for these photos. Start again with a lower {setting}; published models are unchanged."
        )
    metrics["learning_rate"] = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    if progress.record_epoch(metrics["val_accuracy"], metrics["val_loss"]) and trainer.replicas.is_chief:
        _save(stage.best_path, model.variables)
    if trainer.replicas.is_chief:
        write_history(stage, progress.epoch, metrics, time.perf_counter() - started)
    if after_epoch:
        after_epoch(progress.epoch)
    for variable, value in zip(model.variables, trained, strict=True):
        variable.assign(value)
    if trainer.replicas.is_chief:
        for name, value in metrics.items():
            tf.summary.scalar(name, value, step=progress.epoch)
        _save(stage.state_path, _variables(model, optimizer), progress)
    stage.live.console.print(
        f"  epoch {progress.epoch}/{stage.epochs}: loss {metrics['loss']:.3f}, accuracy {metrics['accuracy']:.3f}, "
        f"validation loss {metrics['val_loss']:.3f}, accuracy {metrics['val_accuracy']:.3f}",
        highlight=False,
    )


# --- State ------------------------------------------------------------------------------------------------


def _variables(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[Any]:
    return [*model.variables, *optimizer.variables]


def _save(path: Path, variables: list[Any], progress: Progress | None = None) -> None:
    values = {str(i): keras.ops.convert_to_numpy(variable) for i, variable in enumerate(variables)}
    if progress is not None:
        values["progress"] = np.array(astuple(progress))

    def write(target: Path) -> None:
        with target.open("wb") as file:
            np.savez(file, **values)

    write_atomically(path, write)


def _assign(variables: list[Any], path: Path) -> None:
    with np.load(path) as values:
        for i, variable in enumerate(variables):
            variable.assign(values[str(i)])


def _restored(stage: Stage, variables: list[Any], is_chief: bool) -> Progress:
    """Restore a stage's saved state; a stage without one is at its start."""
    if not stage.state_path.is_file():
        return Progress()
    _assign(variables, stage.state_path)
    with np.load(stage.state_path) as values:
        epoch, best_epoch, accuracy, loss = values["progress"].tolist()
    if is_chief:
        _drop_unsaved_epochs(stage, int(epoch))
    return Progress(int(epoch), int(best_epoch), accuracy, loss)


# --- History ----------------------------------------------------------------------------------------------


def _rows(stage: Stage) -> list[dict[str, str]]:
    if not stage.history_path.is_file():
        return []
    return [row for _, row in read_csv(stage.history_path)]


def _write_rows(stage: Stage, rows: list[dict[str, Any]]) -> None:
    write_csv(stage.history_path, HISTORY_COLUMNS, rows)


def write_history(stage: Stage, epoch: int, figures: dict[str, float], seconds: float) -> None:
    """Add a line to the history; it replaces the line of an interrupted attempt at the same epoch."""
    row = {"stage": stage.name, "epoch": epoch, "seconds": round(seconds, 1)}
    kept = [old for old in _rows(stage) if (old["stage"], old["epoch"]) != (stage.name, str(epoch))]
    _write_rows(stage, [*kept, row | {name: f"{value:.5g}" for name, value in figures.items()}])


def _drop_unsaved_epochs(stage: Stage, epoch: int) -> None:
    """Remove the history line and the watched answers of an epoch that was not saved, and half-written states."""
    for abandoned in stage.state_path.parent.glob(f".{stage.state_path.name}.*"):
        abandoned.unlink(missing_ok=True)
    forget_answers(stage.folder, stage.place, epoch + 1)
    rows = _rows(stage)
    kept = [row for row in rows if row["stage"] != stage.name or int(row["epoch"]) <= epoch]
    if len(kept) < len(rows):
        _write_rows(stage, kept)


def _event_writer(stage: Stage, is_writing: bool) -> tf.summary.SummaryWriter:
    """The writer of the same metrics for TensorBoard: a file for each time that the stage is started or resumed."""
    if not is_writing:
        return tf.summary.create_noop_writer()
    return tf.summary.create_file_writer(str(stage.folder / "tensorboard" / f"{stage.place}-{stage.name[:40]}"))
