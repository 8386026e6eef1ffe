"""The scores of explanations."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ScoreKind:
    """One of the scores.

    Attributes:
        title: As people write it.
        is_better_high: Whether more is better.
    """

    title: str
    is_better_high: bool


SCORES: Mapping[str, ScoreKind] = {
    "deletion": ScoreKind("Deletion", is_better_high=False),
    "insertion": ScoreKind("Insertion", is_better_high=True),
    "road": ScoreKind("ROAD", is_better_high=True),
    "average_drop": ScoreKind("Average drop", is_better_high=False),
    "average_drop_equal": ScoreKind("… at equal area", is_better_high=False),
    "sanity": ScoreKind("Like a random net's", is_better_high=False),
    "hit": ScoreKind("Pointing game", is_better_high=True),
    "energy": ScoreKind("Energy inside", is_better_high=True),
}
