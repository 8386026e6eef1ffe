"""Fine-tuning a backbone on the photos of a manifest, in two stages that can be interrupted and resumed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car_classifier.backbones import build_backbone, normalise
from car_classifier.calibration import fit_temperature
from car_classifier.files import write_atomically
from car_classifier.fitting import Stage, fit_resumably
from car_classifier.manifest import Split
from car_classifier.progress import progress_bar
from car_classifier.signatures import Classifier
from car_classifier.training_run import TrainingRun

HEAD_SPLITS: tuple[Split, Split] = ("train", "validation")


def train(run: TrainingRun) -> Classifier:
    """Train a classifier, or finish training it.

    Args:
        run: Settings, photos and folder.

    Returns:
        The classifier with its best weights, calibrated on the validation photos.

    Raises:
        UserError: The weights cannot be had or do not fit the net.
    """
    import keras

    config, counts = run.config, run.manifest.counts()
    run.console.print(
        f"{config.base}, {config.image_size[0]}×{config.image_size[1]} pixels, {len(run.labels)} classes, "
        + ", ".join(f"{counts[side]} {side}" for side in counts)
        + (" photos. Resuming an unfinished run." if run.is_resumed else " photos.")
    )
    keras.utils.set_random_seed(config.seed)
    net = build_backbone(run.backbone, config.image_size, config.weights, config.output_stride)
    head = keras.layers.Dense(len(run.labels), name="classifier")
    head.build((None, net.output_shape[-1]))
    if config.weights == "none":
        _prepare_random_net(net)
    else:
        _train_head(run, net, head)
    if config.stage == "all":
        _train_all(run, net, head)
    kernel, bias = (np.array(value) for value in head.get_weights())
    untempered = Classifier(run.backbone, net, kernel, bias, run.labels, run.manifest.makes(), 1.0, config.image_size)
    logits, classes = _logits(run, untempered, "validation")
    return replace(untempered, temperature=fit_temperature(logits, classes))


def _class_weights(run: TrainingRun) -> NDArray[np.float32]:
    """A weight for each class that makes all classes count alike, 1 on average over the photos."""
    if not run.config.class_weights:
        return np.ones(len(run.labels), np.float32)
    classes = run.paths_and_classes("train")[1]
    counts = np.bincount(classes, minlength=len(run.labels))
    return (len(classes) / (len(run.labels) * counts)).astype(np.float32)


# --- Head stage -------------------------------------------------------------------------------------------


def _pooled_features(run: TrainingRun, net: Any, split: Split) -> NDArray[np.float32]:
    """Pooled activations [n, channels] of a split's photos, computed once and kept in the run's folder."""
    path = run.folder / f"features_{split}.npy"
    if path.is_file():
        return np.load(path)
    features = _pool(run, net, split, f"Features of {split} photos")

    def write(target: Path) -> None:
        with target.open("wb") as file:
            np.save(file, features)

    write_atomically(path, write)
    return features


def _pool(run: TrainingRun, net: Any, split: Split, title: str) -> NDArray[np.float32]:
    """Pooled activations [n, channels] of a split's photos, with the net as it is now."""
    import tensorflow as tf

    from car_classifier.input_pipeline import photo_batches

    @tf.function(input_signature=[tf.TensorSpec([None, *run.config.image_size, 3], tf.float32)])
    def pooled(images: Any) -> Any:
        return tf.reduce_mean(net(normalise(run.backbone, images), training=False), axis=[1, 2])

    paths, classes = run.paths_and_classes(split)
    parts: list[NDArray[np.float32]] = []
    with progress_bar(title, run.console) as report:
        for images, _ in photo_batches(paths, classes, run.config.image_size, run.config.batch_size, None):
            parts.append(pooled(images).numpy())
            report(sum(len(part) for part in parts), len(paths))
    return np.concatenate(parts) if parts else np.zeros((0, net.output_shape[-1]), np.float32)


