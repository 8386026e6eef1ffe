"""Finding a net's layers by their outputs."""

import keras


def last_map_layer(model: keras.Model) -> str:
    """Name of the last layer whose output is a feature map [n, h, w, channels], which the head takes.

    Raises:
        ValueError: There is no such layer.
    """
    for layer in reversed(model.layers):
        if len(layer.output.shape) == 4 and not isinstance(layer, keras.layers.InputLayer):
            return str(layer.name)
    raise ValueError(f"{model.name} has no layer whose output is a feature map, [n, h, w, channels].")
