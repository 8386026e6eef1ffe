"""The same photos with the maps of all methods, and the contrast of a model's two most confused classes."""

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
from car_classifier.explanations.pictures import downscale, grid, overlay
from car_classifier.explanations.targets import ClassLogit, Contrast

CONTRAST_PHOTOS = 3
COLUMNS = 6


def methods_figure(
    net: PublishedNet, manifest: Manifest, rows: Sequence[ManifestRow], methods: Sequence[Method]
) -> Figure:
    """One column per photo, and below it the map of each method for the class that the photo shows.

    Args:
        net: The model.
        manifest: Gives the photos' paths.
        rows: One photo of each class is taken from these, of at most six classes.
        methods: One row each.
    """
    shown = list({row.label: row for row in reversed(rows)}.values())[::-1][:COLUMNS]
    photos, images = _photos(manifest, shown), _images(net, manifest, shown)
    targets = [ClassLogit(net.names.labels.index(row.label)) for row in shown]
    bands: list[tuple[str, Sequence[Any]]] = [("Photo", photos)]
    for method in methods:
        maps, extent = explain(net.model, images, targets, method.function), method.extent(net.model)
        overlays = [
            overlay(photo, _clipped(contributions), extent) for photo, contributions in zip(photos, maps, strict=True)
        ]
        bands.append((method.title.replace(", ", ",\n").replace(" gradients", "\ngradients"), overlays))
    return grid(bands, [row.label.replace("_", " ") for row in shown])


def contrast_figure(
    net: PublishedNet, manifest: Manifest, rows: Sequence[ManifestRow], logits: NDArray[np.float32]
) -> Figure | None:
    """Why one class and not the other: photos of the two classes that the model confuses most.

    Args:
        net: The model.
        manifest: Gives the photos' paths.
        rows: Photos of labels that the model knows; the pair and its photos are chosen from these.
        logits: The model's logits for them, float32 [n, classes].

    Returns:
        For some photos of both classes: the map of each class, on one scale, and their contrast. None if the photos
        show fewer than two classes.
    """
    names = net.names.labels
    truth = np.array([names.index(row.label) for row in rows])
    pair = most_confused(logits, truth)
    if pair is None:
        return None
    shown: list[ManifestRow] = []
    for own, other in (pair, pair[::-1]):
        of_class = np.flatnonzero(truth == own)
        most_doubtful = of_class[np.argsort(logits[of_class, own] - logits[of_class, other], kind="stable")]
        shown += [rows[i] for i in most_doubtful[:CONTRAST_PHOTOS]]
    photos, images = _photos(manifest, shown), _images(net, manifest, shown)
    a, b = pair
    maps = [explain(net.model, images, target) for target in (ClassLogit(a), ClassLogit(b), Contrast(a, b))]
    extent = METHODS["exact"].extent(net.model)
    bands = []
    for row, photo, of_a, of_b, contrast in zip(shown, photos, *maps, strict=True):
        scale = max(float(np.abs(contributions).max()) for contributions in (of_a, of_b))
        overlays = [overlay(photo, contributions, extent, scale) for contributions in (of_a, of_b)]
        bands.append((row.label.replace("_", "\n"), [photo, *overlays, overlay(photo, contrast, extent)]))
    first, second = (names[index].replace("_", " ") for index in pair)
    alone = [f"for and against\n{name}" for name in (first, second)]
    return grid(bands, ["Photo", *alone, f"{first} (orange)\nor {second} (blue)?"])


def most_confused(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> tuple[int, int] | None:
    """The two classes that the model finds hardest to tell apart.

    Mistakes alone could not decide for a model that makes none. Therefore each pair is judged by the probability that
    one class's photos give to the other class when only these two are allowed.

    Args:
        logits: float32 [n, classes].
        truth: The true classes, int [n].

    Returns:
        The indices of two classes that both have photos; None if fewer than two classes have photos.
    """
    classes = np.unique(truth)
    if len(classes) < 2:
        return None
    doubt = np.zeros((logits.shape[1],) * 2)
    for own in classes:
        of_class = logits[truth == own].astype(np.float64)
        doubt[own] = (1 / (1 + np.exp(np.clip(of_class[:, [own]] - of_class, -500, 500)))).mean(axis=0)
    of_pair = np.where(np.isin(np.arange(len(doubt)), classes), np.triu(doubt + doubt.T, 1), -1)
    of_pair[~np.isin(np.arange(len(doubt)), classes)] = -1
    a, b = np.unravel_index(of_pair.argmax(), of_pair.shape)
    return int(a), int(b)


def _photos(manifest: Manifest, rows: Sequence[ManifestRow]) -> list[Image.Image]:
    """The photos to draw on."""
    return [downscale(open_photo(manifest.photo_path(row))) for row in rows]


def _images(net: PublishedNet, manifest: Manifest, rows: Sequence[ManifestRow]) -> Any:
    """The photos, normalised for the net, float32 [n, height, width, 3]."""
    return net.normalised(ask_about(net.load, manifest, rows))


def _clipped(contributions: NDArray[np.float32]) -> NDArray[np.float32]:
    """A pixel map with its outliers clipped: unclipped, a few large pixels would leave all others without colour."""
    if contributions.size < 1000:
        return contributions
    limit = float(np.quantile(np.abs(contributions), 0.99))
    return np.clip(contributions, -limit, limit) if limit > 0 else contributions
