"""Whether a heatmap points at the part of the photo that is known to matter.

A part is a list of boxes in pixels of the photo: left, top, right and bottom. Heatmaps are float32 [height, width], of
the photo's size.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]

TOLERANCE = 15
"""Pixels beside a box that still count as a hit, on photos of about 500 pixels."""


def hits(heatmap: NDArray[np.float32], boxes: Sequence[Box], tolerance: int = TOLERANCE) -> bool:
    """The pointing game: whether the heatmap's maximum lies on the part, or within the tolerance.

    A heatmap without positive evidence misses. Zhang et al. 2018, https://arxiv.org/abs/1608.00507.
    """
    if heatmap.max() <= 0:
        return False
    y, x = np.unravel_index(heatmap.argmax(), heatmap.shape)
    return any(
        left - tolerance <= x < right + tolerance and top - tolerance <= y < bottom + tolerance
        for left, top, right, bottom in boxes
    )


def energy_inside(heatmap: NDArray[np.float32], boxes: Sequence[Box]) -> float:
    """Share of the heatmap's positive evidence that lies on the part, from 0 to 1.

    The energy-based pointing game of Wang et al. 2020 (Score-CAM), https://arxiv.org/abs/1910.01279.
    """
    positive, inside = np.maximum(heatmap, 0, dtype=np.float64), np.zeros(heatmap.shape, bool)
    for left, top, right, bottom in boxes:
        inside[top:bottom, left:right] = True
    total = positive.sum()
    return float(positive[inside].sum() / total) if total > 0 else 0.0


def frame_share(heatmap: NDArray[np.float32], frame: float) -> float | None:
    """Share of the positive evidence in the outer frame of the photo, from 0 to 1; None if there is no evidence.

    Args:
        heatmap: Of the photo's size.
        frame: Width of the frame as a share of the photo's height and width.
    """
    height, width = heatmap.shape
    rows, columns = round(frame * height), round(frame * width)
    if heatmap.max() <= 0:
        return None
    return 1 - energy_inside(heatmap, [(columns, rows, width - columns, height - rows)])


def frame_area(frame: float) -> float:
    """The outer frame's share of a photo's area: the `frame_share` of evenly spread evidence."""
    return 1 - (1 - 2 * frame) ** 2
