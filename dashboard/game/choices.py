"""Which cars a player can choose from."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.game.rules import CHOICES, Difficulty, make_of


def choices(
    difficulty: Difficulty, truth: str, makes: Mapping[str, str], confused: Sequence[str], chooser: random.Random
) -> tuple[str, ...]:
    """Up to four labels, one of them right, in random order; none if any car can be named.

    Args:
        difficulty: Easy takes different makes as far as there are any; medium takes what the model mixes up with
            the right one, then cars of its make, then any.
        truth: The right one.
        makes: Make of each label of the data set.
        confused: What the model mixes up with the right one, most often first.
        chooser: The same chooser gives the same choice.
    """
    if difficulty is Difficulty.HARD:
        return ()
    by_make: dict[str, list[str]] = {}
    for label in sorted(makes):
        if label != truth:
            by_make.setdefault(makes[label], []).append(label)
    piles = list(by_make.values())
    for pile in piles:
        chooser.shuffle(pile)
    chooser.shuffle(piles)
    own_make = by_make.get(make_of(truth, makes), [])
    if difficulty is Difficulty.EASY:
        others = [pile for pile in piles if pile is not own_make]
        wrong = [*(pile[0] for pile in others), *(label for pile in others for label in pile[1:]), *own_make]
    else:
        # Whole makes: if only the right one stood beside another of its make, that would give it away.
        known = [label for label in confused if label in makes]
        wrong = [*known, *own_make, *(label for pile in piles for label in pile)]
    offered = [truth, *(label for label in dict.fromkeys(wrong) if label != truth)][:CHOICES]
    chooser.shuffle(offered)
    return tuple(offered)


def confused_with(label: str, metrics: Mapping[str, Any]) -> list[str]:
    """The labels that a model mixes up with one, most often first.

    Args:
        label: The one.
        metrics: The model's `metrics.json`. Without a confusion matrix that can be read, nothing is known.
    """
    return [other for count, other in sorted(_confusions(label, metrics), key=lambda pair: -pair[0]) if count > 0]


def _confusions(label: str, metrics: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """How often each other label was taken for this one or this one for it."""
    try:
        labels, matrix = metrics["confusion"]["labels"], metrics["confusion"]["matrix"]
        own = labels.index(label)
        for place, other in enumerate(labels):
            if place != own:
                yield matrix[own][place] + matrix[place][own], other
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return
