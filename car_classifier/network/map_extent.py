"""Where the cells of a net's activations lie on the photo."""

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

Extent = tuple[float, float, float, float]
"""Top, left, bottom and right of the area that the cells divide evenly, as shares of the photo's height and width."""

WHOLE: Extent = (0.0, 0.0, 1.0, 1.0)
"""The extent of cells that divide the photo itself."""


def upsample_map(contributions: NDArray[np.float32], extent: Extent, size: tuple[int, int]) -> NDArray[np.float32]:
    """Upsample contributions to a photo's size: bilinear between the centres of cells, constant beyond the outermost.

    Args:
        contributions: A number for each cell, float32 [h, w].
        extent: Where the cells lie on the photo.
        size: Height and width of the photo in pixels.

    Returns:
        float32 [height, width].
    """
    (top, left, bottom, right), (h, w), (height, width) = extent, contributions.shape, size
    rows = ((np.arange(height) + 0.5) / height - top) / (bottom - top) * h - 0.5
    columns = ((np.arange(width) + 0.5) / width - left) / (right - left) * w - 0.5
    x, y = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    upsampled = cv2.remap(contributions.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(upsampled, np.float32)


def map_extent(net: keras.Model) -> Extent:
    """Where the cells of a net's activations lie on its input.

    The i-th of n cells does not cover the i-th of n equal parts of the input: a ResNet's strided kernels are centred
    on every second pixel, starting with the first, so its cells lie half a cell up and left of those parts. A heatmap
    that ignored this would point beside its subject.

    Args:
        net: From images [n, height, width, channels] to activations [n, h, w, channels].

    Returns:
        Top, left, bottom and right of the area that the h by w cells divide evenly, as shares of the input's height
        and width; it may reach beyond 0 and 1.
    """
    layers: list[keras.layers.Layer] = []
    tensor = net.output
    while not isinstance(layer := tensor._keras_history.operation, keras.layers.InputLayer):
        layers += reversed(layer.layers) if isinstance(layer, keras.Sequential) else [layer]
        tensor = layer.input[0] if isinstance(layer.input, list) else layer.input
    low, high = [], []
    for axis in (0, 1):
        # The centre of cell i is pixel `first + stride * i`, counted from 0.
        first, stride = 0.0, 1
        for layer in reversed(layers):
            if isinstance(layer, keras.layers.ZeroPadding2D):
                first -= stride * layer.padding[axis][0]
                continue
            window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
            if window is None:
                continue
            step, size = layer.strides[axis], layer.input.shape[1 + axis]
            reach = (window[axis] - 1) * getattr(layer, "dilation_rate", (1, 1))[axis]
            padding = max((-(-size // step) - 1) * step + reach + 1 - size, 0) // 2 if layer.padding == "same" else 0
            first += stride * (reach / 2 - padding)
            stride *= step
        size, cells = net.input_shape[1 + axis], net.output_shape[1 + axis]
        low.append((first + 0.5 - stride / 2) / size)
        high.append((first + 0.5 + stride * (cells - 0.5)) / size)
    return low[0], low[1], high[0], high[1]
