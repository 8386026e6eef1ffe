"""Activations of two layers of a net as one: the coarser cells are spread over the finer ones.

A head that averages each layer over its cells and is linear in both averages sees the photo at two scales. The same
head is global average pooling and one dense layer on the activations that are joined here: each coarse cell's
activations are shared among the fine cells that it covers, in equal parts, so that the average over all cells stays
what it was. Whatever takes such a head apart (`closed_form`, class activation maps) therefore gives one map at the
finer layer's cells, which adds up to the logit exactly, and needs to know of one layer only.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from car_classifier.network.map_extent import Extent, map_extent


@keras.saving.register_keras_serializable(package="car_classifier")
class SpreadCells(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """Spreads activations over finer cells, with the same mean over all cells.

    From activations [n, h, w, channels] to [n, *cells, channels].

    Args:
        cells: Rows and columns of the finer cells.
        extent: Where the finer cells lie on the photo, as `map_extent` gives it.
        own_extent: Where the cells of the input lie.
    """

    def __init__(self, cells: Sequence[int], extent: Extent, own_extent: Extent, **options: Any) -> None:
        super().__init__(**options)
        self.cells, self.extent, self.own_extent = tuple(cells), tuple(extent), tuple(own_extent)

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Compute how the cells overlap."""
        top, left, bottom, right = self.extent
        own_top, own_left, own_bottom, own_right = self.own_extent
        _, height, width, _ = input_shape
        self._rows = _shares(self.cells[0], (top, bottom), height, (own_top, own_bottom))
        self._columns = _shares(self.cells[1], (left, right), width, (own_left, own_right))

    def call(self, activations: Any) -> Any:
        """Spread them."""
        rows = keras.ops.cast(self._rows, activations.dtype)
        columns = keras.ops.cast(self._columns, activations.dtype)
        return keras.ops.einsum("ih,nhwc,jw->nijc", rows, activations, columns)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """Shape of the output."""
        return input_shape[0], *self.cells, input_shape[3]

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return dict(super().get_config()) | {"cells": self.cells, "extent": self.extent, "own_extent": self.own_extent}


def _shares(fine: int, extent: tuple[float, float], coarse: int, own: tuple[float, float]) -> NDArray[np.float32]:
    """The part of each coarse cell that goes to each fine cell along one axis, times `fine / coarse`.

    A coarse cell's parts are the shares of its length that the fine cells cover. What lies beyond the outermost fine
    cells goes to the others that it covers, or if it covers none to the nearest.

    Returns:
        float32 [fine, coarse].
    """
    edges, own_edges = np.linspace(*extent, fine + 1), np.linspace(*own, coarse + 1)
    low = np.maximum(edges[:-1, None], own_edges[None, :-1])
    high = np.minimum(edges[1:, None], own_edges[None, 1:])
    covered = np.maximum(high - low, 0)
    beyond = np.flatnonzero(covered.sum(axis=0) == 0)
    covered[np.where(own_edges[beyond] < edges[0], 0, fine - 1), beyond] = 1
    shares = covered / covered.sum(axis=0)
    return np.asarray(shares * fine / coarse, np.float32)


def join_layers(net: keras.Model, finer: str, coarser: str) -> keras.Model:
    """A net whose output is that of two layers: first the finer one's channels, then the coarser one's.

    Args:
        net: From images to activations.
        finer: Name of the layer whose cells the output has.
        coarser: Name of a layer with as many cells or fewer.
    """
    fine, coarse = net.get_layer(finer).output, net.get_layer(coarser).output
    extents = [map_extent(keras.Model(net.input, tensor)) for tensor in (fine, coarse)]
    spread = SpreadCells(fine.shape[1:3], *extents, name=f"{coarser}_spread")(coarse)
    joined = keras.layers.Concatenate(name=f"{finer}_and_{coarser}")([fine, spread])
    return keras.Model(net.input, joined, name=net.name)


def head_input(net: keras.Model, finer: str | None, layer_weights: Sequence[float]) -> keras.Model:
    """The net whose output a head takes that gives the layers these weights.

    Args:
        net: From images to the coarser layer's activations.
        finer: Name of the finer layer, if there is one.
        layer_weights: Of the finer and the coarser layer, or of the coarser layer alone; 0 if it is not used.
    """
    if finer is None or len(layer_weights) == 1 or layer_weights[0] == 0:
        return net
    if layer_weights[1] == 0:
        return keras.Model(net.input, net.get_layer(finer).output, name=net.name)
    return join_layers(net, finer, _output_name(net))


def head_layers(net: keras.Model, finer: str | None) -> tuple[str, ...]:
    """Names of the layers whose averages a head can take: the finer layer, if there is one, and the net's last."""
    return (finer, _output_name(net)) if finer else (_output_name(net),)


def pooled_layers(net: keras.Model, names: Sequence[str]) -> tuple[keras.Model, tuple[int, ...]]:
    """A net from images to the averages of layers over their cells, float32 [n, d], and each layer's part of d."""
    maps = [net.get_layer(name).output for name in names]
    pooled = [keras.layers.GlobalAveragePooling2D(dtype="float32")(activations) for activations in maps]
    joined = keras.layers.Concatenate(dtype="float32", name="pooled_layers")(pooled) if len(pooled) > 1 else pooled[0]
    return keras.Model(net.input, joined), tuple(int(activations.shape[-1]) for activations in maps)


def _output_name(net: keras.Model) -> str:
    return str(net.output._keras_history.operation.name)
