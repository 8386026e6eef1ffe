"""MixUp and CutMix: training on mixtures of two photos, or of their feature maps.

Keras has layers of these names, but its CutMix weights labels by the area of the box before rounding it to whole
pixels, which on a feature map of 14×20 cells is off by up to a row and a column. Both layers also draw from a state
that depends on earlier batches. Here a batch's random numbers depend only on the seed, the epoch and its index.
"""

from typing import Any

import tensorflow as tf


def mix_batches(
    dataset: tf.data.Dataset, classes: int, mixup: float, cutmix: float, seed: int, epoch: int
) -> tf.data.Dataset:
    """Mix each photo of a batch with another photo of the batch, and their labels in the same shares.

    MixUp (Zhang et al. 2018, https://arxiv.org/abs/1710.09412) takes the weighted mean of two photos. CutMix (Yun et
    al. 2019, https://arxiv.org/abs/1905.04899) replaces a rectangle of a photo by the same rectangle of the other. If
    both are on, each photo takes one of them with equal probability.

    Args:
        dataset: Pairs of photos or feature maps, any float dtype [n, h, w, c], and one-hot labels, float [n, classes].
        classes: Number of classes.
        mixup: Shares are drawn from Beta(mixup, mixup); 0 switches MixUp off.
        cutmix: Shares of the area are drawn from Beta(cutmix, cutmix); 0 switches CutMix off.
        seed: Seed of the random numbers.
        epoch: Number of the epoch, which changes the random numbers.

    Returns:
        Pairs of the same shapes and dtypes. A label holds the exact share of each class, so a photo's class weight is
        the dot product of its label and the classes' weights.
    """
    if not mixup and not cutmix:
        return dataset

    def mixed(batch: Any, pair: Any) -> Any:
        x, labels = pair
        own, partner = _own_shares(tf.shape(x), mixup, cutmix, tf.random.fold_in(tf.stack([seed, epoch]), batch))
        own = tf.cast(own, x.dtype)
        # The mean is taken after rounding to x's dtype, so that labels are mixed as the photos are.
        share = tf.cast(tf.reduce_mean(tf.cast(own, tf.float32), axis=[1, 2]), labels.dtype)
        labels = tf.ensure_shape(labels, [None, classes])
        return own * x + (1 - own) * tf.gather(x, partner), share * labels + (1 - share) * tf.gather(labels, partner)

    return dataset.enumerate().map(mixed, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _own_shares(shape: tf.Tensor, mixup: float, cutmix: float, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The share of itself that each photo keeps in each cell, float32 [n, h, w, 1], and its partner, int32 [n]."""
    n, height, width = shape[0], shape[1], shape[2]
    seeds = tf.unstack(tf.random.split(seed, 5))
    partner = tf.argsort(tf.random.stateless_uniform([n], seeds[0]))
    by_cutmix = tf.random.stateless_uniform([n], seeds[1]) < (cutmix > 0) / ((mixup > 0) + (cutmix > 0))
    alpha = tf.where(by_cutmix, float(cutmix), float(mixup))
    own, other = tf.unstack(tf.random.stateless_gamma([2, n], seeds[2], alpha))
    share = own / tf.maximum(own + other, 1e-30)  # of two gamma variables: Beta(alpha, alpha)

    side = tf.sqrt(1 - share)
    rows = _inside(side, height, tf.random.stateless_uniform([n], seeds[3]))
    columns = _inside(side, width, tf.random.stateless_uniform([n], seeds[4]))
    outside_box = tf.cast(~(rows[:, :, None] & columns[:, None, :]), tf.float32)
    return tf.where(by_cutmix[:, None, None], outside_box, share[:, None, None])[..., None], partner


def _inside(side: tf.Tensor, length: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """The rows (or columns) that a box covers, bool [n, length]; `side` and `place` are shares from 0 to 1."""
    covered = tf.round(side * tf.cast(length, tf.float32))
    start = tf.floor(place * (tf.cast(length, tf.float32) - covered + 1))
    at = tf.range(tf.cast(length, tf.float32))
    return (at >= start[:, None]) & (at < (start + covered)[:, None])
