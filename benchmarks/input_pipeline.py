"""The throughput of the input pipeline, against the bare JPEG decoder on the same cores.

All contestants run one after the other, several times over, in one process; a ratio is taken within each round, so
that a machine that slows down slows both. Processor time is printed too, because a busy machine disturbs it least.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from car_classifier.errors import UserError

BARE = "bare JPEG decoder, parallel"
ROUNDS = 5
MOST_PHOTOS = 2000
BATCH_SIZE = 32
IMAGE_SIZES = ((224, 224), (224, 320))
CAMERA_SIZE = (1600, 1200)
"""Width and height in pixels of a camera's photos, before a data set shrinks them."""


def run(photos: Path | None) -> None:
    """Measure with the JPEG photos of a folder, or with drawn photos, and print the results.

    Raises:
        UserError: There are no JPEG photos in the folder.
    """
    if photos is None:
        from car_classifier.demo_cars import DemoSettings, draw_demo_set

        with tempfile.TemporaryDirectory() as folder:
            draw_demo_set(Path(folder), DemoSettings(per_class=40))
            paths = sorted(Path(folder).rglob("*.jpg"))
            _measure(paths)
            for path in paths:
                _enlarge(path)
            _measure(paths)
        return
    paths = sorted(photos.rglob("*.jp*g"))
    if not paths:
        raise UserError(f"There are no JPEG photos in {photos}.")
    _measure(random.Random(0).sample(paths, min(len(paths), MOST_PHOTOS)))  # noqa: S311


def _enlarge(path: Path) -> None:
    """Enlarge a drawn photo to the size of a camera's."""
    with Image.open(path) as photo:
        photo.resize(CAMERA_SIZE, Image.Resampling.BICUBIC).save(path, quality=90)


def _measure(paths: list[Path]) -> None:
    for image_size in IMAGE_SIZES:
        contestants = _contestants([str(path) for path in paths], image_size)
        rates: dict[str, list[float]] = {name: [] for name in contestants}
        costs: dict[str, list[float]] = {name: [] for name in contestants}
        for number in range(-1, ROUNDS):  # the first round warms up
            for name, dataset in contestants.items():
                data = dataset(number + 1)
                began, began_cpu = time.perf_counter(), time.process_time()
                int(data.reduce(0, lambda count, *_: count + 1))
                if number >= 0:
                    rates[name].append(len(paths) / (time.perf_counter() - began))
                    costs[name].append(1000 * (time.process_time() - began_cpu) / len(paths))
        with Image.open(paths[0]) as first:
            width, height = first.size
        print(f"{len(paths)} photos of {height}×{width} pixels to {image_size[0]}×{image_size[1]}, {ROUNDS} rounds")
        print(f"{'':44}{'photos/s':>10}{'of the bare decoder':>26}{'CPU ms a photo':>18}")
        for name, figures in rates.items():
            shares = sorted(rate / bare for rate, bare in zip(figures, rates[BARE], strict=True))
            share = f"{statistics.median(shares):.0%} ({shares[0]:.0%} to {shares[-1]:.0%})"
            print(f"{name:44}{statistics.median(figures):10.0f}{share:>26}{statistics.median(costs[name]):18.3f}")
        print()


def _contestants(paths: list[str], image_size: tuple[int, int]) -> dict[str, Callable[[int], Any]]:
    """The pipelines to compare, as functions from the number of a round to a dataset."""
    import keras
    import tensorflow as tf

    from car_classifier.training.augmentation import Augmentation
    from car_classifier.training.photos import PhotoSource

    files = tf.data.Dataset.from_tensor_slices(paths)
    classes = [0] * len(paths)
    keras_layers = [
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomBrightness(0.25),
        keras.layers.RandomContrast(0.25),
        keras.layers.RandomSaturation((0.4, 0.6), value_range=(0, 1)),
    ]

    def decoded(path: Any) -> Any:
        return tf.io.decode_jpeg(tf.io.read_file(path), channels=3)

    def bare(_: int) -> Any:
        return files.map(decoded, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    def source() -> PhotoSource:
        return PhotoSource([Path(path) for path in paths], classes, image_size, BATCH_SIZE)

    def cropped(path: Any) -> Any:
        content = tf.io.read_file(path)
        size = tf.image.extract_jpeg_shape(content)[:2]
        kept = tf.cast(tf.cast(size, tf.float32) * tf.random.uniform([2], 0.7, 1.0), tf.int32)
        start = tf.cast(tf.cast(size - kept, tf.float32) * tf.random.uniform([2]), tf.int32)
        pixels = tf.image.decode_and_crop_jpeg(content, tf.concat([start, kept], 0), channels=3)
        return tf.ensure_shape(tf.image.resize(pixels, image_size), [*image_size, 3])

    def by_keras(images: Any) -> Any:
        for layer in keras_layers:
            images = layer(images, training=True)
        return images

    def with_keras(_: int) -> Any:
        data = files.map(cropped, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH_SIZE)
        return data.map(by_keras, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    def sequential(_: int) -> Any:
        data = files.map(lambda path: tf.image.resize_with_crop_or_pad(decoded(path), *image_size))
        data = data.map(lambda pixels: tf.cast(pixels, tf.float32) / 255)
        return data.shuffle(32).batch(BATCH_SIZE)

    lasting = source()
    return {
        BARE: bare,
        "ours, first epoch": lambda number: source().epoch(Augmentation(), 0, number),
        "ours, later epochs": lambda number: lasting.epoch(Augmentation(), 0, number),
        "ours, whole photos, first time": lambda _: source().plain(),
        "the same changes by TensorFlow and Keras": with_keras,
        "sequential: decode, crop or pad, scale": sequential,
    }
