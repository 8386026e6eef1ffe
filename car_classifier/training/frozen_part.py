"""The frozen part of a net, as a function from photos to features."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from rich.console import Console

from car_classifier.network.backbones import Backbone, normalise
from car_classifier.network.preprocessing import PREPROCESSING_VERSION
from car_classifier.network.surgery import in_precision
from car_classifier.network.two_layers import pooled_layers
from car_classifier.progress import Report
from car_classifier.training.feature_store import FeatureStore, Seen, open_store
from car_classifier.training.photos import PhotoSource


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
            autograph=False,
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


class PooledFeatures:
    """The pooled features of photos from a frozen net, which are kept beside a manifest.

    Args:
        net: From normalised images to the last layer's activations, with all norms folded.
        backbone: The net's kind.
        policy: The Keras dtype policy in which the net calculates.
        folder: The folder of stores.
        layers: Names of the net's layers whose averages are the features, in their order.
    """

    def __init__(self, net: keras.Model, backbone: Backbone, policy: str, folder: Path, layers: Sequence[str]) -> None:
        self.layers = tuple(layers)
        lower, self.widths = pooled_layers(in_precision(net, policy), layers)
        self._part = FrozenPart(lower, backbone)
        self._image_size = (int(net.input_shape[1]), int(net.input_shape[2]))
        depends_on = {"base": backbone.name, "part": self._part.identity, "input": self._image_size}
        self.store: FeatureStore = open_store(
            folder, depends_on | {"preprocessing": PREPROCESSING_VERSION}, self._part.shape[0]
        )

    def of(
        self,
        paths: Sequence[Path],
        sha256s: Sequence[str],
        batch_size: int,
        console: Console,
        report: Report,
        seen: Seen | None = None,
    ) -> NDArray[np.float16]:
        """Features of photos, whole and not augmented, float16 [n, d]: one layer's after the other's.

        Args:
            paths: The photos.
            sha256s: The hash of each photo's bytes.
            batch_size: Photos at a time.
            console: Says so if another process is at work on the store.
            report: Called with the number of photos done so far, and of those to compute.
            seen: Called with the indices of some photos and their features, as photos go by.

        Raises:
            tf.errors.OpError: A photo cannot be read.
            UserError: There is not enough room on the disk.
        """

        def batches(indices: Sequence[int]) -> Iterator[NDArray[np.float16]]:
            source = PhotoSource([paths[i] for i in indices], [0] * len(indices), self._image_size, batch_size)
            return (self._part(images) for images, _ in source.plain())

        return self.store.features(sha256s, batches, console, report, seen)
