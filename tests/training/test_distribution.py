"""A training on several devices and processes reaches the result of a single device.

Run as a module, it is the program of each process: `python -m tests.training.test_distribution STRATEGY RESULT.npz`.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from car_classifier.errors import UserError
from car_classifier.training.cluster import place_in_cluster
from tests.support.workers import run_workers

TOLERANCE = 1e-5
"""Sums in another order: float32 rounding, seen to be 1e-7 here."""

BATCH = 8

SIZES = 21, 21, 17
"""Photos in each epoch: a last batch of 5, which two replicas cannot halve, and one of 1, too few for two."""


def trained(strategy: str, folder: Path, workers: int = 1) -> list[dict[str, np.ndarray]]:
    """The final weights, optimizer and history of each process."""
    results = [folder / f"{strategy}_{worker}.npz" for worker in range(workers)]
    run_workers([["-m", __name__, strategy, str(result)] for result in results])
    return [dict(np.load(result)) for result in results]


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict[str, np.ndarray]:
    return trained("none", tmp_path_factory.mktemp("alone"))[0]


@pytest.mark.long
@pytest.mark.parametrize(("strategy", "workers"), [("mirrored", 1), ("multiworker", 2)])
def test_two_replicas_come_to_the_result_of_one(strategy, workers, alone, tmp_path):
    first, *others = trained(strategy, tmp_path, workers)
    assert first["replicas"] == 2 and alone["replicas"] == 1
    for name in alone.keys() - {"replicas"}:
        np.testing.assert_allclose(first[name], alone[name], rtol=0, atol=TOLERANCE, err_msg=name)
    for other in others:
        for name in alone:
            np.testing.assert_array_equal(other[name], first[name], err_msg=name)


@pytest.mark.long
def test_one_replica_comes_to_the_result_of_keras():
    from car_classifier.training.distribution import Trainer, replicas_of

    replicas = replicas_of("none")
    model, optimizer, loss = tiny_net()
    figures = Trainer(replicas, model, optimizer, loss).train(global_batches(0))
    optimizer.finalize_variable_values(model.trainable_variables)

    expected, expected_optimizer, loss = tiny_net()
    expected.compile(expected_optimizer, loss, metrics=["accuracy"])
    history = expected.fit(global_batches(0), shuffle=False, verbose=0).history
    assert figures == pytest.approx({name: values[0] for name, values in history.items()}, abs=TOLERANCE)
    pairs = zip(model.variables + optimizer.variables, expected.variables + expected_optimizer.variables, strict=True)
    for ours, keras_own in pairs:
        np.testing.assert_allclose(ours.numpy(), keras_own.numpy(), rtol=0, atol=TOLERANCE, err_msg=keras_own.path)


@pytest.mark.parametrize(
    ("rows", "shards"),
    [
        (8, [[0, 4], [1, 5], [2, 6], [3, 7]]),
        (6, [[0, 4], [1, 5], [2], [3]]),
        (3, [[0, 1, 2]] * 4),
    ],
)
def test_replicas_take_shards_of_a_batch(rows, shards):
    import tensorflow as tf

    from car_classifier.training.distribution import Replicas

    batches = tf.data.Dataset.from_tensor_slices((tf.range(rows), tf.range(rows))).batch(8)
    taken = [
        shard.numpy().tolist()
        for worker in range(2)
        for shard, _ in Replicas(SimpleNamespace(num_replicas_in_sync=4), 2, worker).shard(batches)
    ]
    assert taken == shards


@pytest.mark.parametrize(
    "tf_config",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
        '{"cluster": ["a:1"], "task": {"type": "worker", "index": 0}}',
    ],
)
def test_a_wrong_cluster_is_named(tf_config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", tf_config)
    with pytest.raises(UserError, match="TF_CONFIG, which is not") as error:
        place_in_cluster()
    assert tf_config in str(error.value)


# --- In each process --------------------------------------------------------------------------------------


def train_tiny_net(strategy: str, result: Path) -> None:
    import tensorflow as tf

    from car_classifier.training.distribution import replicas_of

    if strategy == "mirrored":  # two devices where there is one processor
        processor = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    replicas = replicas_of(strategy)
    arrays = {"replicas": np.array(replicas.count), **epochs(replicas)}
    replicas.wait_for_all()
    np.savez(result, **arrays)


def tiny_net():
    """A net and an optimizer with everything that a real training has: a schedule, weight decay, averaged weights."""
    import keras

    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, use_bias=False)(inputs)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
    model = keras.Model(inputs, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x)))
    rate = keras.optimizers.schedules.CosineDecay(1e-2, 20)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-2, use_ema=True, ema_momentum=0.9)
    return model, optimizer, keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)


def global_batches(epoch: int):
    """Images, classes and weights in another order each epoch."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    images = rng.normal(size=(SIZES[0], 8, 8, 3)).astype(np.float32)
    classes = np.eye(3, dtype=np.float32)[rng.integers(0, 3, len(images))]
    weights = rng.uniform(0.5, 2, len(images)).astype(np.float32)

    order = np.random.default_rng(epoch).permutation(len(images))[: SIZES[epoch]]
    data = tf.data.Dataset.from_tensor_slices((images[order], classes[order], weights[order]))
    return data.batch(BATCH)


def epochs(replicas) -> dict[str, np.ndarray]:
    from car_classifier.training.distribution import Trainer

    with replicas.strategy.scope():
        model, optimizer, loss = tiny_net()
    trainer = Trainer(replicas, model, optimizer, loss)
    history = []
    for epoch in range(len(SIZES)):
        figures = [*trainer.train(replicas.shard(global_batches(epoch))).values()]
        raw = [variable.numpy() for variable in model.trainable_variables]
        optimizer.finalize_variable_values(model.trainable_variables)
        if SIZES[epoch] % BATCH > 1:  # else a photo that both replicas saw counts twice
            history.append(figures)
        history.append([*trainer.evaluate(replicas.shard(global_batches(0))).values()])
        for variable, value in zip(model.trainable_variables, raw, strict=True):
            variable.assign(value)
    variables = model.variables + optimizer.variables
    return {"history": np.concatenate(history)} | {str(index): v.numpy() for index, v in enumerate(variables)}


if __name__ == "__main__":
    train_tiny_net(sys.argv[1], Path(sys.argv[2]))
