"""The changes to a net before training do not change its output."""

import keras
import numpy as np
import pytest

from car_classifier.errors import UserError
from car_classifier.network.backbones import BACKBONES, build_backbone
from car_classifier.network.map_extent import map_extent
from car_classifier.network.surgery import fold_batch_norms, in_precision, split_at_frozen, unfreeze

SIZE = (64, 96)


def build(name: str) -> keras.Model:
    """A net whose batch norms change their input."""
    keras.utils.set_random_seed(0)
    net = build_backbone(BACKBONES[name], SIZE, "none")
    randomise_norms(net)
    return net


def randomise_norms(net: keras.Model) -> None:
    rng = np.random.default_rng(0)
    for layer in norms(net):
        for variable in layer.variables:
            low, high = (-0.5, 0.5) if variable.name in ("beta", "moving_mean") else (0.5, 1.5)
            variable.assign(rng.uniform(low, high, variable.shape))


def norms(net: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in net.layers if isinstance(layer, keras.layers.BatchNormalization)]


def outputs(net: keras.Model) -> np.ndarray:
    images = np.random.default_rng(1).uniform(-1, 1, (2, *net.input_shape[1:])).astype(np.float32)
    return np.asarray(keras.ops.cast(net(images, training=False), "float32"))


def assert_close(array: np.ndarray, expected: np.ndarray, share: float) -> None:
    """Equal up to a share of the largest value, which must be one."""
    largest = np.abs(expected).max()
    assert 0 < largest < np.inf
    np.testing.assert_allclose(array, expected, rtol=0, atol=share * largest)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "left"), [("ResNet50", 0), ("ResNet50V2", 17), ("MobileNetV2", 0), ("EfficientNetV2B0", 0)]
)
def test_a_folded_net_computes_the_same(name, left):
    net = build(name)
    folded = fold_batch_norms(net)
    assert len(norms(folded)) == left < len(norms(net))
    assert_close(outputs(folded), outputs(net), 1e-4)
    assert map_extent(folded) == map_extent(net)


def test_only_a_norm_that_follows_a_convolution_alone_is_folded():
    layers = keras.layers
    images = layers.Input((8, 12, 3))
    x = layers.BatchNormalization(name="before")(images)
    x = layers.Conv2D(4, 3, name="conv", use_bias=False)(x)
    x = layers.BatchNormalization(name="folded", center=False)(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise", use_bias=True)(x)
    x = layers.BatchNormalization(name="folded_into_depthwise", scale=False)(x)
    x = layers.BatchNormalization(name="after_norm")(x)
    x = layers.Conv2D(8, 1, activation="relu", name="bent")(x)
    x = layers.BatchNormalization(name="after_relu")(x)
    shared = layers.Conv2D(8, 1, name="used_twice")(x)
    x = layers.add([layers.BatchNormalization(name="one_of_two")(shared), shared])
    net = keras.Model(images, x)
    randomise_norms(net)
    folded = fold_batch_norms(net)
    assert [layer.name for layer in norms(folded)] == ["before", "after_norm", "after_relu", "one_of_two"]
    assert_close(outputs(folded), outputs(net), 1e-5)


@pytest.mark.long
def test_another_precision_keeps_weights_in_float32_and_frozen_layers_frozen():
    net = build("MobileNetV2")
    unfreeze(net, ["Conv_1"])
    half = in_precision(net, "mixed_bfloat16")
    assert {layer.compute_dtype for layer in half.layers[1:]} == {"bfloat16"}  # all but the input
    assert {variable.dtype for variable in half.variables} == {"float32"}
    assert [variable.path for variable in half.trainable_variables] == ["Conv_1/kernel"]
    for copied, original in zip(half.get_weights(), net.get_weights(), strict=True):
        np.testing.assert_array_equal(copied, original)
    assert_close(outputs(half), outputs(net), 0.1)
    assert np.any(outputs(half) != outputs(net))


def tiny_net() -> keras.Model:
    """Three blocks, of which the last two are joined by a shortcut."""
    layers = keras.layers
    images = layers.Input((8, 12, 3))
    x = shortcut = layers.Conv2D(4, 1, name="block1_conv")(images)
    x = layers.BatchNormalization(name="block1_bn")(x)
    x = layers.Conv2D(4, 1, name="block2_conv")(x)
    x = layers.Conv2D(4, 1, name="block2_conv_b")(x)
    x = layers.Activation("relu", name="block2_out")(x + shortcut)
    x = layers.Conv2D(4, 1, name="block12_conv")(x)
    return keras.Model(images, x, name="tiny")


@pytest.mark.parametrize(
    ("patterns", "trained"),
    [
        (None, ["block1_conv", "block2_conv", "block2_conv_b", "block12_conv"]),
        ([], []),
        (["block2"], ["block2_conv", "block2_conv_b"]),
        (["block1"], ["block1_conv", "block12_conv"]),
        (["block1_"], ["block1_conv"]),
        (["block2_conv$", "block12"], ["block2_conv", "block12_conv"]),
        ([r"block\d+_conv_"], ["block2_conv_b"]),
    ],
)
def test_patterns_name_what_is_trained(patterns, trained):
    net = tiny_net()
    unfreeze(net, ["block1_conv"])  # of an earlier stage
    unfreeze(net, patterns)
    assert [layer.name for layer in net.layers if layer.trainable_weights] == trained


@pytest.mark.parametrize("pattern", ["conv", "block3", "block2_out", "block1_bn"])
def test_a_pattern_that_matches_nothing_to_train_is_a_mistake(pattern):
    words = f"--unfreeze {pattern} matches no layer of tiny. Their names begin with block1, block2, block12, as in"
    with pytest.raises(UserError, match=words):
        unfreeze(tiny_net(), ["block2", pattern])


@pytest.mark.parametrize(
    ("patterns", "last"),
    [
        (None, None),
        (["block1"], None),
        (["block2"], "block1_conv"),  # the shortcut's other end: from block1_bn on there are two tensors
        (["block2_conv_b"], "block1_conv"),
        (["block12"], "block2_out"),
    ],
)
def test_a_net_is_cut_below_what_is_trained_where_one_tensor_goes_on(patterns, last):
    net = tiny_net()
    unfreeze(net, patterns)
    lower, upper = split_at_frozen(net)
    assert (lower and lower.layers[-1].name) == last
    if lower is None:
        assert upper is net
    else:
        np.testing.assert_array_equal(upper(lower(np.ones((1, 8, 12, 3)))), net(np.ones((1, 8, 12, 3))))


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "patterns", "last"),
    [
        ("ResNet50", ["conv5"], "conv4_block6_out"),
        ("ResNet50V2", ["conv5"], "conv5_block1_preact_relu"),
        ("MobileNetV2", ["block_16", "Conv_1"], "block_15_add"),
        ("EfficientNetV2B0", ["block6h", "top"], "block6g_add"),
        ("ConvNeXtTiny", ["convnext_tiny_stage_3"], "convnext_tiny_downsampling_block_2"),
    ],
)
def test_as_much_as_can_be_is_left_to_the_frozen_part(name, patterns, last):
    net = build(name)
    unfreeze(net, patterns)
    lower, upper = split_at_frozen(net)
    assert lower.layers[-1].name == last
    assert not lower.trainable_weights
    assert {v.path for v in upper.trainable_variables} == {v.path for v in net.trainable_variables} != set()
    whole = outputs(net)
    images = np.random.default_rng(1).uniform(-1, 1, (2, *SIZE, 3)).astype(np.float32)
    assert_close(np.asarray(upper(lower(images, training=False), training=False)), whole, 1e-5)
