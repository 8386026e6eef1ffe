"""A map's extent places each cell where the cell looks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from car_classifier.network.backbones import BACKBONES, build_backbone
from car_classifier.network.map_extent import map_extent

pytestmark = pytest.mark.long


def linear(net: keras.Model) -> keras.Model:
    """The same geometry with equal weights and only sums, so that gradients show where a cell looks."""
    for layer in net.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D | keras.layers.Conv2D):
            layer.set_weights([np.ones_like(w) / w.shape[0] / w.shape[1] / w.shape[2] for w in layer.get_weights()[:1]]
                              + [np.zeros_like(w) for w in layer.get_weights()[1:]])  # fmt: skip
        if isinstance(layer, keras.layers.MaxPooling2D):
            layer.call = lambda x, pool=layer: tf.nn.avg_pool2d(x, pool.pool_size, pool.strides, pool.padding.upper())
    return net


@pytest.mark.parametrize("size", [(256, 256), (257, 257)])
@pytest.mark.parametrize("name", ["ResNet50V2", "ResNet50", "VGG16", "MobileNetV2"])
def test_the_extent_puts_each_cell_over_the_middle_of_what_it_sees(name, size):
    net = linear(build_backbone(BACKBONES[name], size, "none"))
    top, left, bottom, right = map_extent(net)
    _, h, w, _ = net.output_shape
    images = tf.ones((1, *size, 3)) * 0.1
    i, j = h // 2, w // 2  # far enough from the border to see nothing of it
    with tf.GradientTape() as tape:
        tape.watch(images)
        seen = tf.reduce_sum(net(images, training=False)[0, i, j])
    weight = np.abs(tape.gradient(seen, images).numpy()[0]).sum(axis=-1)
    for axis, (low, high, cell, cells) in enumerate(((top, bottom, i, h), (left, right, j, w))):
        share = weight.sum(axis=1 - axis)
        middle = (share * (np.arange(size[axis]) + 0.5)).sum() / share.sum() / size[axis]
        assert middle == pytest.approx(low + (cell + 0.5) / cells * (high - low), abs=0.02)


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("VGG16", (64, 96), (0, 0, 1, 1)),
        ("ConvNeXtTiny", (64, 96), (0, 0, 1, 1)),
        ("ResNet50V2", (64, 96), (-15.5 / 64, -15.5 / 96, 48.5 / 64, 80.5 / 96)),
        ("ResNet50V2", (225, 225), (-15.5 / 225, -15.5 / 225, 240.5 / 225, 240.5 / 225)),
    ],
)
def test_the_extent_of_known_nets(name, size, expected):
    net = build_backbone(BACKBONES[name], size, "none")
    np.testing.assert_allclose(map_extent(net), expected, atol=1e-9)
