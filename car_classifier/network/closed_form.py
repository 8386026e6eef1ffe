"""Exact maps for nets that end in global average pooling and one dense layer.

With activations A (h×w×channels) and the dense layer's column W_c, the logit of class c is
`sum over cells (A · W_c) / (h·w) + b_c`. Each cell's term is what that part of the photo contributes to the
logit: a signed map that adds up to it exactly. Its gradient with respect to A is W_c / (h·w) everywhere, so
Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391), which weights A by the mean gradient and
keeps the positive part, is this map's positive part up to a constant, with no backward pass; the same holds
for CAM (Zhou et al. 2016, https://arxiv.org/abs/1512.04150).

Heads of another shape (flattened activations and dense layers with ReLU, as VGG16 has) are linear in pieces: around
any photo, `logit = sum over cells (gradient · A) + rest`, and the rest does not depend on where something is. That is
HiResCAM (Draelos and Carin 2020, https://arxiv.org/abs/2011.08891), Grad-CAM without the averaging of the gradient
over places, which for such a head would mix them up.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


def pooled_linear(layers: Sequence[Any]) -> keras.layers.Dense | None:
    """The dense layer of a head that is global average pooling and that layer alone; None for another head.

    Args:
        layers: What follows the activations, in order.
    """
    match [layer for layer in _unnested(layers) if not isinstance(layer, keras.layers.InputLayer)]:
        case [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense() as dense]:
            return dense if dense.activation is keras.activations.linear else None
    return None


def _unnested(layers: Sequence[Any]) -> list[Any]:
    return [one for layer in layers for one in (_unnested(layer.layers) if hasattr(layer, "layers") else [layer])]


def contributions(activations: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """What each cell of the activations adds to sums of logits, after pooling and a dense layer.

    Only the columns that are asked for are used, so a map costs next to nothing beside the forward pass.

    Args:
        activations: float32 [n, h, w, channels], the input of the pooling.
        columns: float32 [n, k, channels], the dense layer's kernel for each of k logits (or sums of logits).

    Returns:
        float32 [n, k, h, w]; the sum over h and w plus the bias is the logit.
    """
    shape = tf.shape(activations)
    cells = tf.cast(shape[1] * shape[2], activations.dtype)
    return tf.einsum("nhwc,nkc->nkhw", activations, columns) / cells


def head_contributions(head: Any, activations: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """What each cell of the activations adds to some logits of a head of any shape, by a gradient tape.

    Args:
        head: From activations to logits [n, classes]; piecewise linear for the sum to mean what it says.
        activations: float32 [n, h, w, channels].
        classes: int32 [n, k], class indices.

    Returns:
        float32 [n, k, h, w]: gradient times activations, summed over channels.
    """
    shape, k = tf.shape(activations), tf.shape(classes)[1]
    copies = tf.repeat(activations, k, axis=0)
    with tf.GradientTape() as tape:
        tape.watch(copies)
        shown = tf.gather(head(copies), tf.reshape(classes, [-1]), batch_dims=1)
    products = tape.gradient(shown, copies) * copies
    return tf.reshape(tf.reduce_sum(products, axis=-1), [shape[0], k, shape[1], shape[2]])
