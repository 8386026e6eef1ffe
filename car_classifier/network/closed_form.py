"""Exact contributions to the logits of nets that end in global average pooling and one dense layer.

With activations A (h×w×channels) and the dense layer's column W_c, the logit of class c is
`sum over cells (A · W_c) / (h·w) + b_c`. Each term of the sum is the contribution of one cell, and so of one part of
the photo, to the logit. The contributions are signed, and with the bias they add up to the logit exactly. The logit's
gradient with respect to A is W_c / (h·w) everywhere. Grad-CAM (Selvaraju et al. 2017,
https://arxiv.org/abs/1610.02391), which weights A by the mean gradient and keeps the positive part, therefore equals
the positive contributions up to a constant, here without a backward pass; the same holds for CAM (Zhou et al. 2016,
https://arxiv.org/abs/1512.04150).

Other heads (flattened activations and dense layers with ReLU, as in VGG16) are piecewise linear: around any photo,
`logit = sum over cells (gradient · A) + rest`, where the rest belongs to no cell. These terms are HiResCAM's (Draelos
and Carin 2020, https://arxiv.org/abs/2011.08891): Grad-CAM without averaging the gradient over the cells, which for
such a head would mix them up.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


def pooled_linear(layers: Sequence[Any]) -> keras.layers.Dense | None:
    """The dense layer of a head that consists of global average pooling and one linear dense layer; else None.

    Args:
        layers: The layers of the head, in order.
    """
    match [layer for layer in _unnested(layers) if not isinstance(layer, keras.layers.InputLayer)]:
        case [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense() as dense]:
            return dense if dense.activation is keras.activations.linear else None
    return None


def _unnested(layers: Sequence[Any]) -> list[Any]:
    return [leaf for layer in layers for leaf in (_unnested(layer.layers) if hasattr(layer, "layers") else [layer])]


def contributions(activations: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """The contribution of each cell of the activations to logits, or sums of logits, after pooling and a dense layer.

    Only the given columns are used, so this costs next to nothing compared with the forward pass.

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
    """The contribution of each cell of the activations to some logits of any head, by a gradient tape.

    Args:
        head: From activations to logits [n, classes]. Only if it is piecewise linear do the contributions, with a
            rest that belongs to no cell, add up to the logits.
        activations: float32 [n, h, w, channels].
        classes: int32 [n, k], class indices.

    Returns:
        float32 [n, k, h, w]: gradient times activations, summed over channels.
    """
    shape, k = tf.shape(activations), tf.shape(classes)[1]
    copies = tf.repeat(activations, k, axis=0)
    with tf.GradientTape() as tape:
        tape.watch(copies)
        logits = tf.gather(head(copies), tf.reshape(classes, [-1]), batch_dims=1)
    products = tape.gradient(logits, copies) * copies
    return tf.reshape(tf.reduce_sum(products, axis=-1), [shape[0], k, shape[1], shape[2]])
