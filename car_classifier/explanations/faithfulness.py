"""How well a heatmap describes the net: scores from changing the photo where the heatmap points.

Each score runs the net on copies of one photo that are changed in the order that the heatmap gives. `Predict` takes
photos as RGB from 0 to 255, float32 [k, height, width, 3], and returns the probability of the explained class, float
[k]. Heatmaps are float32 [height, width], of the photo's size.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from car_classifier.explanations.imputation import impute
from car_classifier.explanations.methods import positive_part

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Floats = NDArray[np.float32]

STEPS = 10
"""Steps from the whole photo to none."""
ROAD_SHARES = (0.2, 0.4, 0.6, 0.8)


def ranks(heatmap: Floats, seed: int) -> NDArray[np.int64]:
    """The rank of each pixel when pixels are sorted from the largest value to the smallest.

    Pixels of equal value are ordered at random: ordered by position, a flat heatmap would count as one that points to
    the top left.

    Returns:
        int [height, width], from 0.
    """
    order = np.lexsort((np.random.default_rng(seed).random(heatmap.size), -heatmap.ravel()))
    positions = np.empty(heatmap.size, np.int64)
    positions[order] = np.arange(heatmap.size)
    return positions.reshape(heatmap.shape)


def deletion_and_insertion(predict: Predict, photo: Floats, heatmap: Floats, seed: int = 0) -> tuple[float, float]:
    """Areas under the probability curve while pixels are deleted, or inserted, from the largest value to the smallest.

    Deleted pixels take the photo's mean colour; inserted ones replace pixels of the blurred photo. Petsiuk et al. 2018
    (RISE), https://arxiv.org/abs/1806.07421.

    Returns:
        Deletion (lower is better) and insertion (higher is better), both from 0 to 1.
    """
    first_ranked = (ranks(heatmap, seed)[None] < np.linspace(0, heatmap.size, STEPS + 1)[:, None, None])[..., None]
    blurred = cv2.GaussianBlur(photo, (0, 0), min(photo.shape[:2]) / 20)
    deleted = np.where(first_ranked, photo.mean(axis=(0, 1)), photo)
    inserted = np.where(first_ranked, photo, blurred)
    probabilities = predict(np.concatenate([deleted, inserted]).astype(np.float32))
    areas = [float(np.trapezoid(curve, dx=1 / STEPS)) for curve in np.split(np.asarray(probabilities, np.float64), 2)]
    return areas[0], areas[1]


def road(predict: Predict, photo: Floats, heatmap: Floats, seed: int = 0) -> float:
    """Remove and debias: how much more the probability falls without the most relevant pixels than without the least.

    The mean, over shares of 20 to 80 %, of half the difference between the probability without the least relevant and
    without the most relevant pixels. Removed pixels are estimated from their neighbours, so that their outline does not
    tell the net what was there. Rong et al. 2022, https://arxiv.org/abs/2202.00449.

    Returns:
        From -0.5 to 0.5, higher is better; about 0 for a random heatmap.
    """
    positions = ranks(heatmap, seed)
    imputed = []
    for share in ROAD_SHARES:
        count = round(share * heatmap.size)
        for removed in (positions >= heatmap.size - count, positions < count):
            imputed.append(impute(photo, removed, seed))
    least, most = np.asarray(predict(np.stack(imputed)), np.float64).reshape(-1, 2).T
    return float((least - most).mean() / 2)


def average_drop(predict: Predict, photo: Floats, heatmap: Floats, seed: int = 0) -> tuple[float, float]:
    """Share of the probability that is lost when the photo is multiplied by the heatmap, from 0 to 1.

    The factor applies to the photo's difference from its mean colour. The published score (Chattopadhay et al. 2018,
    Grad-CAM++, https://arxiv.org/abs/1710.11063) multiplies by the positive part, scaled from 0 to 1; a heatmap that
    covers the whole photo then loses nothing, so broad heatmaps do well without any knowledge. Multiplied by the
    ranks of its values, every heatmap keeps the same amount of the photo, and only the position counts.

    Returns:
        The published score, and the one at equal area; lower is better.
    """
    mean = photo.mean(axis=(0, 1))
    masks = np.stack([np.ones_like(heatmap), positive_part(heatmap), 1 - ranks(heatmap, seed) / heatmap.size])
    masked = mean + (photo - mean) * masks[..., None]
    whole, *shown = (float(value) for value in predict(masked.astype(np.float32)))
    published, at_equal_area = (max(0.0, whole - value) / whole if whole > 0 else 0.0 for value in shown)
    return published, at_equal_area
