"""Exact Grad-CAM for nets that end in global average pooling and one dense layer.

With activations A (h×w×channels) and the dense layer's column W_c, the logit of class c is
`sum over cells (A · W_c) / (h·w) + b_c`. Each cell's term is what that part of the photo contributes to the
logit: a signed map that adds up to it exactly. Its gradient with respect to A is W_c / (h·w) everywhere, so
Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391), which weights A by the mean gradient and
keeps the positive part, is this map's positive part up to a constant, with no backward pass; the same holds
for CAM (Zhou et al. 2016, https://arxiv.org/abs/1512.04150).
"""

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


def heatmap(signed: tf.Tensor) -> tf.Tensor:
    """The Grad-CAM heatmap of a map of contributions: its positive part.

    Args:
        signed: float32 [..., h, w].

    Returns:
        float32 [..., h, w], 0 or more.
    """
    return tf.nn.relu(signed)
