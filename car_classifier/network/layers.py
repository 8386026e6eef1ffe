"""Finding a net's layers by what they give."""

import keras


def last_map_layer(model: keras.Model) -> str:
    """Name of the last layer whose output has places, [n, h, w, channels]: what the classifier's head is given.

    Raises:
        ValueError: There is none.
    """
    for layer in reversed(model.layers):
        if len(layer.output.shape) == 4 and not isinstance(layer, keras.layers.InputLayer):
            return str(layer.name)
    raise ValueError(f"{model.name} has no layer whose output has places, [n, h, w, channels].")
