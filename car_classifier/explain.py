"""Exact Grad-CAM for nets that end in global average pooling and one dense layer.

With activations A (h×w×channels) and the dense layer's column W_c, the logit of class c is
`sum over cells (A · W_c) / (h·w) + b_c`. Each cell's term is what that part of the photo contributes to the
logit: a signed map that adds up to it exactly. Its gradient with respect to A is W_c / (h·w) everywhere, so
Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391), which weights A by the mean gradient and
keeps the positive part, is this map's positive part up to a constant, with no backward pass; the same holds
for CAM (Zhou et al. 2016, https://arxiv.org/abs/1512.04150).
"""

import keras
import tensorflow as tf


def contributions(activations: tf.Tensor, kernel: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """What each cell of the activations adds to the logits of some classes.

    Only the asked columns of the kernel are used, so a map costs next to nothing beside the forward pass.

    Args:
        activations: float32 [n, h, w, channels], the input of the pooling.
        kernel: float32 [channels, classes], the dense layer's.
        classes: int32 [n, k], class indices.

    Returns:
        float32 [n, k, h, w]; the sum over h and w plus the class's bias is its logit.
    """
    columns = tf.gather(tf.transpose(kernel), classes)  # [n, k, channels]
    shape = tf.shape(activations)
    cells = tf.cast(shape[1] * shape[2], activations.dtype)
    return tf.einsum("nhwc,nkc->nkhw", activations, columns) / cells


def map_extent(net: keras.Model) -> tuple[float, float, float, float]:
    """Where the cells of a net's activations lie on its input.

    Cell i of a row does not cover its i-th part: a ResNet's strided kernels are centred on every second pixel from
    the first on, so its cells sit half a cell too far up and left. Drawn over the whole photo, a map would point
    beside what it means.

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
