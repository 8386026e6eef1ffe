"""`model.fit` that shows its progress, keeps the best weights, and goes on where it was interrupted."""

import csv
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from car_classifier.progress import progress_bar

HISTORY_COLUMNS = ("stage", "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds")


@dataclass(frozen=True)
class Stage:
    """One stage of training.

    Attributes:
        name: Its name in the history and in file names.
        folder: Where its state is kept.
        epochs: Most epochs.
        patience: Epochs without a better validation loss after which it ends.
        console: Where progress is shown.
    """

    name: str
    folder: Path
    epochs: int
    patience: int
    console: Console

    @property
    def history(self) -> Path:
        """The history that all stages of a run share."""
        return self.folder / "history.csv"

    @property
    def best_weights(self) -> Path:
        """Weights of the epoch with the lowest validation loss."""
        return self.folder / f"{self.name}.weights.h5"

    @property
    def finished(self) -> Path:
        """A file that is there once the stage is over."""
        return self.folder / f"{self.name}.finished"

    def past_epochs(self) -> list[dict[str, str]]:
        """Rows of the history of this stage."""
        if not self.history.is_file():
            return []
        with self.history.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if row["stage"] == self.name]


def fit_resumably(model: keras.Model, stage: Stage, **data: Any) -> None:
    """Fit a compiled model and leave it with its best weights.

    Weights and optimizer are saved after every epoch; called again after an interruption, it goes on with the
    next one. Called again after the end, it loads the best weights only.

    Args:
        model: With metrics `loss` and `accuracy`.
        stage: Which stage, and where its state is kept.
        **data: Arguments of `model.fit` that give the photos.
    """
    if not stage.finished.is_file():
        past = stage.past_epochs()
        best = min((float(row["val_loss"]) for row in past), default=None)
        with progress_bar(f"Training, stage {stage.name}", stage.console) as report:
            model.fit(
                **data,
                epochs=stage.epochs,
                verbose=0,
                callbacks=[
                    keras.callbacks.BackupAndRestore(stage.folder / f"{stage.name}_backup"),
                    keras.callbacks.ModelCheckpoint(
                        stage.best_weights,
                        monitor="val_loss",
                        mode="min",
                        save_best_only=True,
                        save_weights_only=True,
                        initial_value_threshold=best,
                    ),
                    keras.callbacks.EarlyStopping("val_loss", patience=stage.patience, baseline=best),
                    _History(stage),
                    _Progress(stage, report),
                ],
            )
        stage.finished.touch()
    model.load_weights(stage.best_weights)


class _History(keras.callbacks.Callback):
    """Adds a line to `history.csv` after every epoch."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        is_new = not self._stage.history.is_file()
        with self._stage.history.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, HISTORY_COLUMNS, lineterminator="\n", extrasaction="ignore")
            if is_new:
                writer.writeheader()
            figures = {name: round(float(value), 5) for name, value in (logs or {}).items()}
            seconds = round(time.perf_counter() - self._started, 1)
            writer.writerow({"stage": self._stage.name, "epoch": epoch + 1, "seconds": seconds} | figures)


class _Progress(keras.callbacks.Callback):
    """Moves the progress bar and says after every epoch how good the model is."""

    def __init__(self, stage: Stage, report: Any) -> None:
        super().__init__()
        self._stage, self._report, self._epoch = stage, report, 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        steps = self.params.get("steps") or batch + 1
        self._report(self._epoch * steps + batch + 1, self._stage.epochs * steps)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        self._stage.console.print(
            f"  epoch {epoch + 1}/{self._stage.epochs}: loss {logs['loss']:.3f}, accuracy {logs['accuracy']:.3f}, "
            f"validation loss {logs['val_loss']:.3f}, accuracy {logs['val_accuracy']:.3f}",
            highlight=False,
        )
