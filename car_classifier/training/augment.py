"""Augmenting decoded photos: random changes that do not change which car a photo shows.

Each function is given its random numbers, so that the same numbers repeat a change. OpenCV works on integers from 0 to
255, because Keras' layers for the same changes take several times as long as decoding the photo (`python -m benchmarks
input-pipeline` measures both).
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from car_classifier.training.augmentation import Augmentation

Photo = NDArray[np.uint8]
"""RGB, uint8 [height, width, 3]."""

DRAWS = 12
"""Number of random numbers that augmenting a photo takes."""

MOST_DOWNSCALING = 1.5
"""`augment` downscales crops without smoothing, so it takes photos at most this many times as large as the input."""

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_ERASED_GREY = 127
_MOST_ERASED_STRETCH = math.log(3)  # of the rectangle, as in Zhong et al. 2017, https://arxiv.org/abs/1708.04896


def largest_needed(image_size: tuple[int, int]) -> tuple[int, int]:
    """Height and width in pixels above which a photo is downscaled before it is augmented."""
    return round(MOST_DOWNSCALING * image_size[0]), round(MOST_DOWNSCALING * image_size[1])


def downscale(photo: Photo, image_size: tuple[int, int]) -> Photo:
    """Downscale a photo, by averaging pixels, to at most `MOST_DOWNSCALING` times the net's input in each direction."""
    height, width = np.minimum(photo.shape[:2], largest_needed(image_size)).tolist()
    if (height, width) == photo.shape[:2]:
        return photo
    return _as_photo(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA))


def augment(photo: Photo, image_size: tuple[int, int], augmentation: Augmentation, draws: NDArray[np.float64]) -> Photo:
    """Crop, flip, resize, recolour and erase a photo.

    Args:
        photo: A result of `downscale`.
        image_size: Height and width of the result in pixels.
        augmentation: The strengths.
        draws: `DRAWS` random numbers from 0 to below 1, float64.

    Returns:
        uint8 [*image_size, 3].
    """
    photo = _cropped(photo, augmentation, draws[:4])
    if augmentation.flip and draws[4] < 0.5:
        photo = _as_photo(cv2.flip(photo, 1))
    photo = _as_photo(cv2.resize(photo, image_size[::-1], interpolation=cv2.INTER_LINEAR))
    if augmentation.colour:
        photo = _recoloured(photo, 1 + augmentation.colour * (2 * draws[5:8] - 1))
    if augmentation.erase:
        _erase(photo, augmentation.erase, draws[8:])
    return photo


def _as_photo(pixels: object) -> Photo:
    return np.asarray(pixels, np.uint8)


def _cropped(photo: Photo, augmentation: Augmentation, draws: NDArray[np.float64]) -> Photo:
    area = 1 - (1 - augmentation.crop_area) * draws[0]
    return photo[_rectangle(photo, area, augmentation.stretch, draws[1:])]


def _rectangle(photo: Photo, area: float, stretch: float, draws: NDArray[np.float64]) -> tuple[slice, slice]:
    """A random rectangle on the photo with a share of its area; `stretch` limits the change of the aspect ratio."""
    ratio = math.exp(stretch * (2 * draws[0] - 1) / 2)
    # Height and width are at most the photo's; where one reaches it, the other one keeps the area.
    ratio = min(max(ratio, math.sqrt(area)), 1 / math.sqrt(area))
    shares = (math.sqrt(area) * ratio, math.sqrt(area) / ratio)
    slices = []
    for length, share, place in zip(photo.shape[:2], shares, draws[1:], strict=True):
        kept = max(round(length * share), 1)
        start = int(place * (length - kept + 1))
        slices.append(slice(start, start + kept))
    return slices[0], slices[1]


def _recoloured(photo: Photo, factors: NDArray[np.float64]) -> Photo:
    """Multiply brightness, contrast (around the photo's mean grey) and saturation by factors.

    Each change is a linear function of red, green and blue, so the three are computed as one: with luma weights w, mean
    luma m and factors b, c, s, a pixel x becomes b·(c·(s·x + (1 - s)·w·x) + (1 - c)·m).
    """
    brightness, contrast, saturation = factors
    mean = _LUMA @ cv2.mean(photo)[:3]
    matrix = np.empty((3, 4))
    matrix[:, :3] = brightness * contrast * (saturation * np.eye(3) + (1 - saturation) * _LUMA)
    matrix[:, 3] = brightness * (1 - contrast) * mean
    return _as_photo(cv2.transform(photo, matrix))


def _erase(photo: Photo, largest: float, draws: NDArray[np.float64]) -> None:
    """Blank a random rectangle of at most a share of the photo, in place."""
    photo[_rectangle(photo, max(largest * draws[0], 1e-6), _MOST_ERASED_STRETCH, draws[1:])] = _ERASED_GREY
