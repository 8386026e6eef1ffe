"""The scores by which explanations are measured."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ScoreKind:
    """A kind of score.

    Attributes:
        title: The name, for people.
        short: The name for a narrow column.
        is_better_high: Whether more is better.
    """

    title: str
    short: str
    is_better_high: bool


SCORES: Mapping[str, ScoreKind] = {
    "deletion": ScoreKind("Deletion", "Del.", is_better_high=False),
    "insertion": ScoreKind("Insertion", "Ins.", is_better_high=True),
    "road": ScoreKind("ROAD", "ROAD", is_better_high=True),
    "average_drop": ScoreKind("Average drop", "Drop", is_better_high=False),
    "average_drop_equal": ScoreKind("… at equal area", "Drop=", is_better_high=False),
    "sanity": ScoreKind("Like a random net's", "Rand.", is_better_high=False),
    "hit": ScoreKind("Pointing game", "Hit", is_better_high=True),
    "energy": ScoreKind("Energy inside", "Energy", is_better_high=True),
}


def arrow(kind: ScoreKind) -> str:
    """Up if more is better, down if less is better."""
    return "↑" if kind.is_better_high else "↓"
