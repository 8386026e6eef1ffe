"""Fine-tuning a backbone on the photos of a manifest, stage by stage; interrupted, it goes on where it was."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from car_classifier.augmentation import NO_AUGMENTATION
from car_classifier.backbones import build_backbone, normalise
from car_classifier.calibration import fit_temperature
from car_classifier.distribution import Replicas, Trainer, replicas_of
from car_classifier.feature_cache import FeatureCache, Features
from car_classifier.fitting import Stage, fit_resumably
from car_classifier.input_pipeline import PhotoSource
from car_classifier.manifest import Split
from car_classifier.mixing import mix_batches
from car_classifier.net_surgery import fold_batch_norms, in_precision, split_at_frozen, unfreeze
from car_classifier.optimizer import CLASSIFIER_LAYER, make_optimizer
from car_classifier.precision import dtype_policy
from car_classifier.progress import progress_bar
from car_classifier.signatures import Classifier
from car_classifier.training_config import ALL, HEAD, TrainingConfig
from car_classifier.training_run import TrainingRun

HEAD_BATCH = 32
"""Photos in a step of the head stage, whatever the batch size of the rest: it costs nothing."""


def train(run: TrainingRun) -> Classifier:
    """Train a classifier, or finish training it.

    Args:
        run: Settings, photos and folder.

    Returns:
        The classifier with its best weights, calibrated on the validation photos.

    Raises:
        UserError: The weights cannot be had or do not fit the net, a photo cannot be read, or the loss is lost.
    """
    return _Training(run).train()


class _Training:
    """What the stages of a run share."""

    def __init__(self, run: TrainingRun) -> None:
        self.run, self.config = run, run.config
        self.replicas: Replicas = replicas_of(run.config.strategy)
        self.policy = dtype_policy(run.config.precision)
        self.cache = FeatureCache(run.state_folder / "features")
        self.sources = {split: self._source(split) for split in ("train", "validation")}
        self.classes = {split: np.array(run.paths_and_classes(split)[1]) for split in ("train", "validation")}
        self.class_weights = _class_weights(run.config, self.classes["train"], len(run.labels))

    def train(self) -> Classifier:
        run, config = self.run, self.config
        counts = run.manifest.counts()
        run.console.print(
            f"{config.base}, {config.image_size[0]}×{config.image_size[1]} pixels, {self.policy}, "
            f"{len(run.labels)} classes, "
            + ", ".join(f"{counts[side]} {side}" for side in counts)
            + (" photos. Resuming an unfinished run." if run.is_resumed else " photos.")
        )
        keras.utils.set_random_seed(config.seed)
        net = build_backbone(run.backbone, config.image_size, config.weights, config.output_stride)
        with self.replicas.strategy.scope():
            head = keras.layers.Dense(len(run.labels), name=CLASSIFIER_LAYER, dtype="float32")
            head.build((None, net.output_shape[-1]))
            if config.weights == "none":
                _prepare_random_net(net)
            # Arithmetic in the device's own format; what is published calculates in float32.
            trained = in_precision(net, self.policy)
        if config.weights == "none":
            self._fine_tune(trained, head, ALL, 1)
        else:
            for stage in config.unfreeze:  # patterns that match nothing are told before the work, not after it
                unfreeze(trained, _patterns(stage))
            self._train_head(trained, head)
            for place, stage in enumerate(config.unfreeze, start=1):
                if stage != HEAD:
                    unfreeze(trained, _patterns(stage))
                    self._fine_tune(trained, head, stage, place)
        net.set_weights(trained.get_weights())
        net = fold_batch_norms(net)
        kernel, bias = (np.array(value) for value in head.get_weights())
        classifier = Classifier(
            run.backbone, net, kernel, bias, run.labels, run.manifest.makes(), 1.0, config.image_size
        )
        return replace(classifier, temperature=self._temperature(net, head))

    # --- Head stage ---------------------------------------------------------------------------------------

    def _train_head(self, net: Any, head: Any) -> None:
        """Train the classifier on cached features of the frozen backbone."""
        frozen = self._frozen(net)
        pooled = keras.Model(frozen.input, _pooled(frozen.output))
        features = {split: self._features(pooled, "pooled features", split, 0) for split in ("train", "validation")}
        with self.replicas.strategy.scope():
            inputs = keras.layers.Input(pooled.output_shape[1:])
            model = keras.Model(inputs, head(inputs))
        held = {split: found.read(range(len(self.classes[split]))) for split, found in features.items()}

        def batches(split: Split, order: NDArray[np.int64]) -> tf.data.Dataset:
            data = tf.data.Dataset.from_tensor_slices((held[split][order], self.classes[split][order]))
            return self._labelled(data.batch(HEAD_BATCH), tf.float32)

        self._fit(
            model,
            Stage(HEAD, 0, self.run.folder, self.config.head_epochs, self.config.head_epochs, self.run.console),
            self.config.head_learning_rate,
            -(-len(self.classes["train"]) // HEAD_BATCH),
            lambda epoch: batches("train", self._order(epoch)),
            batches("validation", np.arange(len(self.classes["validation"]))),
        )

    def _frozen(self, net: Any) -> Any:
        """A net that is not trained, with as little work as possible."""
        return in_precision(fold_batch_norms(net), self.policy)

    # --- Fine-tuning --------------------------------------------------------------------------------------

    def _fine_tune(self, net: Any, head: Any, name: str, place: int) -> None:
        """Train what is unfrozen, on photos or on cached features of what is frozen."""
        config = self.config
        lower, upper = split_at_frozen(net)
        frozen = None if lower is None else self._frozen(lower)
        with self.replicas.strategy.scope():
            if frozen is None or config.views:
                model = keras.Model(upper.input, head(_pooled(upper.output)))
            else:
                model = keras.Model(frozen.input, head(_pooled(upper(frozen.output))))
        if frozen is None or not config.views:

            def images(data: tf.data.Dataset) -> tf.data.Dataset:
                return data.map(lambda photos, classes: (normalise(self.run.backbone, photos), classes))

            def batches(epoch: int) -> tf.data.Dataset:
                return images(self.sources["train"].epoch(config.augmentation, config.seed, epoch))

            validation = images(self.sources["validation"].plain())
        else:
            views = [self._features(frozen, f"features for {name}", "train", view) for view in range(config.views)]
            plain = self._features(frozen, f"features for {name}", "validation", 0)

            def batches(epoch: int) -> tf.data.Dataset:
                return self._feature_batches(views, "train", self._order(epoch), epoch)

            validation = self._feature_batches([plain], "validation", np.arange(len(self.classes["validation"])), 0)
        self._fit(
            model,
            Stage(name, place, self.run.folder, config.epochs, config.patience, self.run.console),
            config.learning_rate,
            -(-len(self.classes["train"]) // config.batch_size),
            lambda epoch: self._labelled(batches(epoch), model.input.dtype, mix_epoch=epoch),
            self._labelled(validation, model.input.dtype),
        )

    def _fit(
        self,
        model: Any,
        stage: Stage,
        rate: float,
        steps: int,
        batches: Callable[[int], tf.data.Dataset],
        validation: tf.data.Dataset,
    ) -> None:
        with self.replicas.strategy.scope():
            optimizer: Any = make_optimizer(self.config, rate, stage.epochs, steps)
            if self.policy == "mixed_float16":
                optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
            loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=self.config.label_smoothing)
            trainer = Trainer(self.replicas, model, optimizer, loss)
        try:
            fit_resumably(
                trainer, model, optimizer, replace(stage, is_chief=self.replicas.is_chief), steps, batches, validation
            )
        except tf.errors.OpError as error:
            raise self._explained(error) from error

    # --- Batches ------------------------------------------------------------------------------------------

    def _source(self, split: Split) -> PhotoSource:
        paths, classes = self.run.paths_and_classes(split)
        return PhotoSource(paths, classes, self.config.image_size, self.config.batch_size)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """The order of the training photos in an epoch."""
        return np.random.default_rng([self.config.seed, epoch]).permutation(len(self.classes["train"]))

    def _feature_batches(
        self, views: Sequence[Features], split: Split, order: NDArray[np.int64], epoch: int
    ) -> tf.data.Dataset:
        """Cached features in an order; each epoch takes the next view of a photo, from a random first one on."""
        first = np.random.default_rng([self.config.seed, 0]).integers(len(views), size=len(order))
        which = ((first + epoch) % len(views))[order]

        def read(indices: NDArray[np.int64], which: NDArray[np.int64]) -> NDArray[np.float16]:
            batch = np.empty((len(indices), *views[0].shape), np.float16)
            for view in np.unique(which):
                batch[which == view] = views[view].read(indices[which == view])
            return batch

        def batch(indices: Any, which: Any) -> Any:
            features = tf.numpy_function(read, [indices, which], tf.float16)
            classes = tf.gather(self.classes[split], indices)
            return tf.ensure_shape(features, [None, *views[0].shape]), classes

        data = tf.data.Dataset.from_tensor_slices((order, which))
        return data.batch(self.config.batch_size).map(batch, num_parallel_calls=2).prefetch(2)

    def _labelled(self, batches: tf.data.Dataset, dtype: Any, mix_epoch: int | None = None) -> tf.data.Dataset:
        """Batches as the trainer takes them: what the net is given, one-hot classes and weights."""
        classes, config = len(self.run.labels), self.config
        data = batches.map(lambda x, y: (tf.cast(x, dtype), tf.one_hot(y, classes)), num_parallel_calls=2)
        if mix_epoch is not None:
            data = mix_batches(data, classes, config.mixup, config.cutmix, config.seed, mix_epoch)
        return self.replicas.share(data.map(lambda x, y: (x, y, tf.linalg.matvec(y, self.class_weights)))).prefetch(2)

    # --- Cached features ----------------------------------------------------------------------------------

    def _features(self, part: Any, what: str, split: Split, view: int) -> Features:
        """What a frozen part of the net makes of a split's photos; view 0 is the photos themselves."""
        run, config = self.run, self.config
        shape = part.output_shape[1:]
        augmentation = config.augmentation if view else NO_AUGMENTATION
        depends_on = {
            "photos": run.photos_key(split),
            "net": [config.base, run.weights_sha256, config.output_stride, self.policy, what],
            "weights": _fingerprint(part),
            "input": list(config.image_size),
            "output": [part.layers[-1].name, *shape],
            "view": [view, config.seed, vars(augmentation)] if view else 0,
        }
        run_part = tf.function(
            lambda photos: tf.cast(part(normalise(run.backbone, photos), training=False), tf.float16),
            input_signature=[tf.TensorSpec([None, *config.image_size, 3], tf.float32)],
        )

        def batches(start: int) -> Iterator[NDArray[np.float16]]:
            source = self.sources[split]
            photos = source.view(augmentation, config.seed, view) if view else source.plain()
            size = config.batch_size
            for i, (images, _) in enumerate(photos.skip(start // size)):
                found = run_part(images).numpy()
                yield found[start % size :] if i == 0 else found

        title = f"{split.capitalize()} photos, {what}" + (f", view {view}" if view else "")
        with progress_bar(title, run.console) as report:
            try:
                return self.cache.features(depends_on, len(self.classes[split]), shape, batches, report)
            except tf.errors.OpError as error:
                raise self._explained(error) from error

    def _explained(self, error: tf.errors.OpError) -> Exception:
        """A sentence for what made a stage fail, if a photo did."""
        for source in self.sources.values():
            try:
                return source.explain_failure(error)
            except tf.errors.OpError:  # not one of these photos
                continue
        return error

    def _temperature(self, net: Any, head: Any) -> float:
        """The temperature that calibrates the classifier, as it will be served, on the validation photos."""
        pooled = keras.Model(net.input, _pooled(net.output))
        features = self._features(pooled, "calibration", "validation", 0)
        kernel, bias = head.get_weights()
        logits = features.read(range(len(self.classes["validation"]))).astype(np.float32) @ kernel + bias
        return fit_temperature(logits, self.classes["validation"])


def _pooled(activations: Any) -> Any:
    return keras.layers.GlobalAveragePooling2D(dtype="float32")(activations)


def _patterns(stage: str) -> list[str] | None:
    """The patterns of a stage; None for all layers."""
    return None if stage == ALL else [] if stage == HEAD else [part.strip() for part in stage.split(",")]


def _fingerprint(part: Any) -> str:
    """What tells a net's weights from any others."""
    digest = hashlib.sha256()
    for weights in part.get_weights():
        digest.update(np.ascontiguousarray(weights).tobytes())
    return digest.hexdigest()


def _class_weights(config: TrainingConfig, classes: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    """A weight for each class that makes all classes count alike, 1 on average over the photos."""
    if not config.class_weights:
        return np.ones(count, np.float32)
    photos = np.bincount(classes, minlength=count)
    return (len(classes) / (count * photos)).astype(np.float32)


def _prepare_random_net(net: Any) -> None:
    """Make a residual net learn from random weights within few epochs.

    The last convolution of each residual branch starts at zero, so that every block starts as the identity
    and the net as a shallow one (Goyal et al. 2017, https://arxiv.org/abs/1706.02677), and the running means
    of batch normalisation follow faster than their default of 100 steps.
    """
    for layer in net.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
        if isinstance(layer, keras.layers.Conv2D) and layer.name.endswith("_3_conv"):
            layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])
