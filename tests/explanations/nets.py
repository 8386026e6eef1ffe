"""Nets small enough to calculate with a pencil, and tiny ones with everything that a real net has."""

from functools import cache

import numpy as np

IMAGE = np.array([[1.0, 2.0], [3.0, -1.0]], np.float32)[None, :, :, None]
"""One image of 2 by 2 pixels and one colour."""


def pencil_net(kernel: tuple = ((2.0, -1.0), (-4.0, 1.0)), bias: tuple = (0.5, 0.0)):
    """Activations are ReLU(x) and ReLU(-x), pooled, then a dense layer: [channels, classes]."""
    import keras

    inputs = keras.layers.Input((2, 2, 1))
    features = keras.layers.Conv2D(2, 1, use_bias=False, activation="relu", name="features")
    x = features(inputs)
    dense = keras.layers.Dense(len(bias))
    net = keras.Model(inputs, dense(keras.layers.GlobalAveragePooling2D()(x)))
    features.set_weights([np.array([[[[1.0, -1.0]]]])])
    dense.set_weights([np.array(kernel), np.array(bias)])
    return net


@cache
def tiny_net(classes: int = 3, hidden_units: int = 0, smooth: bool = False):
    """Three convolutions on 16 by 24 pixels with random weights, and a head; shared, so that it is compiled once."""
    import keras

    from car_classifier.network.head import build_head

    keras.utils.set_random_seed(3)
    activation = "softplus" if smooth else "relu"
    inputs = keras.layers.Input((16, 24, 3))
    x = keras.layers.Conv2D(6, 3, padding="same", activation=activation, name="first")(inputs)
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation=activation)(x)
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation=activation, name="last")(x)
    return keras.Model(inputs, build_head(x.shape[1:], classes, hidden_units)(x), name="tiny")


def images(count: int, seed: int = 0) -> np.ndarray:
    """Normalised images for `tiny_net`."""
    return np.random.default_rng(seed).normal(size=(count, 16, 24, 3)).astype(np.float32)
