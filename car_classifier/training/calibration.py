"""Temperature scaling: making a probability of 80 % be right 80 times in 100."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import softmax


def fit_temperature(logits: NDArray[np.float32], classes: NDArray[np.int64]) -> float:
    """The temperature at which the first answer's probability tells best whether it is right.

    Temperature scaling (Guo et al. 2017, https://arxiv.org/abs/1706.04599) commonly makes the true classes most
    likely. Among many classes a few photos with a hopeless answer then count for more than all that is shown to
    people: the first answer and how sure it is. So what is made most likely is whether each first answer is right
    ("top versus all", Le Coz et al. 2024, https://arxiv.org/abs/2411.02988).

    A net that is right on every held-out photo would ask for a temperature of zero; as in Platt's scaling (1999), the
    targets are therefore (n + 1) / (n + 2) for the n right answers, and 1 / (m + 2) for the m wrong ones.

    Args:
        logits: float [n, classes].
        classes: int [n], the true classes.

    Returns:
        What to divide logits by, from 0.05 to 20; 1 for no photos.
    """
    if len(logits) == 0 or logits.shape[1] < 2:
        return 1.0
    scores = logits.astype(np.float64)
    is_right = scores.argmax(axis=1) == classes
    targets = np.where(is_right, (is_right.sum() + 1) / (is_right.sum() + 2), 1 / ((~is_right).sum() + 2))
    tiny = np.finfo(np.float64).eps

    def loss(log_temperature: float) -> float:
        sure = np.clip(softmax(scores / np.exp(log_temperature), axis=1).max(axis=1), tiny, 1 - tiny)
        return float(-(targets * np.log(sure) + (1 - targets) * np.log(1 - sure)).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))
