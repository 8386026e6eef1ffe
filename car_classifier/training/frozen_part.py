"""The frozen part of a net, as a function from photos to features."""

import hashlib
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from car_classifier.network.backbones import Backbone, normalise


class FrozenPart:
    """Computes the features of photos with a frozen net; compiled once for all photos and views.

    Args:
        net: From normalised images to features, float32 or narrower [n, *shape].
        backbone: The backbone that says how images are normalised.
    """

    def __init__(self, net: keras.Model, backbone: Backbone) -> None:
        self.net = net
        self._features = tf.function(
            lambda photos: tf.cast(net(normalise(backbone, photos), training=False), tf.float16),
            input_signature=[tf.TensorSpec([None, *net.input_shape[1:]], tf.float32)],
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one photo's features."""
        return tuple(self.net.output_shape[1:])

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything except the photos that the features depend on, as JSON."""
        digest = hashlib.sha256()
        for weights in self.net.get_weights():
            digest.update(np.ascontiguousarray(weights).tobytes())
        return {
            "weights": digest.hexdigest(),
            "ends with": self.net.layers[-1].name,
            "shape": self.shape,
            "precision": self.net.layers[1].dtype_policy.name,
        }

    def __call__(self, photos: Any) -> NDArray[np.float16]:
        """Features of photos, float16 [n, *shape]; photos are float32 [n, height, width, 3], 0 to 255."""
        features: NDArray[np.float16] = self._features(photos).numpy()
        return features
