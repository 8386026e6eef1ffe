"""The same photos under all methods, and what tells a model's two most confused classes apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from car_classifier.data.manifest import Manifest, ManifestRow
from car_classifier.data.photo_files import open_photo
from car_classifier.evaluation.predictions import ask_about
from car_classifier.evaluation.published_net import PublishedNet
from car_classifier.explanations.methods import METHODS, Method, explain
from car_classifier.explanations.pictures import grid, overlay, shrunk
from car_classifier.explanations.targets import ClassLogit, Contrast

CONTRAST_PHOTOS = 3
COLUMNS = 6


def methods_figure(
    net: PublishedNet, manifest: Manifest, rows: Sequence[ManifestRow], methods: Sequence[Method]
) -> Figure:
    """Photos, a column each, and under them the map of each method for the class that the photo shows.

    Args:
        net: The model.
        manifest: Tells where the photos are.
        rows: From these, one photo of each class is taken, of six classes at most.
        methods: The rows.
    """
    shown = list({row.label: row for row in reversed(rows)}.values())[::-1][:COLUMNS]
    photos, images = _photos(manifest, shown), _images(net, manifest, shown)
    targets = [ClassLogit(net.names.labels.index(row.label)) for row in shown]
    bands: list[tuple[str, Sequence[Any]]] = [("Photo", photos)]
    for method in methods:
        maps, extent = explain(net.model, images, targets, method.function), method.extent(net.model)
        drawn = [overlay(photo, _softened(cells), extent) for photo, cells in zip(photos, maps, strict=True)]
        bands.append((method.title.replace(", ", ",\n").replace(" gradients", "\ngradients"), drawn))
    return grid(bands, [row.label.replace("_", " ") for row in shown])


def contrast_figure(
    net: PublishedNet, manifest: Manifest, rows: Sequence[ManifestRow], logits: NDArray[np.float32]
) -> Figure | None:
    """Why the one and not the other: photos of the two classes that the model confuses most.

    Args:
        net: The model.
        manifest: Tells where the photos are.
        rows: Photos of labels that the model knows, from which the pair and the photos of it are chosen.
        logits: What the model gives for them, float32 [n, classes].

    Returns:
        For some photos of both: the map of each class, on one scale, and their contrast. None if the model knows one
        class only, or the photos show one only.
    """
    names = net.names.labels
    truth = np.array([names.index(row.label) for row in rows])
    pair = most_confused(logits, truth)
    if pair is None:
        return None
    shown: list[ManifestRow] = []
    for own, other in (pair, pair[::-1]):
        of_class = np.flatnonzero(truth == own)
        doubtful = of_class[np.argsort(logits[of_class, own] - logits[of_class, other], kind="stable")]
        shown += [rows[i] for i in doubtful[:CONTRAST_PHOTOS]]
    photos, images = _photos(manifest, shown), _images(net, manifest, shown)
    a, b = pair
    maps = [explain(net.model, images, target) for target in (ClassLogit(a), ClassLogit(b), Contrast(a, b))]
    extent = METHODS["exact"].extent(net.model)
    bands = []
    for row, photo, one, other, both in zip(shown, photos, *maps, strict=True):
        together = max(float(np.abs(cells).max()) for cells in (one, other))
        drawn = [overlay(photo, cells, extent, together) for cells in (one, other)]
        bands.append((row.label.replace("_", "\n"), [photo, *drawn, overlay(photo, both, extent)]))
    first, second = (names[index].replace("_", " ") for index in pair)
    alone = [f"for and against\n{name}" for name in (first, second)]
    return grid(bands, ["Photo", *alone, f"{first} (orange)\nor {second} (blue)?"])


def most_confused(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> tuple[int, int] | None:
    """The two classes between which the model hesitates most.

    Mistakes alone would leave the question open for a model that makes none, so what counts is the probability that
    each class's photos give to the other one, when only the two are to be chosen from.

    Args:
        logits: float32 [n, classes].
        truth: The true classes, int [n].

    Returns:
        Two classes that both have photos; None if fewer than two have.
    """
    classes = np.unique(truth)
    if len(classes) < 2:
        return None
    doubt = np.zeros((logits.shape[1],) * 2)
    for own in classes:
        of_class = logits[truth == own].astype(np.float64)
        doubt[own] = (1 / (1 + np.exp(np.clip(of_class[:, [own]] - of_class, -500, 500)))).mean(axis=0)
    both = np.where(np.isin(np.arange(len(doubt)), classes), np.triu(doubt + doubt.T, 1), -1)
    both[~np.isin(np.arange(len(doubt)), classes)] = -1
    a, b = np.unravel_index(both.argmax(), both.shape)
    return int(a), int(b)


def _photos(manifest: Manifest, rows: Sequence[ManifestRow]) -> list[Image.Image]:
    """The photos to draw on."""
    return [shrunk(open_photo(manifest.photo_path(row))) for row in rows]


def _images(net: PublishedNet, manifest: Manifest, rows: Sequence[ManifestRow]) -> Any:
    """The photos as the net takes them."""
    return net.normalised(ask_about(net.load, manifest, rows))


def _softened(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map whose few largest pixels do not leave all others without colour."""
    if cells.size < 1000:
        return cells
    limit = float(np.quantile(np.abs(cells), 0.99))
    return np.clip(cells, -limit, limit) if limit > 0 else cells
