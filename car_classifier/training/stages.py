"""Training in stages: first the head, then more and more of the net; an interrupted run resumes where it stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from car_classifier.network.backbones import build_backbone
from car_classifier.network.closed_form import pooled_linear
from car_classifier.network.head import build_head
from car_classifier.network.map_extent import map_extent
from car_classifier.network.signatures import Classifier
from car_classifier.network.surgery import fold_batch_norms, in_precision, prepare_random_net, split_at_frozen, unfreeze
from car_classifier.network.two_layers import head_input, head_layers
from car_classifier.training.batches import TrainingBatches
from car_classifier.training.broken_photos import despite_broken_photos, leave_out_unreadable
from car_classifier.training.calibration import NOT_APPLIED, choose_temperature
from car_classifier.training.closed_form_head import (
    ClosedFormHead,
    fit_head,
    near_duplicate_groups,
    read_head,
    write_head,
)
from car_classifier.training.config import ALL, HEAD
from car_classifier.training.distribution import Trainer, replicas_of
from car_classifier.training.epochs import Stage, fit_resumably, write_history
from car_classifier.training.frozen_part import FrozenPart, PooledFeatures
from car_classifier.training.learning_curve import LearningCurve
from car_classifier.training.optimizer import make_optimizer
from car_classifier.training.precision import dtype_policy
from car_classifier.training.run import TrainingRun
from car_classifier.training.run_features import RunFeatures
from car_classifier.training.watch import Watch

HEAD_BATCH = 32
"""Photos in a step of the head stage, whatever the batch size of the other stages: small steps are cheap there."""


@dataclass(frozen=True)
class Snapshot:
    """An action on the classifier in the middle of a training from random weights.

    Attributes:
        epoch: The epoch, from 1, after which it is taken; a training that is resumed later does not take it again.
        take: Called with the classifier as it would be if this epoch were the last and the best.
    """

    epoch: int
    take: Callable[[Classifier], object]


def train(run: TrainingRun, snapshot: Snapshot | None = None) -> Classifier:
    """Train a classifier, or finish training it.

    Args:
        run: Settings, photos and folder.
        snapshot: An action in the middle, if one is wanted.

    Returns:
        The classifier with its best weights, calibrated on the validation photos.

    Raises:
        UserError: The weights cannot be downloaded or do not fit the net, a photo cannot be read, or the loss is no
            longer a number.
    """
    return Training(run, snapshot).train()


class Training:
    """The stages of a run, and the objects that they share."""

    def __init__(self, run: TrainingRun, snapshot: Snapshot | None = None) -> None:
        self.run, self.config, self.snapshot = run, run.config, snapshot
        self.replicas = replicas_of(run.config.strategy)
        run.begin_stage()
        leave_out_unreadable(run)  # after the strategy, which must be the first use of TensorFlow
        self.policy = dtype_policy(run.config.precision)
        self.batches = TrainingBatches(run, self.replicas)
        self.features = RunFeatures(run, self.batches, self.replicas)
        self.watch = Watch(run, is_on=self.replicas.workers == 1)

    def train(self) -> Classifier:
        """All stages; see the function `train`."""
        run, config = self.run, self.config
        counts = run.manifest.counts()
        run.console.print(
            f"{config.base}, {config.image_size[0]}×{config.image_size[1]} pixels, {self.policy}, "
            f"{len(run.labels)} classes, "
            + ", ".join(f"{count} {split}" for split, count in counts.items())
            + (" photos. Resuming an unfinished run." if run.is_resumed else " photos.")
        )
        if config.strategy == "mirrored" and self.replicas.count == 1:
            run.console.print("Note: --strategy mirrored finds one device only.", style="yellow")
        keras.utils.set_random_seed(config.seed)
        net = build_backbone(run.backbone, config.image_size, config.weights, config.output_stride)
        if config.weights == "none":
            prepare_random_net(net)
        else:
            for stage in config.unfreeze:  # patterns that match nothing are an error before the work, not after it
                unfreeze(net, _patterns(stage))
        run.begin_stage()
        closed_form = self.fit_head(net) if config.has_closed_form_head else None
        if closed_form is not None:
            net = head_input(net, run.backbone.finer_layer, closed_form.layer_weights)
        with self.replicas.strategy.scope():
            head = build_head(net.output_shape[1:], len(run.labels), config.hidden_units)
            # Training calculates in the device's own format, the published net in float32.
            trained = in_precision(net, self.policy)
        if config.weights == "none":
            self.fine_tune(trained, head, ALL, 1, lambda: self._classifier(net, trained, head))
        else:
            if closed_form is None:
                self.train_head(trained, head)
            else:
                head.set_weights([closed_form.kernel, closed_form.bias])
                self._watched(HEAD, 0, trained, head, trained, _unchanged)(1)
            for place, stage in enumerate(config.unfreeze, start=1):
                if stage != HEAD:
                    run.begin_stage()
                    unfreeze(trained, _patterns(stage))
                    self.fine_tune(trained, head, stage, place)
        run.begin_stage()
        return self._classifier(net, trained, head)

    def _classifier(self, net: Any, trained: Any, head: Any) -> Classifier:
        """The classifier as it is now, in its published form and calibrated."""
        run = self.run
        net.set_weights(trained.get_weights())
        net = fold_batch_norms(net)
        classifier = Classifier(run.backbone, net, head, run.labels, run.manifest.makes(), 1.0, self.config.image_size)
        if run.has_closed_form:
            return classifier  # calibrated on training photos that it had not seen
        return replace(classifier, temperature=self._temperature(classifier))

    def fit_head(self, net: Any) -> ClosedFormHead:
        """Choose and fit the classifier in closed form, or read it if that is done. The chief does it for all."""
        run, path = self.run, self.run.closed_form_path
        if self.replicas.is_chief and not path.is_file():
            started = time.perf_counter()
            layers = head_layers(net, run.backbone.finer_layer)
            pooled = PooledFeatures(fold_batch_norms(net), run.backbone, self.policy, run.feature_folder, layers)
            classes, groups = self.batches.classes["train"], near_duplicate_groups(run.manifest.split("train"))

            def curve() -> LearningCurve:
                run.live.restart_curve()
                width, seed = pooled.widths[-1], self.config.seed
                return LearningCurve(classes, groups, len(run.labels), width, seed, run.live.record_point)

            features = {
                "train": self.features.pooled(pooled, "train", curve),
                "validation": self.features.pooled(pooled, "validation"),
            }
            with run.live.bar("Choosing layers and shrinkage") as report:
                head = fit_head(
                    features["train"],
                    classes,
                    groups,
                    len(run.labels),
                    pooled.widths,
                    self.config.seed,
                    report,
                )
            measured = head.measured_on(features["validation"], self.batches.classes["validation"])
            stage = Stage(HEAD, 0, run.folder, 1, 1, run.live)
            write_history(stage, 1, measured | {"learning_rate": 0.0}, time.perf_counter() - started)
            run.console.print(f"  {head.in_words()}", highlight=False)
            hashes = (row.sha256 for row in run.manifest.split("train"))
            photos = dict(zip(hashes, classes.tolist(), strict=True))
            write_head(path, replace(head.of_used_layers(), layers=pooled.layers, policy=self.policy, photos=photos))
        self.replicas.wait_for_all()
        return read_head(path)

    def train_head(self, net: Any, head: Any) -> None:
        """Train the classifier on cached features of the frozen net."""
        frozen, dense = self.frozen(net), pooled_linear(head.layers)
        if dense is None:  # the head takes the activations, which are too large to hold in memory
            title, lower = "activations", frozen
        else:
            title, lower = "pooled features", keras.Model(frozen.input, _pooled(frozen.output))
        part = FrozenPart(lower, self.run.backbone)
        train, plain = (self.features.activations(part, title, split) for split in ("train", "validation"))
        with self.replicas.strategy.scope():
            inputs = keras.layers.Input(part.shape)
            model = keras.Model(inputs, (dense or head)(inputs))
        if dense is None:
            batch_size = self.config.batch_size
            validation = partial(self.batches.of_validation_features, plain, tf.float32)
            batches = partial(self.batches.of_features, [train], tf.float32)
        else:
            batch_size = HEAD_BATCH
            validation = partial(self.batches.of_pooled, "validation", plain.read_all(), HEAD_BATCH)
            batches = partial(self.batches.of_pooled, "train", train.read_all(), HEAD_BATCH)
        epochs = self.config.head_epochs
        stage = Stage(HEAD, 0, self.run.folder, epochs, epochs, self.run.live, batch_size)
        watched = self._watched(HEAD, 0, net, head, frozen, _unchanged)
        self._fit(model, stage, self.config.head_learning_rate, batches, validation, watched)

    def fine_tune(
        self, net: Any, head: Any, name: str, place: int, classifier: Callable[[], Classifier] | None = None
    ) -> None:
        """Train the unfrozen layers, on photos or on cached features of the frozen part.

        The function `classifier` makes what the snapshot takes.
        """
        config = self.config
        lower, upper = split_at_frozen(net)
        frozen = None if lower is None else self.frozen(lower)
        is_cached = frozen is not None and config.views > 0
        validation: Callable[[], tf.data.Dataset] = self.batches.of_validation_photos
        with self.replicas.strategy.scope():
            if frozen is None or is_cached:
                model = keras.Model(upper.input, head(upper.output))
            else:
                model = keras.Model(frozen.input, head(upper(frozen.output)))
        if is_cached:
            title, dtype = f"features for {name}", model.input.dtype
            part = FrozenPart(frozen, self.run.backbone)
            views = [self.features.activations(part, title, "train", view) for view in range(config.views)]
            plain = self.features.activations(part, title, "validation")
            validation = partial(self.batches.of_validation_features, plain, dtype)
        watched = self._watched(name, place, net, head, _unchanged if frozen is None else frozen, upper)

        def after_epoch(epoch: int) -> None:
            watched(epoch)
            if classifier and self.snapshot and epoch == self.snapshot.epoch:
                self.snapshot.take(classifier())

        self._fit(
            model,
            Stage(
                name,
                place,
                self.run.folder,
                config.epochs,
                config.patience,
                self.run.live,
                config.batch_size,
                counts_start=config.weights != "none",
            ),
            config.learning_rate,
            (lambda epoch: self.batches.of_features(views, dtype, epoch)) if is_cached else self.batches.of_photos,
            validation,
            after_epoch,
        )

    def _watched(
        self, stage: str, place: int, net: Any, head: Any, prepare: Callable[..., Any], activations: Callable[..., Any]
    ) -> Callable[[int], None]:
        """The function that shows the watched photos after an epoch; its arguments are those of `Watch.of_stage`."""
        return self.watch.of_stage(
            stage,
            place,
            head,
            map_extent(net),
            lambda images: prepare(images, training=False),
            lambda prepared: activations(prepared, training=False),
        )

    def _fit(
        self,
        model: Any,
        stage: Stage,
        rate: float,
        batches: Callable[[int], tf.data.Dataset],
        validation: Callable[[], tf.data.Dataset],
        after_epoch: Callable[[int], None],
    ) -> None:
        steps = self.batches.steps(stage.batch_size)
        start = [keras.ops.convert_to_numpy(variable) for variable in model.variables]

        def fit() -> None:
            for variable, value in zip(model.variables, start, strict=True):
                variable.assign(value)
            with self.replicas.strategy.scope():
                optimizer: Any = make_optimizer(self.config, rate, stage.epochs, steps)
                if self.policy == "mixed_float16":
                    optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
                loss = keras.losses.CategoricalCrossentropy(
                    from_logits=True, label_smoothing=self.config.label_smoothing
                )
                trainer = Trainer(self.replicas, model, optimizer, loss)
            fit_resumably(trainer, model, optimizer, stage, steps, batches, validation(), after_epoch)

        despite_broken_photos(self.run, self.batches.sources.values(), fit)

    def frozen(self, net: Any) -> Any:
        """A copy of a net that is not trained, made as fast as possible."""
        return in_precision(fold_batch_norms(net), self.policy)

    def _temperature(self, classifier: Classifier) -> float:
        """The temperature that calibrates a classifier, in its published form, on the validation photos."""
        net = classifier.net
        part = FrozenPart(keras.Model(net.input, classifier.head(net.output)), self.run.backbone)
        logits = self.features.activations(part, "calibration", "validation").read_all().astype(np.float32)
        groups = near_duplicate_groups(self.run.manifest.split("validation"))
        temperature = choose_temperature(logits, self.batches.classes["validation"], groups)
        if temperature == 1:
            self.run.console.print(NOT_APPLIED, highlight=False)
        return temperature


def _unchanged(images: Any, training: bool = False) -> Any:  # noqa: ARG001 (called as nets are)
    return images


def _pooled(activations: Any) -> Any:
    return keras.layers.GlobalAveragePooling2D(dtype="float32")(activations)


def _patterns(stage: str) -> list[str] | None:
    """The patterns of a stage; None for all layers."""
    return None if stage == ALL else [] if stage == HEAD else [part.strip() for part in stage.split(",")]
