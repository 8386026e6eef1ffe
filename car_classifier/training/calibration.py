"""Temperature scaling: making answers with a probability of 80 % right 80 times in 100."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import softmax

FOLDS = 5
MOST_JUDGED = 5000
"""Photos on which it is judged whether scaling helps; of more, as many are drawn at random."""

NOT_APPLIED = "Temperature scaling is not applied: it does not lower the error on photos that it was not fitted on."


def choose_temperature(
    logits: NDArray[np.floating[Any]], classes: NDArray[np.int64], groups: NDArray[np.int64] | None = None
) -> float:
    """The temperature of `fit_temperature` if scaling lowers the error on photos that it was not fitted on, or else 1.

    The photos are dealt into five folds. Each fold's error at the temperature that fits the others is compared with
    its error without scaling. The error is the mean negative log-likelihood of each top answer being right or wrong:
    what the temperature is fitted by, a proper score, and one of every single answer. The calibration error is none of
    these: a model that always says how often it is right on average has none, and on few photos the bins' noise
    decides.

    Args:
        logits: [n, classes], of any floating-point type.
        classes: The true classes, int64 [n].
        groups: Photos of the same number are near-duplicates, which stay in one fold, int64 [n].

    Returns:
        The divisor of the logits, from 0.05 to 20; exactly 1 if scaling is not applied. Every call returns the same.
    """
    if len(logits) == 0 or logits.shape[1] < 2:
        return 1.0
    rng = np.random.default_rng(0)
    judged = rng.permutation(len(logits))[:MOST_JUDGED]
    numbers = np.unique(judged if groups is None else groups[judged], return_inverse=True)[1]
    if numbers.max() == 0:
        return 1.0
    fold_of = rng.permutation(numbers.max() + 1) % FOLDS
    scores, truth, folds = logits[judged].astype(np.float64), classes[judged], fold_of[numbers]
    scaled = unscaled = 0.0
    for fold in np.unique(folds):
        held_out = folds == fold
        temperature = fit_temperature(scores[~held_out], truth[~held_out])
        is_right = scores[held_out].argmax(axis=1) == truth[held_out]
        scaled += len(is_right) * _loss(scores[held_out], is_right, temperature)
        unscaled += len(is_right) * _loss(scores[held_out], is_right, 1.0)
    return fit_temperature(logits, classes) if scaled < unscaled else 1.0


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
    log_temperature = minimize_scalar(
        lambda place: _loss(scores, targets, np.exp(place)), bounds=(np.log(0.05), np.log(20)), method="bounded"
    ).x
    return float(np.exp(log_temperature))


def _loss(scores: NDArray[np.float64], targets: NDArray[Any], temperature: float) -> float:
    """The mean negative log-likelihood of top answers that are right with the chances `targets`, or as flags, [n]."""
    tiny = np.finfo(np.float64).eps
    top = np.clip(softmax(scores / temperature, axis=1).max(axis=1), tiny, 1 - tiny)
    return float(-(targets * np.log(top) + (1 - targets) * np.log(1 - top)).mean())
