"""Training epoch by epoch: an interrupted training reaches the same result, bit by bit."""

import csv
import resource
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from car_classifier.errors import UserError
from car_classifier.training.distribution import Trainer, replicas_of
from car_classifier.training.epochs import HISTORY_COLUMNS, Progress, Stage, fit_resumably
from car_classifier.training.live_progress import LiveProgress

pytestmark = pytest.mark.long

CLASSES, PHOTOS, BATCH = 3, 22, 8
STEPS = 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(PHOTOS, 4)).astype(np.float32)
Y = np.eye(CLASSES, dtype=np.float32)[RNG.integers(0, CLASSES, PHOTOS)]


def stage(folder: Path, **changes) -> Stage:
    live = LiveProgress(None, Console(quiet=True))
    return replace(Stage("all", 0, folder, epochs=4, patience=4, live=live), **changes)


def batches(epoch: int, x: np.ndarray = X) -> tf.data.Dataset:
    order = np.random.default_rng(epoch).permutation(PHOTOS)
    return tf.data.Dataset.from_tensor_slices((x[order], Y[order], np.ones(PHOTOS, np.float32))).batch(BATCH)


VALIDATION = tf.data.Dataset.from_tensor_slices((X[:7], Y[:7], np.ones(7, np.float32))).batch(BATCH)
CONTRARY = tf.data.Dataset.from_tensor_slices((X, np.roll(Y, 1, axis=1), np.ones(PHOTOS, np.float32))).batch(BATCH)
"""The better the training photos are learnt, the worse these."""


def adam(**settings) -> keras.optimizers.Optimizer:
    settings = {"weight_decay": 0.1, "use_ema": True, "ema_momentum": 0.8} | settings
    return keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.05, 4 * STEPS), **settings)


class Fit:
    """A net with dropout and batch norm, and its training."""

    def __init__(self, optimizer: keras.optimizers.Optimizer | None = None, policy: str = "float32") -> None:
        keras.utils.set_random_seed(0)
        layers = keras.layers
        self.model = keras.Sequential(
            [
                layers.Input((4,)),
                layers.Dense(8, activation="tanh", dtype=policy),
                layers.BatchNormalization(dtype=policy),
                layers.Dropout(0.3, dtype=policy),
                layers.Dense(CLASSES, dtype="float32"),
            ]
        )
        self.optimizer = optimizer or adam()
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        self.trainer = Trainer(replicas_of("none"), self.model, self.optimizer, loss)

    def run(self, stage: Stage, batches=batches, validation=VALIDATION) -> list[np.ndarray]:
        """Train, and return the weights."""
        fit_resumably(self.trainer, self.model, self.optimizer, stage, STEPS, batches, validation)
        return [np.array(variable) for variable in self.model.variables]


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows and all(tuple(row) == HISTORY_COLUMNS and float(row.pop("seconds")) >= 0 for row in rows)
    return rows


def interrupted_at(last: int, error: type[BaseException] = KeyboardInterrupt):
    """Batches that end in the middle of an epoch."""

    def batches_until(epoch: int) -> tf.data.Dataset:
        if epoch < last:
            return batches(epoch)
        raise error

    return batches_until


