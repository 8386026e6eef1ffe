"""Temperature scaling: making answers with a probability of 80 % right 80 times in 100."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import softmax


def fit_temperature(logits: NDArray[np.floating[Any]], classes: NDArray[np.int64]) -> float:
    """The temperature at which the top answer's probability best predicts whether that answer is right.

    Temperature scaling (Guo et al. 2017, https://arxiv.org/abs/1706.04599) usually maximises the likelihood of the true
    classes. With many classes, a few photos whose true class seems impossible then outweigh everything that people
    see: the top answer and its probability. Here the likelihood of each top answer being right or wrong is maximised
    instead ("top versus all", Le Coz et al. 2024, https://arxiv.org/abs/2411.02988).

    For a net that is right on every held-out photo, the temperature would be zero. As in Platt's scaling (1999), the
    targets are therefore (n + 1) / (n + 2) for the n right answers, and 1 / (m + 2) for the m wrong ones.

    Args:
        logits: [n, classes], of any floating-point type.
        classes: The true classes, int64 [n].

    Returns:
        The divisor of the logits, from 0.05 to 20; 1 if there are no photos.
    """
    if len(logits) == 0 or logits.shape[1] < 2:
        return 1.0
    scores = logits.astype(np.float64)
    is_right = scores.argmax(axis=1) == classes
    targets = np.where(is_right, (is_right.sum() + 1) / (is_right.sum() + 2), 1 / ((~is_right).sum() + 2))
    tiny = np.finfo(np.float64).eps

    def loss(log_temperature: float) -> float:
        top = np.clip(softmax(scores / np.exp(log_temperature), axis=1).max(axis=1), tiny, 1 - tiny)
        return float(-(targets * np.log(top) + (1 - targets) * np.log(1 - top)).mean())

    log_temperature = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded").x
    return float(np.exp(log_temperature))
