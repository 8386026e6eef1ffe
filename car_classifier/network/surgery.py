"""Changes to a net that keep its outputs: folding batch norms, another precision, freezing, splitting."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from car_classifier.errors import UserError


def fold_batch_norms(net: keras.Model) -> keras.Model:
    """A copy of a net with each batch norm that follows a convolution folded into the convolution's kernel and bias.

    A frozen batch norm is a fixed scale and offset for each channel. Inside a convolution's kernel it costs nothing;
    on its own it takes as long as a convolution, and several times as long in bfloat16 on a CPU. Other batch norms
    (after an addition, as in ResNet50V2) stay. Do not fold layers that will be trained: folding changes the magnitude
    of their kernels by up to 15 times in ResNet50, and Adam's steps do not adapt to that.

    Args:
        net: A functional net with one input and one output.
    """
    uses = Counter(name for operation in net.operations for name in _sources(operation))
    norms = {}
    for layer in net.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            source = net.get_layer(_sources(layer)[0])
            folds = isinstance(source, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
            if folds and uses[source.name] == 1 and source.activation is keras.activations.linear:
                norms[source.name] = layer
    absorbed = {norm.name for norm in norms.values()}

    def cloned(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if layer.name in norms:
            config["use_bias"] = True
        return layer.__class__.from_config(config)

    def called(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        return args[0] if layer.name in absorbed else layer(*args, **kwargs)

    folded = keras.models.clone_model(net, clone_function=cloned, call_function=called)
    for layer in _weighted(folded):
        weights = net.get_layer(layer.name).get_weights()
        if layer.name in norms:
            weights = _folded_weights(layer, weights, norms[layer.name])
        layer.set_weights(weights)
    return folded


def _folded_weights(layer: keras.layers.Layer, weights: list[Any], norm: keras.layers.Layer) -> list[Any]:
    kernel, bias = weights if len(weights) == 2 else (weights[0], 0.0)
    mean, variance = np.array(norm.moving_mean), np.array(norm.moving_variance)
    scale = (np.array(norm.gamma) if norm.scale else 1.0) / np.sqrt(variance + norm.epsilon)
    offset = (np.array(norm.beta) if norm.center else 0.0) + (bias - mean) * scale
    if isinstance(layer, keras.layers.DepthwiseConv2D):  # its kernel's last two dimensions are the output channels
        return [kernel * scale.reshape(kernel.shape[2:]), offset]
    return [kernel * scale, offset]


def in_precision(net: keras.Model, policy: str) -> keras.Model:
    """A copy of a net that calculates under another Keras dtype policy, with float32 weights."""

    def cloned(layer: keras.layers.Layer) -> keras.layers.Layer:
        # An operation that is no layer (a plain addition) calculates in the format of its inputs.
        own = {"dtype": policy} if isinstance(layer, keras.layers.Layer) else {}
        return layer.__class__.from_config(layer.get_config() | own)

    copy = keras.models.clone_model(net, clone_function=cloned)
    copy.set_weights(net.get_weights())
    for layer in _weighted(copy):
        layer.trainable = net.get_layer(layer.name).trainable
    return copy


def unfreeze(net: keras.Model, patterns: Sequence[str] | None) -> None:
    """Make exactly those layers trainable whose names match one of `patterns` from their start; None for all layers.

    Batch norms are always frozen, because small batches of similar photos would spoil their statistics.

    Raises:
        UserError: A pattern matches no layer with weights.
    """
    layers = []
    for layer in _weighted(net):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
        else:
            layers.append(layer)
    for pattern in patterns or ():
        if not any(re.match(pattern, layer.name) for layer in layers):
            groups = dict.fromkeys(re.split(r"[_-]", layer.name)[0] for layer in layers)
            raise UserError(
                f"--unfreeze {pattern} matches no layer of {net.name}. "
                f"Their names begin with {', '.join(groups)}, as in {layers[-1].name}."
            )
    for layer in layers:
        layer.trainable = patterns is None or any(re.match(pattern, layer.name) for pattern in patterns)


def split_at_frozen(net: keras.Model) -> tuple[keras.Model | None, keras.Model]:
    """Split a net into a frozen lower part, as large as possible, and an upper part with all trainable layers.

    Both share their layers with `net`. The cut is where a single tensor connects them.

    Returns:
        The frozen lower part, None if there is none, and the upper part.
    """
    operations = net.operations  # layers, and operations that are none, such as a plain addition
    index = {operation.name: i for i, operation in enumerate(operations)}
    last_use = list(range(len(operations)))
    for i, operation in enumerate(operations):
        for source in _sources(operation):
            last_use[index[source]] = max(last_use[index[source]], i)
    cut = None
    for i, operation in enumerate(operations):
        if getattr(operation, "trainable_weights", None):
            break
        if all(use <= i for use in last_use[:i]):
            cut = operation
    if cut is None or not any(getattr(operation, "weights", None) for operation in operations[: index[cut.name] + 1]):
        return None, net  # nothing is frozen, or only the padding of the photo
    return keras.Model(net.input, cut.output), keras.Model(cut.output, net.output)


def _weighted(net: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in net.layers if isinstance(layer, keras.layers.Layer) and layer.weights]


def _sources(operation: Any) -> list[str]:
    """Names of the layers and operations whose outputs an operation takes."""
    return [tensor._keras_history.operation.name for tensor in operation._inbound_nodes[0].input_tensors]


def prepare_random_net(net: Any) -> None:
    """Make a residual net learn from random weights within few epochs.

    The last convolution of each residual branch starts at zero, so that every block starts as the identity and the
    net as a shallow one (Goyal et al. 2017, https://arxiv.org/abs/1706.02677). The running means of batch
    normalisation follow faster than by default, which takes about 100 steps.
    """
    for layer in net.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
        if isinstance(layer, keras.layers.Conv2D) and layer.name.endswith("_3_conv"):
            layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])
