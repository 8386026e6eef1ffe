"""Labelled photos as batches for the net."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from car_classifier.errors import UserError
from car_classifier.files import read_bytes
from car_classifier.network.preprocessing import decode_photo, decode_photo_array, load_photo
from car_classifier.progress import Report, silent
from car_classifier.training.augment import DRAWS, augment, downscale, largest_needed
from car_classifier.training.augmentation import NO_AUGMENTATION, Augmentation

CACHE_BYTES = 2**30
"""Most memory that a source uses for decoded photos, in bytes."""


class PhotoSource:
    """Labelled photos in batches, plain or augmented.

    Decoding is most of the work, and augmentation differs each time, so decoded photos are kept between epochs, up to
    `CACHE_BYTES` in all; further photos are decoded each time. The content of a dataset depends neither on which
    photos are kept nor on the number of threads.

    `plain`, `epoch` and `view` return a `tf.data.Dataset` of pairs: RGB from 0 to 255, float32 [n, height, width, 3],
    and class indices, int32 [n]. A photo that cannot be read makes the iteration fail; see `explain_failure`.

    Args:
        paths: The photos.
        classes: Their class indices.
        image_size: Height and width of the net's input in pixels.
        batch_size: Number of photos in a batch; the last batch may be smaller.
    """

    def __init__(
        self, paths: Sequence[Path], classes: Sequence[int], image_size: tuple[int, int], batch_size: int
    ) -> None:
        self._paths = list(paths)
        self._classes = np.array(classes, np.int32)
        self._image_size = image_size
        self._batch_size = batch_size
        self._kept: dict[int, NDArray[np.uint8]] = {}
        self._room = CACHE_BYTES
        self._lock = threading.Lock()

    @property
    def paths(self) -> Sequence[Path]:
        """The photos, after those that could not be read were replaced."""
        return self._paths

    def plain(self, is_repeated: bool = False) -> tf.data.Dataset:
        """The whole photos in the order of `paths`, loaded as the server loads them.

        Args:
            is_repeated: Whether the dataset will be iterated several times. Its images are then kept in memory if
                there is room for all of them.
        """
        data = self._whole(np.arange(len(self._paths)))
        if is_repeated and self._reserve(len(self._paths) * self._image_size[0] * self._image_size[1] * 3 * 4):
            data = data.cache()
        return data.batch(self._batch_size).prefetch(tf.data.AUTOTUNE)

    def epoch(self, augmentation: Augmentation, seed: int, epoch: int) -> tf.data.Dataset:
        """One epoch of training: every photo once, shuffled and augmented.

        Args:
            augmentation: The strengths.
            seed: Seed of the order and the augmentation.
            epoch: Number of the epoch; each has another order and augmentation.
        """
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(self._paths))
        return self._batches(order, augmentation, rng.random((len(order), DRAWS)))

    def view(self, augmentation: Augmentation, seed: int, view: int) -> tf.data.Dataset:
        """Every photo, augmented, in the order of `paths`.

        Args:
            augmentation: The strengths.
            seed: Seed of the augmentation.
            view: Number of the view; each has another augmentation. A photo's augmentation depends only on the seed,
                the view and the photo's index.
        """
        draws = np.random.default_rng([seed, view]).random((len(self._paths), DRAWS))
        return self._batches(np.arange(len(self._paths)), augmentation, draws)

    def explain_failure(self, error: tf.errors.OpError) -> UserError:
        """The error that names the photo because of which a dataset of this source failed.

        Raises:
            tf.errors.OpError: `error` itself, if all photos can be read, so that it has another cause.
        """
        unreadable = find_unreadable(self._paths)
        if not unreadable:
            raise error
        path, reason = unreadable[0]
        others = f" (and {len(unreadable) - 1} more like it)" if len(unreadable) > 1 else ""
        return UserError(f"{path}{others} {reason}. Remove or replace it and index the photos again.")

    def replace_unreadable(self) -> list[str]:
        """Put another photo of its class, the next in their order, in the place of each that can no longer be read.

        So a photo that broke after the check costs that photo and not the run.

        Returns:
            A sentence for each; none if all photos can be read.

        Raises:
            UserError: No photo of a class is left.
        """
        unreadable = dict(find_unreadable(self._paths))
        broken = [i for i, path in enumerate(self._paths) if path in unreadable]
        notes = []
        for i in broken:
            path, count = self._paths[i], len(self._paths)
            later = (j % count for j in range(i + 1, i + count))
            other = next((j for j in later if self._classes[j] == self._classes[i] and j not in broken), None)
            if other is None:
                raise UserError(f"{path} {unreadable[path]}, and there is no other photo of its class to train on.")
            self._paths[i] = self._paths[other]
            notes.append(f"{path} {unreadable[path]}: {self._paths[i]} takes its place in this run.")
        return notes

    def _whole(self, order: NDArray[np.int64]) -> tf.data.Dataset:
        """Single photos in the given order, loaded as the server loads them."""
        paths = [str(self._paths[index]) for index in order]
        return tf.data.Dataset.from_tensor_slices((paths, self._classes[order])).map(
            lambda path, label: (load_photo(tf.io.read_file(path), self._image_size), label),
            num_parallel_calls=tf.data.AUTOTUNE,
        )

    def _batches(
        self, order: NDArray[np.int64], augmentation: Augmentation, draws: NDArray[np.float64]
    ) -> tf.data.Dataset:
        """Batches of augmented photos in the given order, each augmented with its row of `draws`."""

        def load(indices: NDArray[np.int64], draws: NDArray[np.float64]) -> NDArray[np.uint8]:
            photos = [
                augment(self._photo(index), self._image_size, augmentation, numbers)
                for index, numbers in zip(indices.tolist(), draws, strict=True)
            ]
            return np.stack(photos)

        def batch(indices: Any, draws: Any) -> Any:
            images = tf.numpy_function(load, [indices, draws], tf.uint8)
            images = tf.cast(tf.ensure_shape(images, [None, *self._image_size, 3]), tf.float32)
            return images, tf.gather(self._classes, indices)

        if augmentation == NO_AUGMENTATION:
            data = self._whole(order).batch(self._batch_size)
        else:
            data = tf.data.Dataset.from_tensor_slices((order, draws)).batch(self._batch_size)
            data = data.map(batch, num_parallel_calls=tf.data.AUTOTUNE)
        return data.prefetch(tf.data.AUTOTUNE)

    def _photo(self, index: int) -> NDArray[np.uint8]:
        """A photo, decoded and downscaled to not much more than the net's input."""
        photo = self._kept.get(index)
        if photo is None:
            try:
                content = read_bytes(self._paths[index])
                photo = downscale(decode_photo_array(content, largest_needed(self._image_size)), self._image_size)
            except (OSError, ValueError) as error:
                raise ValueError(f"{self._paths[index]}: {error}") from error
            if self._reserve(photo.nbytes):
                self._kept[index] = photo
        return photo

    def _reserve(self, size: int) -> bool:
        """Reserve memory for `size` bytes; returns whether there was room."""
        with self._lock:
            fits = size <= self._room
            self._room -= size if fits else 0
        return fits


def find_unreadable(paths: Sequence[Path], report: Report = silent) -> list[tuple[Path, str]]:
    """The photos that the decoders of training and of the exported graph cannot read.

    Args:
        paths: The photos.
        report: Called with the number of photos read so far, and of all photos.

    Returns:
        Each with the reason, which completes a sentence that begins with the path.
    """
    # Traced here: threads that come first at the same time would each trace it.
    decoded = tf.function(
        lambda image_bytes: tf.shape(decode_photo(image_bytes)), autograph=False
    ).get_concrete_function(tf.TensorSpec([], tf.string))

    def reason(path: Path) -> str | None:
        try:
            content = read_bytes(path)
            decode_photo_array(content)
            decoded(tf.constant(content))
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        except ValueError as error:
            return str(error)
        except tf.errors.OpError:
            return "is damaged or cut off"
        return None

    unreadable = []
    with ThreadPoolExecutor() as pool:
        for done, (path, why) in enumerate(zip(paths, pool.map(reason, paths), strict=True), start=1):
            if why:
                unreadable.append((path, why))
            report(done, len(paths))
    return unreadable
