"""How often a version was right when it was about as confident as now: counted on its own test photos."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

WIDEST = 0.5
"""Largest distance in logit of an answer that counts as about as confident: 0.5 is 38 to 62 %, or 86 to 94 %."""

MOST = 100
"""Where more answers are near, only this many of the nearest count, so that the window narrows; with all ties."""

LEAST = 20
"""Of fewer answers nothing is said: the interval would span half of all shares."""

SUREST = 0.9995
"""Probabilities beyond this, and below its complement, count as equal: `predictions.csv` has six decimals."""


@dataclass(frozen=True)
class Count:
    """How many answers were about as confident as one, and how many of them were right."""

    count: int
    right: int

    def as_json(self) -> dict[str, object]:
        """`count`, `right` and `interval`: the 95 % interval of the share, None for fewer than `LEAST` answers."""
        interval = None if self.count < LEAST else wilson_interval(self.right, self.count)
        return {"count": self.count, "right": self.right, "interval": interval}


class TrackRecord:
    """The first answers of a version for photos that it was not trained on.

    Args:
        answers: The probability of each first answer, 0 to 1, and whether it was right.
    """

    def __init__(self, answers: Iterable[tuple[float, bool]]):
        ordered = sorted((logit(probability), bool(right)) for probability, right in answers)
        self._logits = np.array([place for place, _ in ordered])
        # Before each answer, how many were right: a window then costs two looks, however many answers it holds.
        self._right_before = np.cumsum([0, *(right for _, right in ordered)])

    def __len__(self) -> int:
        return len(self._logits)

    def about_as_confident(self, probability: float) -> Count:
        """Counts the answers whose probability is nearest to one.

        Nearest in logit, because from 90 to 99 % the share of wrong answers falls to a tenth, and from 50 to 59 % it
        hardly changes. Answers further away than `WIDEST` do not count, and of more than `MOST` the nearest do. All
        answers at the same distance count or none, so that the order of the photos does not matter.

        Args:
            probability: From 0 to 1.
        """
        place = logit(probability)
        distances = np.abs(self._logits - place)
        reach = WIDEST if len(self) <= MOST else min(WIDEST, float(np.partition(distances, MOST - 1)[MOST - 1]))
        near = np.flatnonzero(distances <= reach)  # of a sorted list, so they lie together
        if not len(near):
            return Count(0, 0)
        return Count(len(near), int(self._right_before[near[-1] + 1] - self._right_before[near[0]]))


def logit(probability: float) -> float:
    """The logarithm of the odds; probabilities beyond `SUREST` count as equal to it."""
    within = min(max(probability, 1 - SUREST), SUREST)
    return math.log(within / (1 - within))


def wilson_interval(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of at least one, after Wilson, as `car_classifier.evaluation.intervals` gives it."""
    z2 = 1.959964**2
    share = hits / count
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = math.sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    return max(middle - half, 0.0), min(middle + half, 1.0)
