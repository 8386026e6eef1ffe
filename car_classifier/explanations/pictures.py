"""Heatmaps drawn over photos."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from car_classifier.network.map_extent import Extent, upsample_map

FOR, AGAINST = "#D55E00", "#0072B2"
"""Colours of evidence for and against a class: vermilion and blue, safe for colour-blind readers (Okabe and Ito)."""

SIGNED = LinearSegmentedColormap.from_list("evidence", [AGAINST, "#FFFFFF", FOR])
LONGEST_SIDE = 1200


def downscale(photo: Image.Image) -> Image.Image:
    """A copy of a photo in RGB, at most `LONGEST_SIDE` pixels on each side."""
    photo = photo.convert("RGB")
    photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return photo


def overlay(photo: Image.Image, contributions: NDArray[np.float32], extent: Extent, scale: float | None = None) -> Any:
    """A photo with its heatmap: coloured where there is evidence, grey where there is none.

    Args:
        photo: RGB.
        contributions: The map, float32 [h, w].
        extent: Where the map lies on the photo.
        scale: The value of full colour; the heatmap's largest magnitude by default.

    Returns:
        RGB from 0 to 1, float [height, width, 3].
    """
    heatmap = upsample_map(contributions, extent, (photo.height, photo.width))
    largest = float(np.abs(heatmap).max()) if scale is None else scale
    strength = np.clip(heatmap / largest, -1, 1) if largest > 0 else np.zeros_like(heatmap)
    pixels = np.asarray(photo, np.float32) / 255
    grey = 0.1 * pixels + 0.9 * pixels.mean(axis=2, keepdims=True)
    opacity = 0.75 * np.abs(strength)[..., None] ** 0.8
    colour = np.where(strength[..., None] > 0, _rgb(FOR), _rgb(AGAINST))
    return grey * (1 - opacity) + colour * opacity


def _rgb(name: str) -> NDArray[np.float64]:
    return np.array([int(name[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def explained_photo(
    photo: Image.Image, contributions: NDArray[np.float32], extent: Extent, title: str, ends: tuple[str, str | None]
) -> Figure:
    """A photo, the photo with its heatmap, and the colour scale; a signed map has zero in the middle of the scale.

    Args:
        photo: The photo.
        contributions: The map, float32 [h, w].
        extent: Where the map lies on the photo.
        title: The question that the map answers.
        ends: Captions of the upper and the lower end of the scale; None as the lower one for a map without signs.
    """
    photo = downscale(photo)
    height = 4.6 * photo.height / photo.width
    figure = Figure(figsize=(10.6, min(max(height, 2), 9) + 0.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.imshow(photo)
    right.imshow(overlay(photo, contributions, extent))
    for axes in (left, right):
        axes.set_axis_off()
    largest = float(np.abs(upsample_map(contributions, extent, (photo.height, photo.width))).max())
    limit, (above, below) = largest or 1.0, ends
    bar = figure.colorbar(ScalarMappable(Normalize(-limit, limit), SIGNED), ax=right, shrink=0.8)
    ticks = {0.0: "0", limit: f"+{limit:.2g}\n{above}"}
    if below is None:
        bar.ax.set_ylim(0, limit)
    else:
        ticks[-limit] = f"−{limit:.2g}\n{below}"
    bar.set_ticks(list(ticks), labels=list(ticks.values()))
    figure.suptitle(title if largest else f"{title}\nno evidence anywhere")
    return figure


def grid(rows: Sequence[tuple[str, Sequence[Any]]], columns: Sequence[str]) -> Figure:
    """Pictures in rows, with a title above each column.

    Args:
        rows: A caption and the pictures of each row: photos, or RGB arrays [height, width, 3].
        columns: Titles.
    """
    first = np.asarray(rows[0][1][0])
    height = 1.9 * first.shape[0] / first.shape[1]
    figure = Figure(figsize=(1.9 * len(columns) + 0.5, (height + 0.06) * len(rows) + 0.5))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02)
    for (caption, pictures), row in zip(rows, figure.subplots(len(rows), len(columns), squeeze=False), strict=True):
        for axes, picture in zip(row, pictures, strict=True):
            axes.imshow(picture)
            axes.set(xticks=[], yticks=[])
        row[0].set_ylabel(caption, fontsize=8)
    for axes, title in zip(figure.axes[: len(columns)], columns, strict=True):
        axes.set_title(title, fontsize=9)
    return figure


def frame_sheet(
    photos: Sequence[tuple[Image.Image, NDArray[np.float32], Extent, str]], frame: float, title: str, columns: int = 6
) -> Figure:
    """Photos with their heatmaps, and a line between the outer frame and the middle.

    Args:
        photos: Each photo, its map, where the map lies, and a caption.
        frame: Width of the frame as a share of the photo's height and width.
        title: Above all photos.
        columns: Number of photos side by side.
    """
    count = -(-len(photos) // columns)
    figure = Figure(figsize=(2.4 * columns, 2.15 * count + 0.6), layout="constrained")
    grid = figure.subplots(count, columns, squeeze=False).flat
    for axes, (photo, contributions, extent, caption) in zip(grid, photos, strict=False):
        photo = downscale(photo)
        axes.imshow(overlay(photo, np.maximum(contributions, 0), extent))
        corner = (frame * photo.width - 0.5, frame * photo.height - 0.5)
        inner = (1 - 2 * frame) * photo.width, (1 - 2 * frame) * photo.height
        axes.add_patch(Rectangle(corner, *inner, fill=False, edgecolor="black", linestyle="--", linewidth=1))
        axes.set_title(caption, fontsize=8)
    for axes in figure.axes:
        axes.set_axis_off()
    figure.suptitle(title)
    return figure
