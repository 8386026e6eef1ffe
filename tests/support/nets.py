"""Tiny classifiers for tests that need no trained one."""

import numpy as np

from car_classifier.network.backbones import Backbone
from car_classifier.network.head import build_head
from car_classifier.network.signatures import Classifier
from car_classifier.network.two_layers import head_input

TINY = Backbone("Tiny", "mobilenet_v2", None)


def tiny_classifier(
    classes: int = 6,
    image_size: tuple[int, int] = (16, 24),
    temperature: float = 1.0,
    hidden_units: int = 0,
    layers: int = 1,
) -> Classifier:
    """Two convolutions with random weights, of which the head takes the second or both; two models for each make."""
    import keras

    keras.utils.set_random_seed(0)
    inputs = keras.layers.Input((*image_size, 3))
    x = keras.layers.Conv2D(6, 3, strides=2, padding="same", activation="relu", name="finer")(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
    net = head_input(keras.Model(inputs, x), "finer", (layers - 1, 1))
    head = build_head(net.output_shape[1:], classes, hidden_units)
    rng = np.random.default_rng(0)
    head.set_weights([rng.normal(size=weights.shape) for weights in head.get_weights()])
    labels = [f"Make{i // 2}_Model{i}" for i in range(classes)]
    return Classifier(
        backbone=TINY,
        net=net,
        head=head,
        labels=labels,
        makes={label: label.split("_")[0] for label in labels},
        temperature=temperature,
        image_size=image_size,
    )
