"""Mixing of two photos, and of their labels in the same shares."""

import numpy as np
import pytest
import tensorflow as tf

from car_classifier.training.mixing import mix_batches

pytestmark = pytest.mark.slow

CLASSES = 5


def batches(shape=(14, 20, 2), dtype=tf.float32, count=60):
    """Photos whose every value is their class, so that the mix can be read from the pixels."""
    classes = np.random.default_rng(0).permutation(np.arange(count) % CLASSES)
    x = tf.cast(np.broadcast_to(classes[:, None, None, None], (count, *shape)), dtype)
    return tf.data.Dataset.from_tensor_slices((x, tf.one_hot(classes, CLASSES))).batch(16)


def joined(dataset):
    return [np.concatenate(parts) for parts in zip(*((tf.cast(x, tf.float32), y) for x, y in dataset), strict=True)]


@pytest.mark.parametrize("dtype", [tf.float32, tf.float16, tf.bfloat16])
@pytest.mark.parametrize(("mixup", "cutmix"), [(0.4, 0), (0, 1), (0.4, 1)], ids=["mixup", "cutmix", "both"])
def test_labels_are_the_true_shares_of_what_is_seen(mixup, cutmix, dtype):
    mixed = mix_batches(batches(dtype=dtype), CLASSES, mixup, cutmix, seed=0, epoch=0)
    assert mixed.element_spec == (
        tf.TensorSpec([None, 14, 20, 2], dtype),
        tf.TensorSpec([None, CLASSES], tf.float32),
    )
    x, labels = joined(mixed)
    np.testing.assert_allclose(labels.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(x.mean(axis=(1, 2, 3)), labels @ np.arange(CLASSES), atol=0.02)
    assert (labels.max(axis=1) < 0.98).sum() > 10


def test_cutmix_puts_in_one_rectangle_and_leaves_the_rest():
    x, labels = joined(mix_batches(batches(), CLASSES, 0, 1, seed=0, epoch=0))
    original, _ = joined(batches())
    shares = set()
    for photo, was, label in zip(x[..., 0], original[..., 0], labels, strict=True):
        other = photo != was
        assert other.sum() == other.any(axis=1).sum() * other.any(axis=0).sum()
        if other.any():
            assert label[int(photo[other][0])] == pytest.approx(other.mean(), abs=1e-6)
            shares.add(round(float(other.mean()), 3))
    assert len(shares) > 10


def test_mixup_gives_each_photo_its_own_share():
    x, labels = joined(mix_batches(batches(), CLASSES, 0.4, 0, seed=0, epoch=0))
    np.testing.assert_array_equal(x.max(axis=(1, 2, 3)), x.min(axis=(1, 2, 3)))
    assert len(np.unique(labels.max(axis=1).round(4))) > 30


def test_the_same_seed_and_epoch_mix_alike_and_others_do_not():
    def values(seed, epoch):
        return joined(mix_batches(batches(), CLASSES, 0.4, 1, seed, epoch))[0]

    first = values(1, 2)
    np.testing.assert_array_equal(first, values(1, 2))
    for other in ((2, 2), (1, 3), (2, 1)):
        assert (first != values(*other)).any()


def test_batches_of_one_epoch_are_mixed_differently():
    same = tf.data.Dataset.from_tensors(next(iter(batches()))).repeat(2)
    (one, _), (other, _) = mix_batches(same, CLASSES, 0.4, 1, 0, 0)
    assert (one.numpy() != other.numpy()).any()


def test_without_either_nothing_is_mixed():
    for found, expected in zip(joined(mix_batches(batches(), CLASSES, 0, 0, 0, 0)), joined(batches()), strict=True):
        np.testing.assert_array_equal(found, expected)
