"""Photos of a manifest as batches for the net."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from car_classifier.preprocessing import load_photo

CACHE_BYTES = 2**30
"""Decoded photos are kept in memory between epochs if all of them take at most this much."""


def photo_batches(
    paths: Sequence[Path],
    classes: Sequence[int],
    image_size: tuple[int, int],
    batch_size: int,
    shuffle_seed: int | None,
) -> tf.data.Dataset:
    """Batches of decoded photos with their classes.

    Args:
        paths: The photos.
        classes: Their class indices.
        image_size: Height and width in pixels.
        batch_size: Photos in a batch.
        shuffle_seed: Seed of the order, another one each epoch; None keeps the order of `paths`.

    Returns:
        Pairs of RGB from 0 to 255, float32 [n, height, width, 3], and class indices, int32 [n].
    """
    fits = len(paths) * image_size[0] * image_size[1] * 3 * 4 <= CACHE_BYTES
    data = tf.data.Dataset.from_tensor_slices(([str(path) for path in paths], np.array(classes, np.int32)))
    if shuffle_seed is not None and not fits:  # all file names fit in memory, so the shuffle is a full one
        data = data.shuffle(len(paths), seed=shuffle_seed)
    data = data.map(
        lambda path, label: (load_photo(tf.io.read_file(path), image_size), label),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    if fits:
        data = data.cache()
        if shuffle_seed is not None:
            data = data.shuffle(len(paths), seed=shuffle_seed)
    return data.batch(batch_size).prefetch(tf.data.AUTOTUNE)


def augmentation(image_size: tuple[int, int], seed: int) -> Any:
    """Random changes that leave a car the car it is, drawn anew for every photo.

    Args:
        image_size: Height and width of the photos in pixels.
        seed: Seed of the changes.

    Returns:
        A `keras.Sequential` from RGB [n, height, width, 3] to the same, both 0 to 255.
    """
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((*image_size, 3)),
            layers.RandomFlip("horizontal", seed=seed),
            layers.RandomTranslation(0.08, 0.08, fill_mode="reflect", seed=seed + 1),
            layers.RandomBrightness(0.15, value_range=(0, 255), seed=seed + 2),
            layers.RandomContrast(0.2, value_range=(0, 255), seed=seed + 3),
        ],
        name="augmentation",
    )
