"""Selects the classes that a player can choose from."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.game.rules import CHOICES, Difficulty, make_of


def choices(
    difficulty: Difficulty, truth: str, makes: Mapping[str, str], confused: Sequence[str], chooser: random.Random
) -> tuple[str, ...]:
    """Returns up to four labels, one of them right, in random order; none in a hard game, where any class can be named.

    Args:
        difficulty: An easy game offers different makes while there are enough; a medium one offers classes that the
            model confuses with the right one, then those of its make, then any.
        truth: The right label.
        makes: Make of each label of the data set.
        confused: Labels that the model confuses with the right one, most often first.
        chooser: The random generator; the same state gives the same choices.
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
        # Other makes are added whole: if only the right one stood beside another of its make, that would give it away.
        confusable = [label for label in confused if label in makes]
        wrong = [*confusable, *own_make, *(label for pile in piles for label in pile)]
    offered = [truth, *(label for label in dict.fromkeys(wrong) if label != truth)][:CHOICES]
    chooser.shuffle(offered)
    return tuple(offered)


def confused_with(label: str, metrics: Mapping[str, Any]) -> list[str]:
    """Returns the labels that a model confuses with a label, most often first.

    Args:
        label: The label.
        metrics: The model's `metrics.json`. Without a confusion matrix that can be read, the result is empty.
    """
    return [other for count, other in sorted(_confusions(label, metrics), key=lambda pair: -pair[0]) if count > 0]


def _confusions(label: str, metrics: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yields each other label, with the number of photos on which the model mistook one of the two for the other."""
    try:
        labels, matrix = metrics["confusion"]["labels"], metrics["confusion"]["matrix"]
        own = labels.index(label)
        for place, other in enumerate(labels):
            if place != own:
                yield matrix[own][place] + matrix[place][own], other
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return