def _train_head(run: TrainingRun, net: Any, head: Any) -> None:
    """Train the classifier on cached features of the frozen backbone."""
    import keras

    config = run.config
    train_features, validation_features = (_pooled_features(run, net, side) for side in HEAD_SPLITS)
    train_classes, validation_classes = (run.paths_and_classes(side)[1] for side in HEAD_SPLITS)
    model = keras.Sequential([keras.layers.Input((net.output_shape[-1],)), head])
    model.compile(
        optimizer=keras.optimizers.AdamW(config.head_learning_rate, weight_decay=1e-2),
        loss=_loss(run),
        metrics=["accuracy"],
    )
    fit_resumably(
        model,
        Stage("head", run.folder, config.head_epochs, config.patience, run.console),
        x=train_features,
        y=_one_hot(run, train_classes),
        sample_weight=_class_weights(run)[train_classes],
        validation_data=(validation_features, _one_hot(run, validation_classes)),
        batch_size=config.batch_size,
    )


# --- All layers -------------------------------------------------------------------------------------------


def _prepare_random_net(net: Any) -> None:
    """Make a residual net learn from random weights within few epochs.

    The last convolution of each residual branch starts at zero, so that every block starts as the identity
    and the net as a shallow one (Goyal et al. 2017, https://arxiv.org/abs/1706.02677), and the running means
    of batch normalisation follow faster than their default of 100 steps.
    """
    import keras

    for layer in net.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
        if isinstance(layer, keras.layers.Conv2D) and layer.name.endswith("_3_conv"):
            layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])


def _train_all(run: TrainingRun, net: Any, head: Any) -> None:
    """Fine-tune the whole net."""
    import keras
    import tensorflow as tf

    from car_classifier.input_pipeline import augmentation, photo_batches

    config = run.config
    paths, classes = run.paths_and_classes("train")
    weights = _class_weights(run)
    augment = augmentation(config.image_size, config.seed)

    def prepared(images: Any, labels: Any) -> Any:
        return (
            normalise(run.backbone, images),
            tf.one_hot(labels, len(run.labels)),
            tf.gather(weights, labels),
        )

    training = photo_batches(paths, classes, config.image_size, config.batch_size, shuffle_seed=config.seed)
    # One call after the other: side by side, they would take random numbers in any order.
    training = training.map(lambda images, labels: prepared(augment(images, training=True), labels))
    validation = photo_batches(*run.paths_and_classes("validation"), config.image_size, config.batch_size, None)

    pooled = keras.layers.GlobalAveragePooling2D()(net.output)
    model = keras.Model(net.input, head(pooled))
    steps = -(-len(paths) // config.batch_size) * config.epochs
    warm_up = max(steps // 10, 1)
    rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 20,
        max(steps - warm_up, 1),
        0.01,
        warmup_target=config.learning_rate,
        warmup_steps=warm_up,
    )
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=_loss(run), metrics=["accuracy"], jit_compile=False)
    fit_resumably(
        model,
        Stage("all", run.folder, config.epochs, config.patience, run.console),
        x=training.prefetch(2),
        validation_data=validation.map(prepared),
        shuffle=False,  # the pipeline does that
    )


# --- Both -------------------------------------------------------------------------------------------------


def _one_hot(run: TrainingRun, classes: Sequence[int]) -> NDArray[np.float32]:
    return np.eye(len(run.labels), dtype=np.float32)[classes]


def _loss(run: TrainingRun) -> Any:
    import keras

    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=run.config.label_smoothing)


def _logits(run: TrainingRun, classifier: Classifier, split: Split) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits [n, classes] and true classes [n] of a split, with the net as it is now."""
    if run.config.stage == "head":  # the backbone is as it was
        features = _pooled_features(run, classifier.net, split)
    else:
        features = _pool(run, classifier.net, split, f"Calibrating on {split} photos")
    return features @ classifier.kernel + classifier.bias, np.array(run.paths_and_classes(split)[1])
