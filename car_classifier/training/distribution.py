"""Training one net on several GPUs or machines, with the result of a single one.

Every replica (a GPU, or the CPU of a machine without one) holds the net and trains on its part of each batch;
`tf.distribute` sums the gradients. `model.fit` is not used because in Keras 3 it does not support several machines
(https://github.com/keras-team/keras/issues/20585), averages the replicas' mean losses without weighting them by their
numbers of photos, and overwrites the weights with their moving average at the end of each call.
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
    """The replicas that train one net together, from the point of view of one process.

    Attributes:
        strategy: TensorFlow's strategy; the net, its optimizer and the trainer are made in its `scope()`.
        workers: Number of processes.
        worker: Index of this process, from 0.
    """

    strategy: tf.distribute.Strategy
    workers: int = 1
    worker: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this is the process that writes files."""
        return self.worker == 0

    @property
    def count(self) -> int:
        """Number of replicas in all processes."""
        return int(self.strategy.num_replicas_in_sync)

    def shard(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """The parts of each batch that the replicas of this process take.

        If `batches` holds indices or paths, each process loads only its own photos. If it holds photos, each process
        loads all of them; this is necessary where the photos of a batch are mixed with each other.

        Args:
            batches: Batches for all replicas together, the same in every process: tuples of tensors [n, ...]. The
                last may be smaller. A batch with fewer rows than replicas goes to every replica as a whole; this
                does not change the training, but its rows count several times in the metrics.

        Returns:
            Batches for `Trainer`, one for each replica of this process in turn; their sizes differ by at most 1.
        """
        if self.count == 1:
            return batches
        local = self.count // self.workers

        def shards(*batch: Any) -> tf.data.Dataset:
            size = tf.shape(batch[0])[0]

            def shard(replica: Any) -> tuple[Any, ...]:
                indices = tf.range(tf.cast(replica, tf.int32), size, self.count)
                indices = tf.cond(size < self.count, lambda: tf.range(size), lambda: indices)
                return tuple(tf.gather(rows, indices) for rows in batch)

            return tf.data.Dataset.range(self.worker * local, (self.worker + 1) * local).map(shard)

        return batches.flat_map(shards)

    def wait_for_all(self) -> None:
        """Return once every process has called this, for instance before reading files that the chief has written."""
        if self.workers > 1:
            _barrier(self.strategy)


def replicas_of(name: StrategyName) -> Replicas:
    """Set up the replicas; to be called before TensorFlow computes anything.

    Args:
        name: `none` for one device, `mirrored` for all GPUs of this machine (or its CPU), or `multiworker` for all
            machines in the environment variable `TF_CONFIG`, which this then waits for.

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
    """Trains and evaluates a classifier on all replicas, with the metrics of `model.fit` on a single one.

    The loss of a batch is the sum of its photos' weighted losses divided by the number of photos on all replicas, and
    batch normalisation takes its statistics over the whole batch.

    Args:
        replicas: The replicas.
        model: From images to logits, made in the scope of `replicas.strategy`.
        optimizer: Made in the same scope. Its variables are created here.
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
            batches: Images, one-hot classes and weights (float32 [n]) from `Replicas.shard`.
            on_step: Called after each step with the number of steps done.

        Returns:
            `loss` and `accuracy` over the epoch and all replicas, the same in every process.
        """
        return self._over(batches, self._train_step, on_step)

    def evaluate(self, batches: tf.data.Dataset, on_step: Callable[[int], None] | None = None) -> dict[str, float]:
        """Evaluate the model without changing it. Arguments and result are those of `train`."""
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
        return self.figures()

    def figures(self) -> dict[str, float]:
        """`loss` and `accuracy` over the batches so far."""
        return {metric.name: float(metric.result()) for metric in self._metrics}

    def _on_all_replicas(self, step: Callable[..., None]) -> Callable[[Any], None]:
        @tf.function(autograph=False)
        def on_all(iterator: Any) -> None:
            batch = iterator.get_next()
            # Without this, operations that depend on no photo (weight decay, counting steps) run once more at the end.
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
        self._optimizer.apply(tape.gradient(loss, variables), variables)  # sums over the replicas
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
