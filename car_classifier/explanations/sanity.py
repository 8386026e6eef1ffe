"""Whether a map depends on the weights that the net has learnt.

Adebayo et al. 2018, https://arxiv.org/abs/1810.03292: a map that looks the same for a net with random weights shows
the photo, not the net.
"""

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    """A copy of the net with all weights re-initialised at random."""
    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(model)


def similarity(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Spearman's rank correlation of the magnitudes of two maps [h, w], from 0 to 1; 1 means the same order of cells.

    A flat map has no order: two flat maps get 1, a flat map and any other get 0.
    """
    first, second = np.abs(first).ravel(), np.abs(second).ravel()
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float(np.ptp(first) == np.ptp(second))
    return float(abs(spearmanr(first, second).statistic))
