"""Maps over the cells of a layer: which of its activations are evidence for a target.

In all formulas A stands for the layer's activations, h×w×channels, g for the target's gradient with respect to A, and
ReLU sets negative values to 0. Each function takes a classifier from normalised images [n, height, width, 3] to logits
[n, classes], the images, and one target per image, and returns maps float32 [n, h, w].
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from car_classifier.explanations.targets import Target, values
from car_classifier.network.closed_form import contributions, pooled_linear
from car_classifier.network.layers import last_map_layer


def activations_and_gradients(
    model: keras.Model, images: Any, targets: Sequence[Target], layer: str | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """A and g at a layer, both float32 [n, h, w, channels].

    Raises:
        ValueError: There is no such layer, or its output has no height and width.
    """
    images = tf.convert_to_tensor(images)
    output = model.get_layer(layer or last_map_layer(model)).output
    if len(output.shape) != 4:
        raise ValueError(f"{layer} gives {tuple(output.shape)}: a map needs a layer with height and width.")
    activations_and_logits = keras.Model(model.input, [output, model.output])
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        activations, logits = activations_and_logits(images, training=False)
        score = values(targets, logits)
    return activations, tape.gradient(score, activations, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def exact_map(model: keras.Model, images: Any, targets: Sequence[Target]) -> tf.Tensor:
    """Each cell's contribution to the target: `sum over channels (A · W) / (h·w)`, signed.

    W is the dense layer's kernel times the target's gradient with respect to the logits. Any linear target (a logit, a
    difference of two) therefore equals the sum of the map plus the same combination of biases. A net that does not end
    in global average pooling and one dense layer gets the HiResCAM map (see `closed_form`), as in the published model.
    """
    layer = model.get_layer(last_map_layer(model))
    dense = pooled_linear(model.layers[model.layers.index(layer) + 1 :])
    if dense is None:
        return hires_cam(model, images, targets)
    activations = keras.Model(model.input, layer.output)(images, training=False)
    logits = tf.reduce_mean(activations, [1, 2]) @ dense.kernel + dense.bias
    with tf.GradientTape() as tape:
        tape.watch(logits)
        score = values(targets, logits)
    columns = tape.gradient(score, logits) @ tf.transpose(tf.convert_to_tensor(dense.kernel))
    return contributions(activations, columns[:, None])[:, 0]


def grad_cam(model: keras.Model, images: Any, targets: Sequence[Target], layer: str | None = None) -> tf.Tensor:
    """Grad-CAM: `ReLU(sum over channels (mean over cells of g) · A)`.

    Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391.
    """
    activations, gradients = activations_and_gradients(model, images, targets, layer)
    weights = tf.reduce_mean(gradients, [1, 2], keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * activations, -1))


def grad_cam_plus_plus(
    model: keras.Model, images: Any, targets: Sequence[Target], layer: str | None = None
) -> tf.Tensor:
    """Grad-CAM++: `ReLU(sum over channels (sum over cells of a · ReLU(g)) · A)`.

    With the target's exponential as score, the second and third derivatives are powers of g, and
    `a = g² / (2 g² + (sum over cells of A) · g³)`, 0 where that is 0/0. Chattopadhay et al. 2018,
    https://arxiv.org/abs/1710.11063, equations 9 and 19.
    """
    activations, gradients = activations_and_gradients(model, images, targets, layer)
    square, cube = gradients**2, gradients**3
    total = tf.reduce_sum(activations, [1, 2], keepdims=True)
    alphas = tf.math.divide_no_nan(square, 2 * square + total * cube)
    weights = tf.reduce_sum(alphas * tf.nn.relu(gradients), [1, 2], keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * activations, -1))


def hires_cam(model: keras.Model, images: Any, targets: Sequence[Target], layer: str | None = None) -> tf.Tensor:
    """HiResCAM: `sum over channels g · A`, signed: each cell's contribution if all later layers are linear.

    Draelos and Carin 2020, https://arxiv.org/abs/2011.08891.
    """
    activations, gradients = activations_and_gradients(model, images, targets, layer)
    return tf.reduce_sum(gradients * activations, -1)


def layer_cam(model: keras.Model, images: Any, targets: Sequence[Target], layer: str | None = None) -> tf.Tensor:
    """LayerCAM: `ReLU(sum over channels ReLU(g) · A)`, designed for early layers too.

    Jiang et al. 2021, https://doi.org/10.1109/TIP.2021.3089943.
    """
    activations, gradients = activations_and_gradients(model, images, targets, layer)
    return tf.nn.relu(tf.reduce_sum(tf.nn.relu(gradients) * activations, -1))


def activation_map(model: keras.Model, images: Any, _targets: Sequence[Target], layer: str | None = None) -> tf.Tensor:
    """The layer's activations, `mean over channels |A|`: where the net responds, for any target.

    It does not explain an answer; it shows what the net reacts to.
    """
    output = model.get_layer(layer or last_map_layer(model)).output
    return tf.reduce_mean(tf.abs(keras.Model(model.input, output)(images, training=False)), -1)
