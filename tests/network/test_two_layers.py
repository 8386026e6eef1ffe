"""Activations of two layers as one: the averages of both, and a map at the finer cells."""

import keras
import numpy as np
import pytest

from car_classifier.network.backbones import BACKBONES, build_backbone
from car_classifier.network.map_extent import map_extent
from car_classifier.network.surgery import fold_batch_norms, in_precision, split_at_frozen, unfreeze
from car_classifier.network.two_layers import SpreadCells, head_input, join_layers

GRIDS = {
    "half as many": ((8, 12), (0, 0, 1, 1), (4, 6), (0, 0, 1, 1)),
    "half a cell apart, as in a ResNet": ((8, 12), (-0.06, -0.04, 0.94, 0.96), (4, 6), (-0.12, -0.08, 0.88, 0.92)),
    "odd numbers": ((15, 9), (0, 0, 1, 1), (8, 5), (-0.05, -0.1, 1.1, 1.2)),
    "the same": ((5, 7), (0, 0, 1, 1), (5, 7), (0, 0, 1, 1)),
    "cells beyond all others": ((2, 3), (0.4, 0.4, 0.6, 0.6), (4, 5), (-1, -1, 2, 2)),
    "a single cell": ((3, 3), (0, 0, 1, 1), (1, 1), (0, 0, 1, 1)),
}


@pytest.mark.parametrize("grid", GRIDS)
def test_spread_cells_keep_each_cells_share_of_the_mean(grid):
    cells, extent, own_cells, own_extent = GRIDS[grid]
    spread = SpreadCells(cells, extent, own_extent)
    for i in range(own_cells[0]):
        for j in range(own_cells[1]):
            activations = np.zeros((1, *own_cells, 1), np.float32)
            activations[0, i, j] = 1
            fine = np.asarray(spread(activations))[0, :, :, 0]
            assert fine.shape == cells
            assert fine.mean() == pytest.approx(activations.mean(), rel=1e-5)
            assert (fine >= 0).all()


def test_a_cells_share_goes_to_the_cells_that_it_covers_in_equal_parts():
    spread = SpreadCells((4, 4), (0, 0, 1, 1), (0, 0, 1, 1))
    fine = np.asarray(spread(np.float32([[[[1], [0]], [[0], [0]]]])))[0, :, :, 0]
    np.testing.assert_allclose(fine, np.kron([[1, 0], [0, 0]], np.ones((2, 2))))


def test_a_cell_that_reaches_over_halves_of_two_others_gives_them_half_as_much():
    spread = SpreadCells((4, 1), (0, 0, 1, 1), (-1 / 8, 0, 7 / 8, 1))
    fine = np.asarray(spread(np.float32([[[[0]], [[1]]]])))[0, :, 0, 0]
    np.testing.assert_allclose(fine, [0, 0.5, 1, 0.5])


@pytest.mark.long
@pytest.mark.parametrize(("name", "size"), [*((name, (64, 96)) for name in BACKBONES), ("ResNet50", (75, 101))])
def test_the_mean_over_the_joined_cells_is_that_of_both_layers(name, size):
    backbone = BACKBONES[name]
    keras.utils.set_random_seed(0)
    coarser = build_backbone(backbone, size, "none")
    net = head_input(coarser, backbone.finer_layer, (1, 1))
    finer = keras.Model(coarser.input, coarser.get_layer(backbone.finer_layer).output)
    images = np.random.default_rng(0).uniform(-1, 1, (2, *size, 3)).astype(np.float32)
    means = [np.asarray(part(images, training=False)).mean(axis=(1, 2)) for part in (finer, coarser)]
    joined = np.asarray(net(images, training=False))
    assert joined.shape[1:3] == finer.output_shape[1:3]
    np.testing.assert_allclose(joined.mean(axis=(1, 2)), np.concatenate(means, axis=1), rtol=1e-4, atol=1e-5)
    assert map_extent(net) == map_extent(finer)


@pytest.mark.long
def test_a_net_with_joined_layers_can_be_copied_written_and_split():
    net = head_input(build_backbone(BACKBONES["ResNet50"], (64, 96), "none"), "conv4_block6_out", (1, 1))
    images = np.random.default_rng(0).uniform(-1, 1, (2, 64, 96, 3)).astype(np.float32)
    expected = np.asarray(net(images, training=False))
    read = keras.models.model_from_json(net.to_json())
    read.set_weights(net.get_weights())
    read = keras.Model(read.inputs[0], read.outputs[0])
    unfreeze(net, ["conv5"])
    lower, upper = split_at_frozen(net)
    assert lower.layers[-1].name == "conv4_block6_out"
    for answer in (
        read(images, training=False),
        fold_batch_norms(net)(images, training=False),
        upper(lower(images, training=False), training=False),
    ):
        np.testing.assert_allclose(np.asarray(answer), expected, rtol=1e-3, atol=1e-4)
    narrow = in_precision(net, "mixed_bfloat16")(images, training=False)
    np.testing.assert_allclose(np.asarray(keras.ops.cast(narrow, "float32")), expected, rtol=0.2, atol=0.2)


def test_layers_are_joined_in_the_order_of_their_names():
    inputs = keras.layers.Input((8, 8, 3))
    fine = keras.layers.Conv2D(4, 2, strides=2, name="fine")(inputs)
    coarse = keras.layers.Conv2D(6, 2, strides=2, name="coarse")(fine)
    net = join_layers(keras.Model(inputs, coarse), "fine", "coarse")
    images = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype(np.float32)
    assert net.output_shape == (None, 4, 4, 10)
    np.testing.assert_allclose(
        np.asarray(net(images))[..., :4], np.asarray(keras.Model(inputs, fine)(images)), rtol=1e-5
    )
