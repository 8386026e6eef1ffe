"""A picture to paint polygons on, at twice its final size for smooth edges."""

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
"""Red, green and blue from 0 to 1; values above 1 are clipped when the picture is finished."""

SUPERSAMPLING = 2
_SUBPIXEL_BITS = 4


def _channels(colour: Colour) -> NDArray[np.float32]:
    return np.array(colour, dtype=np.float32)


class Canvas:
    """An RGB picture of `width` by `height` pixels, painted in those coordinates."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.pixels: NDArray[np.float32] = np.zeros(
            (height * SUPERSAMPLING, width * SUPERSAMPLING, 3), dtype=np.float32
        )

    def polygon(self, points: NDArray[np.float64], colour: Colour, opacity: float = 1.0, blur: float = 0.0) -> None:
        """Fill a polygon.

        Args:
            points: Corners [n, 2] in pixels.
            colour: The fill.
            opacity: From 0 (invisible) to 1.
            blur: Radius in pixels by which the edge is softened.
        """
        corners = np.round(points * SUPERSAMPLING * 2**_SUBPIXEL_BITS).astype(np.int32)
        if opacity >= 1 and blur == 0:
            cv2.fillPoly(self.pixels, [corners], colour, shift=_SUBPIXEL_BITS)
            return
        mask: NDArray[np.float32] = np.zeros(self.pixels.shape[:2], dtype=np.float32)
        cv2.fillPoly(mask, [corners], 1.0, shift=_SUBPIXEL_BITS)
        if blur > 0:
            small = cv2.resize(mask, (self.width, self.height), interpolation=cv2.INTER_AREA)
            mask = np.asarray(cv2.resize(cv2.GaussianBlur(small, (0, 0), blur), mask.shape[::-1]), dtype=np.float32)
        # Only where there is something to blend, and channel by channel: numpy is slow on an innermost axis of 3.
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if len(rows) == 0:
            return
        area = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        share = mask[area] * np.float32(opacity)
        for channel, value in enumerate(colour):
            layer = self.pixels[area][..., channel]
            layer += share * (np.float32(value) - layer)

    def vertical_gradient(self, top: float, bottom: float, upper: Colour, lower: Colour) -> None:
        """Fill the rows from `top` to `bottom` (shares of the height) with a gradient."""
        rows = self.pixels.shape[0]
        first, last = int(top * rows), int(bottom * rows)
        if last <= first:
            return
        share = np.linspace(0, 1, last - first, dtype=np.float32)[:, None]
        for channel, (start, end) in enumerate(zip(_channels(upper), _channels(lower), strict=True)):
            self.pixels[first:last, :, channel] = start + share * (end - start)

    def finished(self, noise: NDArray[np.float32], tint: Colour, exposure: float) -> NDArray[np.uint8]:
        """The picture as a camera would save it.

        Args:
            noise: Sensor noise [height, width, 1], added to all channels.
            tint: Colour of the light.
            exposure: Brightness factor.

        Returns:
            RGB pixels, uint8 [height, width, 3].
        """
        picture = cv2.resize(self.pixels, (self.width, self.height), interpolation=cv2.INTER_AREA)
        y, x = np.ogrid[-1 : 1 : self.height * 1j, -1 : 1 : self.width * 1j]
        vignette = (1 - 0.16 * np.clip((x**2 + y**2) / 2, 0, 1)).astype(np.float32)
        kept = np.empty(picture.shape, dtype=np.uint8)
        for channel, factor in enumerate(_channels(tint)):
            layer = picture[..., channel] * factor * np.float32(exposure) * vignette + noise[..., 0]
            kept[..., channel] = np.clip(layer, 0, 1) * 255 + np.float32(0.5)
        return kept
