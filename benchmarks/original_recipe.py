"""The recipe of the 2020 series on the photos of a manifest, for a given number of minutes.

Photos are cropped or padded to 224×224 (a wide photo loses a third), one coin toss for the whole run decides on
augmentation, the shuffle buffer holds 32 photos, all layers are trained with their batch norms, Adam runs at 1e-4
without a schedule or weight decay, class weights are balanced, and batches have 32 photos. The net's own preprocessing
stands in for the scaling to -1 … 1 that ResNet50V2 needs. The epoch with the lowest validation loss is kept, as by the
recipe's early stopping.
"""

import random
import time
from pathlib import Path
from typing import Any

import numpy as np

from car_classifier.data.manifest import Manifest, Split, class_indices, read_manifest

SIZE = 224
BATCH_SIZE = 32
AUGMENTED = 0.7
"""Probability that the coin switches augmentation on."""


def run(manifest_path: Path, base: str, weights: str, minutes: float, seed: int) -> None:
    """Train for that many minutes, and print each epoch's accuracy on the validation photos."""
    import keras

    from car_classifier.evaluation.metrics import calibration
    from car_classifier.network.backbones import build_backbone, find_backbone
    from car_classifier.training.precision import dtype_policy

    keras.utils.set_random_seed(seed)
    keras.mixed_precision.set_global_policy(dtype_policy("auto"))
    manifest, backbone = read_manifest(manifest_path), find_backbone(base)
    net = build_backbone(backbone, (SIZE, SIZE), weights)
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(net.output)
    model = keras.Model(net.input, keras.layers.Dense(len(manifest.labels), "softmax", dtype="float32")(pooled))
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])

    augmented = random.Random(seed).random() < AUGMENTED  # noqa: S311
    train, _ = _batches(manifest, "train", backbone, augmented)
    validation, truth = _batches(manifest, "validation", backbone, False)
    photos = np.bincount(_classes(manifest, "train"))
    class_weight = {i: photos.sum() / (len(photos) * count) for i, count in enumerate(photos)}

    began, best = time.monotonic(), float("inf")

    class Watch(keras.callbacks.Callback):
        """Ends training when the time is up."""

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 (names are Keras')
            self.model.stop_training = time.monotonic() - began > 60 * minutes

    print(f"{base}, all layers, augmentation {'on' if augmented else 'off'}, {len(truth)} validation photos")
    while time.monotonic() - began < 60 * minutes:
        figures = model.fit(train, verbose=0, class_weight=class_weight, callbacks=[Watch()]).history
        probabilities = model.predict(validation, verbose=0)
        measured = calibration(probabilities, truth)
        loss = measured["nll"]
        order = np.argsort(-probabilities, axis=1)
        hits = order[:, 0] == truth
        print(
            f"{(time.monotonic() - began) / 60:5.1f} min ({time.process_time() / 60:.1f} of a core): "
            f"train accuracy {figures['accuracy'][-1]:.3f}, "
            f"validation loss {loss:.3f}{' (best)' if loss < best else ''}, top-1 {hits.mean():.3f}, "
            f"top-5 {(order[:, :5] == truth[:, None]).any(axis=1).mean():.3f}, calibration error {measured['ece']:.3f}",
            flush=True,
        )
        best = min(best, loss)


def _classes(manifest: Manifest, split: Split) -> list[int]:
    return class_indices(manifest.split(split), manifest.labels)


def _batches(manifest: Manifest, split: Split, backbone: Any, augmented: bool) -> tuple[Any, Any]:
    """The photos of a split, one after the other, and their classes."""
    import tensorflow as tf

    from car_classifier.network.backbones import normalise

    def load(path: Any, label: Any) -> Any:
        pixels = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        pixels = tf.cast(tf.image.resize_with_crop_or_pad(pixels, SIZE, SIZE), tf.float32)
        if augmented:
            pixels = tf.image.random_flip_left_right(pixels)
            pixels = tf.image.random_brightness(pixels, 0.1 * 255)
            pixels = tf.image.random_contrast(pixels, 0.8, 1.2)
        return normalise(backbone, tf.clip_by_value(pixels, 0, 255)), label

    paths = [str(manifest.photo_path(row)) for row in manifest.split(split)]
    classes = _classes(manifest, split)
    data = tf.data.Dataset.from_tensor_slices((paths, classes))
    if split == "train":
        data = data.shuffle(len(paths), seed=0, reshuffle_each_iteration=False)  # a random split leaves this order
    data = data.map(load)
    if split == "train":
        data = data.shuffle(32)
    return data.batch(BATCH_SIZE).prefetch(1), np.array(classes)
