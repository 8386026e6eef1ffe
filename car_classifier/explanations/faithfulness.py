"""How much a map tells about what the net does: scores from changing the photo where the map points.

Each score asks the net again about one photo, changed in ways that follow the map. `Ask` takes photos as RGB from 0 to
255, float32 [k, height, width, 3], and gives the probability of the class that is explained, float [k]. Maps are
float32 [height, width] of the photo's size.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from car_classifier.explanations.imputation import impute
from car_classifier.explanations.methods import positive_part

Ask = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Floats = NDArray[np.float32]

STEPS = 10
"""Steps from the whole photo to none of it."""
ROAD_SHARES = (0.2, 0.4, 0.6, 0.8)


def ranks(drawn: Floats, seed: int) -> NDArray[np.int64]:
    """The place of each pixel when they are sorted from the map's largest value to its smallest.

    Pixels of one value are put in a random order: by their position, a flat map would count as one that points to the
    top left.

    Returns:
        int [height, width], from 0.
    """
    order = np.lexsort((np.random.default_rng(seed).random(drawn.size), -drawn.ravel()))
    places = np.empty(drawn.size, np.int64)
    places[order] = np.arange(drawn.size)
    return places.reshape(drawn.shape)


def deletion_and_insertion(ask: Ask, photo: Floats, drawn: Floats, seed: int = 0) -> tuple[float, float]:
    """Areas under the probability while pixels go, or come, from the map's largest value to its smallest.

    Deleted pixels take the photo's mean colour; inserted ones come onto the blurred photo. Petsiuk et al. 2018 (RISE),
    https://arxiv.org/abs/1806.07421.

    Returns:
        Deletion, the lower the better, and insertion, the higher the better, both from 0 to 1.
    """
    gone = (ranks(drawn, seed)[None] < np.linspace(0, drawn.size, STEPS + 1)[:, None, None])[..., None]
    blurred = cv2.GaussianBlur(photo, (0, 0), min(photo.shape[:2]) / 20)
    deleted = np.where(gone, photo.mean(axis=(0, 1)), photo)
    inserted = np.where(gone, photo, blurred)
    probabilities = ask(np.concatenate([deleted, inserted]).astype(np.float32))
    areas = [float(np.trapezoid(curve, dx=1 / STEPS)) for curve in np.split(np.asarray(probabilities, np.float64), 2)]
    return areas[0], areas[1]


def road(ask: Ask, photo: Floats, drawn: Floats, seed: int = 0) -> float:
    """Remove and debias: how much more it costs to lose the most relevant pixels than the least relevant ones.

    For shares of 20 to 80 %, half the difference between the probability without the least and without the most
    relevant pixels, on average. Pixels that are gone are guessed from their neighbours, so that their outline does not
    tell the net what was there. Rong et al. 2022, https://arxiv.org/abs/2202.00449.

    Returns:
        From -0.5 to 0.5, the higher the better; 0 for a map that knows nothing.
    """
    places = ranks(drawn, seed)
    changed = []
    for share in ROAD_SHARES:
        count = round(share * drawn.size)
        for gone in (places >= drawn.size - count, places < count):
            changed.append(impute(photo, gone, seed))
    least, most = np.asarray(ask(np.stack(changed)), np.float64).reshape(-1, 2).T
    return float((least - most).mean() / 2)


def average_drop(ask: Ask, photo: Floats, drawn: Floats, seed: int = 0) -> tuple[float, float]:
    """How much of the probability is lost when the photo is multiplied by the map, from 0 to 1.

    Multiplied is the photo's difference from its mean colour. By the map's positive part from 0 to 1, as published
    (Chattopadhay et al. 2018, Grad-CAM++, https://arxiv.org/abs/1710.11063), a map that covers all of the photo loses
    nothing: broad maps do well whatever they know. By the ranks of its values every map lets the same amount through,
    and what counts is where.

    Returns:
        The published score, and the one at equal area; the lower the better.
    """
    mean = photo.mean(axis=(0, 1))
    masks = np.stack([np.ones_like(drawn), positive_part(drawn), 1 - ranks(drawn, seed) / drawn.size])[..., None]
    whole, *shown = (float(value) for value in ask((mean + (photo - mean) * masks).astype(np.float32)))
    published, at_equal_area = (max(0.0, whole - value) / whole if whole > 0 else 0.0 for value in shown)
    return published, at_equal_area
