"""Maps that ignore the net: an explanation must beat them to be worth looking at."""

import zlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from car_classifier.explanations.targets import Target
from car_classifier.network.layers import last_map_layer


def random_map(model: keras.Model, images: Any, _targets: Sequence[Target], seed: int = 0) -> tf.Tensor:
    """A uniform random number for each cell of the last spatial layer; a photo always gets the same map."""
    shape = model.get_layer(last_map_layer(model)).output.shape[1:3]
    draws = [
        np.random.default_rng([seed, zlib.crc32(np.ascontiguousarray(image).tobytes())]).random(shape, np.float32)
        for image in np.asarray(images)
    ]
    return tf.constant(np.stack(draws))


def centred_gaussian(model: keras.Model, images: Any, _targets: Sequence[Target], spread: float = 0.25) -> tf.Tensor:
    """A Gaussian in the middle of the photo, where photographers put their subject.

    Args:
        model: The maps have its input size.
        images: Only their number matters.
        spread: Standard deviation as a share of the photo's height and width.
    """
    axes = [((np.arange(size) + 0.5) / size - 0.5) / spread for size in model.input_shape[1:3]]
    rows, columns = (np.exp(-(axis**2) / 2) for axis in axes)
    return tf.constant(np.repeat(np.outer(rows, columns)[None].astype(np.float32), len(images), axis=0))
