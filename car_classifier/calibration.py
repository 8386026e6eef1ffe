"""Temperature scaling: making a probability of 80 % be right 80 times in 100."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax


def fit_temperature(logits: NDArray[np.float32], classes: NDArray[np.int64]) -> float:
    """The temperature that makes held-out photos most likely (Guo et al. 2017, https://arxiv.org/abs/1706.04599).

    A net that is right on every held-out photo would ask for a temperature of zero; as in Platt's scaling
    (1999), the targets are therefore (n + 1) / (n + 2) instead of 1.

    Args:
        logits: float [n, classes].
        classes: int [n], the true classes.

    Returns:
        What to divide logits by, from 0.05 to 20; 1 for no photos.
    """
    n, c = logits.shape
    if n == 0 or c < 2:
        return 1.0
    targets = np.full((n, c), 1 / (n + 2) / (c - 1))
    targets[np.arange(n), classes] = (n + 1) / (n + 2)
    scores = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return float(-(targets * log_softmax(scores / np.exp(log_temperature), axis=1)).sum(axis=1).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))
