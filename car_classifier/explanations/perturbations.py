"""Maps from running the net on photos with parts hidden or kept: no gradient, many forward passes.

Each function takes a classifier, images [n, height, width, 3] and one target per image, and returns maps float32
[n, h, w]. Copies of one photo pass the net in batches of at most `batch_size`, so that memory does not grow with
their number.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from car_classifier.explanations.compiled import compiled
from car_classifier.explanations.targets import Target
from car_classifier.network.layers import last_map_layer


def score_cam(
    model: keras.Model,
    images: Any,
    targets: Sequence[Target],
    layer: str | None = None,
    channels: int | None = None,
    batch_size: int = 16,
) -> tf.Tensor:
    """Score-CAM: `ReLU(sum over channels softmax(f(x · s(A)) - f(b)) · A)`.

    s stretches a channel's activations over the photo and scales them from 0 to 1; b is the photo's mean colour. A
    flat channel carries no spatial information and is left out. Wang et al. 2020, https://arxiv.org/abs/1910.01279.

    Args:
        model: The classifier.
        images: Normalised images.
        targets: One per image.
        layer: The layer whose channels are used; the last spatial layer by default.
        channels: Number of channels to use, those that vary most over the photo, because each needs a forward pass (a
            ResNet50 has 2048); all by default.
        batch_size: Largest number of copies in a forward pass.
    """
    output = model.get_layer(layer or last_map_layer(model)).output
    activations = keras.Model(model.input, output)(images, training=False).numpy()
    size, maps = model.input_shape[1:3], np.zeros(activations.shape[:3], np.float32)
    for i, (image, target) in enumerate(zip(np.asarray(images), targets, strict=True)):
        spreads = activations[i].std(axis=(0, 1))
        order = np.argsort(-spreads, kind="stable")[:channels]
        order = order[spreads[order] > 0]
        if not len(order):
            continue
        chosen = np.moveaxis(activations[i][..., order], -1, 0)
        low, high = (extreme(chosen, axis=(1, 2), keepdims=True) for extreme in (np.min, np.max))
        scaled = ((chosen - low) / (high - low))[..., None]
        mean = image.mean(axis=(0, 1), keepdims=True)

        def masked_copies(start: int, end: int, image: Any = image, mean: Any = mean, scaled: Any = scaled) -> Any:
            masks = tf.image.resize(scaled[start:end], size).numpy()
            return mean + (image - mean) * masks

        scores = _scores(model, target, masked_copies, len(order), batch_size) - _score(model, target, mean, size)
        weights = tf.nn.softmax(scores).numpy()
        maps[i] = np.maximum((weights[:, None, None] * chosen).sum(axis=0), 0)
    return tf.constant(maps)


def occlusion(
    model: keras.Model,
    images: Any,
    targets: Sequence[Target],
    window: float = 0.25,
    step: float = 0.125,
    batch_size: int = 16,
) -> tf.Tensor:
    """Occlusion sensitivity: how far the target falls when a window over the pixel is hidden, signed.

    Each pixel gets the mean over all windows that cover it. A hidden window has the photo's mean colour. Zeiler and
    Fergus 2014, https://arxiv.org/abs/1311.2901.

    Args:
        model: The classifier.
        images: Normalised images.
        targets: One per image.
        window: Height and width of the window, as shares of the photo's.
        step: Distance between two windows, as a share of the photo's height and width.
        batch_size: Largest number of copies in a forward pass.
    """
    (height, width), images = model.input_shape[1:3], np.asarray(images)
    windows = [
        (slice(top, top + tall), slice(left, left + wide))
        for tops, tall in [_windows(height, window, step)]
        for lefts, wide in [_windows(width, window, step)]
        for top in tops
        for left in lefts
    ]
    cover = np.zeros((height, width), np.float32)
    for place in windows:
        cover[place] += 1
    maps = np.zeros(images.shape[:3], np.float32)
    for i, (image, target) in enumerate(zip(images, targets, strict=True)):
        mean = image.mean(axis=(0, 1))

        def occluded_copies(start: int, end: int, image: Any = image, mean: Any = mean) -> Any:
            copies = np.repeat(image[None], end - start, axis=0)
            for copy, place in zip(copies, windows[start:end], strict=True):
                copy[place] = mean
            return copies

        drops = _score(model, target, image, (height, width)) - _scores(
            model, target, occluded_copies, len(windows), batch_size
        )
        for drop, place in zip(drops, windows, strict=True):
            maps[i][place] += drop
    return tf.constant(maps / cover)


def _windows(length: int, window: float, step: float) -> tuple[list[int], int]:
    """Where windows start along an axis, so that the last one ends with it, and their length in pixels."""
    long = min(max(round(window * length), 1), length)
    starts = range(0, length - long, max(round(step * length), 1))
    return [*starts, length - long], long


def _scores(
    model: keras.Model, target: Target, copies: Callable[[int, int], Any], count: int, batch_size: int
) -> NDArray[np.float32]:
    """The target for each of many copies of a photo, made a batch at a time, float32 [count]."""
    batches = [(start, min(start + batch_size, count)) for start in range(0, count, batch_size)]
    return np.concatenate([target(compiled(model)(copies(start, end))).numpy() for start, end in batches])


def _score(model: keras.Model, target: Target, image: Any, size: tuple[int, int]) -> float:
    return float(target(compiled(model)(np.broadcast_to(image, (1, *size, image.shape[-1]))))[0])
