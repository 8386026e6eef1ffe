"""Whether a map points at a part of the photo that is known to matter.

A part is boxes in pixels of the photo: left, top, right and bottom. Maps are float32 [height, width] of its size.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]

TOLERANCE = 15
"""Pixels beside a box that still count as a hit, on photos of about 500 pixels."""


def hits(drawn: NDArray[np.float32], boxes: Sequence[Box], tolerance: int = TOLERANCE) -> bool:
    """The pointing game: whether the map's strongest point lies on the part, or hardly beside it.

    A map without any evidence points nowhere. Zhang et al. 2018, https://arxiv.org/abs/1608.00507.
    """
    if drawn.max() <= 0:
        return False
    y, x = np.unravel_index(drawn.argmax(), drawn.shape)
    return any(
        left - tolerance <= x < right + tolerance and top - tolerance <= y < bottom + tolerance
        for left, top, right, bottom in boxes
    )


def energy_inside(drawn: NDArray[np.float32], boxes: Sequence[Box]) -> float:
    """Share of the map's positive evidence that lies on the part, from 0 to 1.

    The energy-based pointing game of Wang et al. 2020 (Score-CAM), https://arxiv.org/abs/1910.01279.
    """
    positive, inside = np.maximum(drawn, 0, dtype=np.float64), np.zeros(drawn.shape, bool)
    for left, top, right, bottom in boxes:
        inside[top:bottom, left:right] = True
    total = positive.sum()
    return float(positive[inside].sum() / total) if total > 0 else 0.0


def frame_share(drawn: NDArray[np.float32], frame: float) -> float | None:
    """Share of the map's positive evidence that lies in the outer frame of the photo, from 0 to 1; None without any.

    Args:
        drawn: The map.
        frame: Width of the frame as a share of the photo's height and width.
    """
    height, width = drawn.shape
    rows, columns = round(frame * height), round(frame * width)
    if drawn.max() <= 0:
        return None
    return 1 - energy_inside(drawn, [(columns, rows, width - columns, height - rows)])


def frame_area(frame: float) -> float:
    """Share of a photo's area that its outer frame takes: what evidence without any place would put there."""
    return 1 - (1 - 2 * frame) ** 2
