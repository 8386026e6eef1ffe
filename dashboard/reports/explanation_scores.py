"""Scores of explanation methods: their meaning, their direction, and the best method in each."""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.reports.results import Explanations

DECIMALS = 3  # shown on the page; methods that look equal share the first place


@dataclass(frozen=True)
class ScoreKind:
    """One of the scores.

    Attributes:
        title: Its name.
        meaning: Its meaning, in a sentence.
        is_better_high: Whether higher is better.
    """

    title: str
    meaning: str
    is_better_high: bool

    @property
    def arrow(self) -> str:
        """Points in the direction that is better."""
        return "↑" if self.is_better_high else "↓"


SCORES: Mapping[str, ScoreKind] = {
    "deletion": ScoreKind(
        "Deletion", "The probability left, on average, while the pixels that matter most are blotted out first.", False
    ),
    "insertion": ScoreKind(
        "Insertion", "The probability reached, on average, while they are put back first into a blurred photo.", True
    ),
    "road": ScoreKind(
        "ROAD", "How much more it costs to remove what matters most than what matters least, filled in smoothly.", True
    ),
    "average_drop": ScoreKind(
        "Average drop", "The share of probability lost when only what the map marks is left of the photo.", False
    ),
    "average_drop_equal": ScoreKind(
        "… at equal area", "The same with every map marking the same area, so that wide maps gain nothing.", False
    ),
    "sanity": ScoreKind(
        "Like a random net's", "How alike the map is to that of a net that has learned nothing.", False
    ),
    "hit": ScoreKind("Pointing game", "How often the map's peak lies on the part that tells the model.", True),
    "energy": ScoreKind("Energy inside", "The share of the map that lies on that part.", True),
}


def best_methods(report: Explanations) -> dict[str, list[str]]:
    """Returns the best methods in each known score; baselines do not take part."""
    best = {}
    for score, kind in SCORES.items():
        means = {
            name: round(method.scores[score].mean, DECIMALS)
            for name, method in report.methods.items()
            if score in method.scores and not method.is_baseline
        }
        if means:
            top = (max if kind.is_better_high else min)(means.values())
            best[score] = [name for name, mean in means.items() if mean == top]
    return best