def assert_same(weights: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for array, other in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(array, other)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[list[np.ndarray], list[dict[str, str]]]:
    """Weights and history of a training that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    return Fit().run(stage(folder)), history(folder)


def loss_scaled() -> keras.optimizers.Optimizer:
    return keras.optimizers.LossScaleOptimizer(adam(), dynamic_growth_steps=4)


def test_an_interrupted_training_comes_to_the_same_result_and_a_finished_one_is_not_repeated(whole, tmp_path):
    for epochs_done in (0, 1, 3):
        folder = tmp_path / str(epochs_done)
        with pytest.raises(KeyboardInterrupt):
            Fit().run(stage(folder), interrupted_at(epochs_done))
        assert_same(Fit().run(stage(folder)), whole[0])
        assert history(folder) == whole[1]
    assert_same(Fit().run(stage(folder), interrupted_at(0)), whole[0])


@pytest.mark.parametrize(
    ("make_optimizer", "policy"),
    [(adam, "mixed_bfloat16"), (loss_scaled, "mixed_float16")],
    ids=["bfloat16", "float16"],
)
def test_an_interrupted_training_in_another_precision_comes_to_the_same_result(make_optimizer, policy, tmp_path):
    """After two epochs, when the loss scale has just grown."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    expected = Fit(make_optimizer(), policy).run(stage(whole))
    with pytest.raises(KeyboardInterrupt):
        Fit(make_optimizer(), policy).run(stage(parts), interrupted_at(2))
    assert_same(Fit(make_optimizer(), policy).run(stage(parts)), expected)
    assert history(parts) == history(whole)


def test_an_epoch_whose_state_was_not_saved_is_repeated(whole, tmp_path):
    """Killed after the line of the history was written, and before the state was."""
    with pytest.raises(KeyboardInterrupt):
        Fit().run(stage(tmp_path), interrupted_at(2))
    state = stage(tmp_path).state_path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        Fit().run(stage(tmp_path), interrupted_at(3))
    stage(tmp_path).state_path.write_bytes(state)
    assert len(history(tmp_path)) == 3
    assert_same(Fit().run(stage(tmp_path)), whole[0])
    assert history(tmp_path) == whole[1]


def test_a_disk_that_is_full_leaves_the_state_that_was_there(whole, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full_from_the_third_epoch(epoch: int) -> tf.data.Dataset:
        if epoch == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        return batches(epoch)

    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN
    try:
        with pytest.raises((OSError, tf.errors.OpError), match="File too large"):
            Fit().run(stage(tmp_path), full_from_the_third_epoch)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((tmp_path / "state").glob(".*"))
    assert_same(Fit().run(stage(tmp_path)), whole[0])


@pytest.mark.parametrize(
    ("epochs", "best"),
    [
        ([(0.5, 1.0), (0.6, 2.0), (0.5, 0.5)], 2),  # more right answers count first
        ([(0.5, 1.0), (0.5, 0.9), (0.5, 0.9)], 2),  # then the loss, then being earlier
        ([(0.0, 9.0), (0.0, 9.5)], 1),
    ],
)
def test_the_best_epoch_has_the_most_right_answers(epochs, best):
    progress = Progress()
    for accuracy, loss in epochs:
        progress.record_epoch(accuracy, loss)
    assert (progress.epoch, progress.best_epoch) == (len(epochs), best)


def test_the_best_epoch_is_kept_and_training_ends_when_none_is_better(tmp_path):
    weights = Fit(keras.optimizers.SGD(0.5)).run(stage(tmp_path / "many", epochs=40, patience=3), validation=CONTRARY)
    rows = [(float(row["val_accuracy"]), -float(row["val_loss"])) for row in history(tmp_path / "many")]
    best = 1 + rows.index(max(rows))
    assert len(rows) == best + 3 < 40
    few = Fit(keras.optimizers.SGD(0.5)).run(stage(tmp_path / "few", epochs=best), validation=CONTRARY)
    assert_same(weights, few)


def test_a_good_start_is_kept_if_no_epoch_is_better(tmp_path):
    """The weights of a net that has learnt what the validation photos want, in a stage that unlearns it."""

    def start() -> Fit:
        fit = Fit(keras.optimizers.SGD(0.5))
        fit.run(stage(tmp_path / "learns", epochs=12, patience=12))
        return fit

    (begun := start()), (interrupted := start())
    kept = [np.array(variable) for variable in begun.model.variables]
    spoilt = partial(stage, epochs=5, patience=2, counts_start=True)

    def wrong(epoch: int) -> tf.data.Dataset:
        return batches(epoch).map(lambda x, y, weight: (x, tf.roll(y, 1, axis=1), weight))

    assert_same(begun.run(spoilt(tmp_path / "spoilt"), wrong), kept)
    assert len(history(tmp_path / "spoilt")) == 2

    def ends(epoch: int) -> tf.data.Dataset:
        if epoch:
            raise KeyboardInterrupt
        return wrong(epoch)

    with pytest.raises(KeyboardInterrupt):
        interrupted.run(spoilt(tmp_path / "again"), ends)
    assert_same(interrupted.run(spoilt(tmp_path / "again"), wrong), kept)


@pytest.mark.parametrize("wrap", [lambda optimizer: optimizer, keras.optimizers.LossScaleOptimizer], ids=["", "scaled"])
def test_published_weights_are_averaged_and_training_goes_on_from_those_that_are_not(wrap, tmp_path):
    def run(name: str, epochs: int, steps: int, **settings) -> list[np.ndarray]:
        fit = Fit(wrap(keras.optimizers.SGD(0.5, **settings)))
        fit.run(stage(tmp_path / name, epochs=epochs), lambda epoch: batches(epoch).take(steps), CONTRARY)
        return [np.array(variable) for variable in fit.model.trainable_variables]

    ema = {"use_ema": True, "ema_momentum": 0.75}
    after_one, after_two = run("one", 1, 1), run("two", 1, 2)
    averaged = run("averaged", 1, 2, **ema)
    for first, second, mean in zip(after_one, after_two, averaged, strict=True):
        np.testing.assert_allclose(mean, 0.75 * first + 0.25 * second, atol=1e-6)
    run("plain", 3, 2)
    run("with averages", 3, 2, **ema)
    plain, with_averages = history(tmp_path / "plain"), history(tmp_path / "with averages")
    assert [row["loss"] for row in plain] == [row["loss"] for row in with_averages]
    assert [row["val_loss"] for row in plain] != [row["val_loss"] for row in with_averages]


def test_an_epoch_has_as_many_steps_as_batches(tmp_path):
    """Effects that depend on no photo, such as the count of steps, must not happen once more at the end of the data."""
    fit = Fit()
    fit.run(stage(tmp_path))
    assert int(np.array(fit.optimizer.iterations)) == 4 * STEPS
    assert float(history(tmp_path)[-1]["learning_rate"]) == pytest.approx(0, abs=1e-9)
    assert float(history(tmp_path)[0]["learning_rate"]) == pytest.approx(0.05 * (1 + np.cos(np.pi / 4)) / 2, rel=1e-4)


NOTHING = np.full_like(X, np.nan)


@pytest.mark.parametrize(
    ("training", "validation", "epoch"),
    [
        (lambda epoch: batches(epoch, NOTHING if epoch == 1 else X), VALIDATION, 2),
        (batches, VALIDATION.map(lambda x, y, weights: (x * np.nan, y, weights)), 1),
    ],
    ids=["training", "validation"],
)
def test_a_loss_that_is_no_number_is_one_sentence(training, validation, epoch, tmp_path):
    words = f"no longer a number in epoch {epoch} of stage all: the learning rate is too high"
    with pytest.raises(UserError, match=words):
        Fit().run(stage(tmp_path), training, validation)
    assert not (tmp_path / "history.csv").exists() or len(history(tmp_path)) < epoch


def test_tensorboard_shows_the_same_figures_in_order(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with pytest.raises(KeyboardInterrupt):
        Fit().run(stage(tmp_path), interrupted_at(2))
    Fit().run(stage(tmp_path))
    Fit().run(stage(tmp_path))  # over: nothing to add
    folder = tmp_path / "tensorboard" / "0-all"
    assert len(list(folder.iterdir())) == 2  # one for each time that it was gone on with
    events = EventAccumulator(str(folder)).Reload()
    shown = [(str(event.step), f"{float(tf.make_ndarray(event.tensor_proto)):.5g}") for event in events.Tensors("loss")]
    assert shown == [(row["epoch"], row["loss"]) for row in history(tmp_path)]
