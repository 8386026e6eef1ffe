"""Training one net on several GPUs or machines with the result of a single one.

Every replica (a GPU, or the processor of a machine without one) holds the net and trains on its part of each batch;
`tf.distribute` adds the gradients up. Why not `model.fit`: Keras 3 cannot do it with several machines
(https://github.com/keras-team/keras/issues/20585), averages the replicas' mean losses however many photos each of
them had, and overwrites the weights with their moving average at the end of each call.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from car_classifier.training.cluster import place_in_cluster
from car_classifier.training.config import StrategyName


@dataclass(frozen=True)
class Replicas:
    """All that train one net together, as seen by one of the processes.

    Attributes:
        strategy: Of TensorFlow; the net, its optimizer and the trainer are made in its `scope()`.
        workers: Number of processes.
        worker: Which one this is, from 0.
    """

    strategy: tf.distribute.Strategy
    workers: int = 1
    worker: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this process is the one that writes files."""
        return self.worker == 0

    @property
    def count(self) -> int:
        """Number of replicas in all processes."""
        return int(self.strategy.num_replicas_in_sync)

    def shard(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """What the replicas of this process take of each batch.

        Applied to batches of indices or paths, each process loads its own photos only. Applied to batches of photos,
        each process loads all of them; needed where photos of a batch are mixed with each other.

        Args:
            batches: Batches for all replicas together, the same in every process: tuples of tensors [n, ...]. The
                last may be smaller. One that has fewer rows than there are replicas goes to each of them whole;
                this changes nothing in what is learnt, but its rows count several times in the figures.

        Returns:
            Batches for one replica each, to be used with `Trainer`; their sizes differ by at most 1.
        """
        if self.count == 1:
            return batches
        mine = self.count // self.workers

        def parts(*batch: Any) -> tf.data.Dataset:
            size = tf.shape(batch[0])[0]

            def part(replica: Any) -> tuple[Any, ...]:
                own = tf.range(tf.cast(replica, tf.int32), size, self.count)
                own = tf.cond(size < self.count, lambda: tf.range(size), lambda: own)
                return tuple(tf.gather(rows, own) for rows in batch)

            return tf.data.Dataset.range(self.worker * mine, (self.worker + 1) * mine).map(part)

        return batches.flat_map(parts)

    def wait_for_all(self) -> None:
        """Return once every process has come here, for instance to read what the chief has written."""
        if self.workers > 1:
            _barrier(self.strategy)


def replicas_of(name: StrategyName) -> Replicas:
    """Join the others; to be called before TensorFlow computes anything.

    Args:
        name: `none` for one device, `mirrored` for all GPUs of this machine (its processor if it has none), or
            `multiworker` for all machines that the environment variable `TF_CONFIG` names. The last waits for them.

    Raises:
        UserError: `TF_CONFIG` is missing or wrong.
    """
    if name == "multiworker":
        worker, workers = place_in_cluster()
        return Replicas(tf.distribute.MultiWorkerMirroredStrategy(), workers, worker)
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return Replicas(tf.distribute.MirroredStrategy([device.name for device in devices]))
    return Replicas(tf.distribute.get_strategy())


class Trainer:
    """Trains and measures a classifier on all replicas, with the figures of `model.fit` on a single one.

    The loss of a batch is the sum of its photos' weighted losses divided by their number, wherever they are, and
    batch normalisation takes its statistics over the whole batch.

    Args:
        replicas: Who takes part.
        model: From images to logits, made in the scope of `replicas.strategy`.
        optimizer: Made there too. Its variables are created here.
        loss: Of one-hot classes and logits; its `reduction` is not used.
    """

    def __init__(
        self,
        replicas: Replicas,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: keras.losses.Loss,
    ) -> None:
        self.replicas = replicas
        self._strategy, self._model, self._optimizer, self._loss = replicas.strategy, model, optimizer, loss
        for layer in model.layers:
            if replicas.count > 1 and isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True
        with self._strategy.scope():
            optimizer.build(model.trainable_variables)
            self._metrics = [keras.metrics.Mean("loss"), keras.metrics.CategoricalAccuracy("accuracy")]
        self._train_step = self._on_all_replicas(self._train)
        self._test_step = self._on_all_replicas(self._test)

    def train(self, batches: tf.data.Dataset, on_step: Callable[[int], None] | None = None) -> dict[str, float]:
        """Train for one epoch.

        Args:
            batches: Images, one-hot classes and weights (float32 [n]), as `Replicas.shard` gives them.
            on_step: Called after each step with the number of steps done.

        Returns:
            `loss` and `accuracy` over the epoch and all replicas, the same in every process.
        """
        return self._over(batches, self._train_step, on_step)

    def evaluate(self, batches: tf.data.Dataset, on_step: Callable[[int], None] | None = None) -> dict[str, float]:
        """Measure the model as it is. Arguments and result are those of `train`."""
        return self._over(batches, self._test_step, on_step)

    def _over(
        self, batches: tf.data.Dataset, step: Callable[[Any], None], on_step: Callable[[int], None] | None
    ) -> dict[str, float]:
        for metric in self._metrics:
            metric.reset_state()
        iterator = iter(self._strategy.distribute_datasets_from_function(lambda _: batches))
        steps = 0
        with suppress(tf.errors.OutOfRangeError):
            while True:
                step(iterator)
                steps += 1
                if on_step:
                    on_step(steps)
        return {metric.name: float(metric.result()) for metric in self._metrics}

    def _on_all_replicas(self, step: Callable[..., None]) -> Callable[[Any], None]:
        @tf.function
        def on_all(iterator: Any) -> None:
            batch = iterator.get_next()
            # Without this, what depends on no photo (weight decay, the count of steps) also happens at the end of data.
            with tf.control_dependencies(tf.nest.flatten(batch, expand_composites=True)):
                self._strategy.run(step, args=batch)

        return on_all

    def _train(self, images: Any, classes: Any, weights: Any) -> None:
        photos = _sum_over_replicas(tf.shape(images)[0])
        with tf.GradientTape() as tape:
            logits = self._model(images, training=True)
            losses = self._loss.call(classes, logits) * weights
            loss = self._optimizer.scale_loss(tf.reduce_sum(losses) / tf.cast(photos, losses.dtype))
        variables = self._model.trainable_variables
        self._optimizer.apply(tape.gradient(loss, variables), variables)  # adds up over the replicas
        self._measure(classes, logits, losses)

    def _test(self, images: Any, classes: Any, weights: Any) -> None:
        logits = self._model(images, training=False)
        self._measure(classes, logits, self._loss.call(classes, logits) * weights)

    def _measure(self, classes: Any, logits: Any, losses: Any) -> None:
        loss, accuracy = self._metrics
        loss.update_state(losses)
        accuracy.update_state(classes, logits)


@tf.function
def _barrier(strategy: tf.distribute.Strategy) -> Any:
    return strategy.run(lambda: _sum_over_replicas(tf.constant(1)))


def _sum_over_replicas(value: Any) -> Any:
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, value)
