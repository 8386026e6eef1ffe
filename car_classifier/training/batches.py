"""The batches that a stage trains on: photos or cached features, with one-hot classes and weights."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from car_classifier.data.manifest import Split
from car_classifier.network.backbones import normalise
from car_classifier.training.distribution import Replicas
from car_classifier.training.feature_cache import Features
from car_classifier.training.mixing import mix_batches
from car_classifier.training.photos import PhotoSource
from car_classifier.training.run import TrainingRun


class TrainingBatches:
    """The photos of a run as batches for the trainer.

    The content of an epoch depends only on the run's seed and the number of the epoch. The methods `of_…` return a
    `tf.data.Dataset` of inputs of the net [n, …], one-hot classes, float32 [n, classes], and weights, float32 [n].

    Args:
        run: The photos and settings.
        replicas: The replicas that train; each is given its part of a batch.
    """

    def __init__(self, run: TrainingRun, replicas: Replicas) -> None:
        self._run, self._config, self._replicas = run, run.config, replicas
        self.sources: dict[Split, PhotoSource] = {}
        self.classes: dict[Split, NDArray[np.int64]] = {}
        for split in ("train", "validation"):
            paths, classes = run.paths_and_classes(split)
            self.sources[split] = PhotoSource(paths, classes, run.config.image_size, run.config.batch_size)
            self.classes[split] = np.array(classes)
        self._class_weights = _class_weights(run, self.classes["train"])

    def steps(self, batch_size: int) -> int:
        """Number of steps in an epoch."""
        return -(-len(self.classes["train"]) // batch_size)

    # --- Photos -------------------------------------------------------------------------------------------

    def of_photos(self, epoch: int) -> tf.data.Dataset:
        """One epoch of training photos, augmented and mixed."""
        photos = self.sources["train"].epoch(self._config.augmentation, self._config.seed, epoch)
        return self._labelled(self._normalised(photos), tf.float32, epoch)

    def of_validation_photos(self) -> tf.data.Dataset:
        """The validation photos, not augmented."""
        return self._labelled(self._normalised(self.sources["validation"].plain(is_repeated=True)), tf.float32)

    def _normalised(self, photos: tf.data.Dataset) -> tf.data.Dataset:
        return photos.map(lambda images, classes: (normalise(self._run.backbone, images), classes))

    # --- Features -----------------------------------------------------------------------------------------

    def of_features(self, views: Sequence[Features], dtype: Any, epoch: int) -> tf.data.Dataset:
        """One epoch of cached features, mixed. Each epoch takes the next view of a photo; its first view is random."""
        count = len(self.classes["train"])
        first = np.random.default_rng([self._config.seed, 0]).integers(len(views), size=count)
        order = self._order(epoch)
        return self._labelled(self._read("train", views, order, ((first + epoch) % len(views))[order]), dtype, epoch)

    def of_validation_features(self, features: Features, dtype: Any) -> tf.data.Dataset:
        """Cached features of the validation photos."""
        order = np.arange(len(self.classes["validation"]))
        return self._labelled(self._read("validation", [features], order, np.zeros_like(order)), dtype)

    def of_pooled(self, split: Split, pooled: NDArray[np.float16], batch_size: int, epoch: int = 0) -> tf.data.Dataset:
        """Pooled features held in memory: one epoch of the training photos, or the validation photos in order."""
        order = self._order(epoch) if split == "train" else np.arange(len(pooled))
        data = tf.data.Dataset.from_tensor_slices((pooled[order], self.classes[split][order]))
        return self._labelled(data.batch(batch_size), tf.float32)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """The order of the training photos in an epoch."""
        return np.random.default_rng([self._config.seed, epoch]).permutation(len(self.classes["train"]))

    def _read(
        self, split: Split, views: Sequence[Features], order: NDArray[np.int64], which: NDArray[np.int64]
    ) -> tf.data.Dataset:
        """Batches of the photos' features in the given order, each photo from the view that `which` names."""

        def read(indices: NDArray[np.int64], which: NDArray[np.int64]) -> NDArray[np.float16]:
            batch = np.empty((len(indices), *views[0].shape), np.float16)
            for view in np.unique(which):
                batch[which == view] = views[view].read(indices[which == view])
            return batch

        def batch(indices: Any, which: Any) -> Any:
            features = tf.numpy_function(read, [indices, which], tf.float16)
            return tf.ensure_shape(features, [None, *views[0].shape]), tf.gather(self.classes[split], indices)

        data = tf.data.Dataset.from_tensor_slices((order, which)).batch(self._config.batch_size)
        return data.map(batch, num_parallel_calls=2).prefetch(2)

    # --- Both ---------------------------------------------------------------------------------------------

    def _labelled(self, batches: tf.data.Dataset, dtype: Any, mixed_in_epoch: int | None = None) -> tf.data.Dataset:
        """Batches in the form that the trainer takes, mixed if an epoch is given."""
        classes, config = len(self._run.labels), self._config
        data = batches.map(lambda x, y: (tf.cast(x, dtype), tf.one_hot(y, classes)), num_parallel_calls=2)
        if mixed_in_epoch is not None:
            mixup, cutmix = config.augmentation.mixup, config.augmentation.cutmix
            data = mix_batches(data, classes, mixup, cutmix, config.seed, mixed_in_epoch)
        data = data.map(lambda x, y: (x, y, tf.linalg.matvec(y, self._class_weights)))
        return self._replicas.shard(data).prefetch(2)


def _class_weights(run: TrainingRun, classes: NDArray[np.int64]) -> NDArray[np.float32]:
    """A weight for each class that makes all classes count equally; the mean over all photos is 1."""
    count = len(run.labels)
    if not run.config.class_weights:
        return np.ones(count, np.float32)
    photos = np.bincount(classes, minlength=count)
    return (len(classes) / (count * photos)).astype(np.float32)
