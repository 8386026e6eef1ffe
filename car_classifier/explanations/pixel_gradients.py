"""Maps over the pixels of the net's input, from the target's gradient with respect to them.

x is the normalised image, f the target. Each function takes a classifier, images [n, height, width, 3] and one target
per image, and returns maps float32 [n, height, width].
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from car_classifier.explanations.compiled import compiled
from car_classifier.explanations.targets import Target, values


def input_gradients(model: keras.Model, images: Any, targets: Sequence[Target]) -> tf.Tensor:
    """`df/dx`, float32 [n, height, width, 3]."""
    images = tf.convert_to_tensor(images)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        score = values(targets, compiled(model)(images))
    return tape.gradient(score, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def vanilla_gradients(model: keras.Model, images: Any, targets: Sequence[Target]) -> tf.Tensor:
    """`max over colours |df/dx|`: how much a small change of each pixel changes the target.

    Simonyan et al. 2014, https://arxiv.org/abs/1312.6034.
    """
    return tf.reduce_max(tf.abs(input_gradients(model, images, targets)), -1)


def gradient_x_input(model: keras.Model, images: Any, targets: Sequence[Target]) -> tf.Tensor:
    """`sum over colours x · df/dx`, signed.

    Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713.
    """
    return tf.reduce_sum(input_gradients(model, images, targets) * images, -1)


def smooth_grad(
    model: keras.Model,
    images: Any,
    targets: Sequence[Target],
    samples: int = 16,
    noise: float = 0.15,
    seed: int = 0,
) -> tf.Tensor:
    """`max over colours |mean of df/dx at x + noise|`, with Gaussian noise in proportion to each image's range.

    Smilkov et al. 2017, https://arxiv.org/abs/1706.03825.

    Args:
        model: The classifier.
        images: Normalised images.
        targets: One per image.
        samples: Number of noisy copies.
        noise: Standard deviation of the noise, as a share of the image's largest minus its smallest value.
        seed: Seed of the noise; an image gets the same noise in any batch.
    """
    images = tf.convert_to_tensor(images)
    spread = noise * (tf.reduce_max(images, [1, 2, 3], keepdims=True) - tf.reduce_min(images, [1, 2, 3], keepdims=True))
    total = tf.zeros_like(images)
    for sample in range(samples):
        draw = tf.random.stateless_normal(images.shape[1:], [seed, sample])
        total += input_gradients(model, images + spread * draw, targets)
    return tf.reduce_max(tf.abs(total / samples), -1)


def integrated_gradients(
    model: keras.Model,
    images: Any,
    targets: Sequence[Target],
    steps: int = 16,
    baseline: Any = None,
) -> tf.Tensor:
    """`sum over colours (x - b) · mean of df/dx on the way from b to x`, signed; the map adds up to f(x) - f(b).

    Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365. The path's integral is computed by Gauss-Legendre
    quadrature, which for a given number of points is exact for polynomials of the highest degree.

    Args:
        model: The classifier.
        images: Normalised images.
        targets: One per image.
        steps: Number of points on the path.
        baseline: b, normalised, of a shape that broadcasts to the images'. By default each image's mean colour: with a
            black baseline, dark parts of a car could not contribute.
    """
    images = tf.convert_to_tensor(images)
    if baseline is None:
        baseline = tf.reduce_mean(images, [1, 2], keepdims=True)
    away = images - baseline
    points, weights = np.polynomial.legendre.leggauss(steps)
    total = tf.zeros_like(images)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        total += float(weight) * input_gradients(model, baseline + float(point) * away, targets)
    return tf.reduce_sum(away * total, -1)
