"""Whether a map depends on what the net has learnt.

Adebayo et al. 2018, https://arxiv.org/abs/1810.03292: a map that looks the same for a net with random weights shows
the photo, not the net.
"""

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    """The same net with all of its weights drawn anew."""
    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(model)


def similarity(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Spearman's rank correlation of the magnitudes of two maps [h, w], from 0 to 1: 1 for the same order of places.

    A flat map has no order: two of them are alike, one beside another map is not.
    """
    one, other = np.abs(one).ravel(), np.abs(other).ravel()
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float(np.ptp(one) == np.ptp(other))
    return float(abs(spearmanr(one, other).statistic))
