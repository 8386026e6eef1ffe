"""95 % intervals: how far a figure that was measured on a number of photos can be trusted."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, t

RESAMPLES = 1000
SEED = 0


def wilson_interval(hits: int, count: int) -> list[float] | None:
    """The 95 % interval of a share, after Wilson (1927, https://doi.org/10.1080/01621459.1927.10502953).

    Returns:
        Low and high, from 0 to 1; None for no photos.
    """
    if count == 0:
        return None
    interval = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    return [float(interval.low), float(interval.high)]


def mean_interval(values: NDArray[np.float64]) -> list[float] | None:
    """The 95 % interval of a mean, by Student's t.

    Returns:
        Low and high; None for fewer than two values.
    """
    if len(values) < 2:
        return None
    mean = float(np.mean(values))
    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return [mean - half, mean + half]


def bootstrap_interval(statistic: Callable[[NDArray[np.int64]], float], count: int) -> list[float]:
    """The 95 % interval of a figure between 0 and 1 that is no plain share, by resampling the photos.

    This is the basic (pivotal) bootstrap of Davison and Hinkley (1997, section 5.2). Resampled calibration errors are
    too high and resampled macro-F1 is too low. Reflecting them about the measured figure corrects that, while plain
    percentiles would nearly always miss the truth on few photos. The interval remains approximate on small sets.

    Args:
        statistic: Computes the figure of some photos from their indices, int [n], in which a photo may be repeated.
        count: Number of photos; at least one.

    Returns:
        Low and high, from 0 to 1, with the figure of all photos between them. Every call returns the same.
    """
    rng = np.random.default_rng(SEED)
    measured = statistic(np.arange(count))
    resampled = [statistic(rng.integers(0, count, count)) for _ in range(RESAMPLES)]
    low, high = 2 * measured - np.quantile(resampled, [0.975, 0.025])
    return [float(np.clip(min(low, measured), 0, 1)), float(np.clip(max(high, measured), 0, 1))]
