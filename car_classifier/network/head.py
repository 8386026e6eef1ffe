"""The head of a classifier: what follows the backbone's activations."""

import keras

CLASSIFIER_LAYER = "classifier"
"""Prefix of the names of the head's layers."""


def build_head(shape: tuple[int, ...], classes: int, hidden_units: int = 0) -> keras.Sequential:
    """Build a classifier's head, from activations to logits.

    Args:
        shape: Height, width and channels of the activations.
        classes: Number of classes.
        hidden_units: 0 for global average pooling and one dense layer, whose contributions have a closed form; else the
            size of a dense layer on the flattened activations, as in VGG16's own head.
    """
    layers = keras.layers
    if hidden_units:
        flat = layers.Flatten(dtype="float32")
        below = [flat, layers.Dense(hidden_units, "relu", name=f"{CLASSIFIER_LAYER}_hidden", dtype="float32")]
    else:
        below = [layers.GlobalAveragePooling2D(dtype="float32")]
    dense = layers.Dense(classes, name=CLASSIFIER_LAYER, dtype="float32")
    return keras.Sequential([layers.Input(shape), *below, dense], name="head")
