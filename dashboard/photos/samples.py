"""The gallery: a few photos of the data set to try."""

import random
from collections import defaultdict

from dashboard.photos.dataset import Dataset, DatasetPhoto


def choose_samples(dataset: Dataset, count: int, seed: int = 0) -> tuple[DatasetPhoto, ...]:
    """Chooses photos that the model has not trained on, spread over their labels.

    Every label gives one photo before any gives a second. The same data set gives the same choice.

    Args:
        dataset: Where from.
        count: How many photos at most.
        seed: Which choice.

    Returns:
        The samples, none if no photo's file exists.
    """
    by_label: dict[str, list[DatasetPhoto]] = defaultdict(list)
    for photo in dataset.unseen:
        by_label[photo.name].append(photo)

    chooser = random.Random(seed)  # noqa: S311 (a fair spread, not a secret)
    piles = [by_label[name] for name in sorted(by_label)]
    for pile in piles:
        chooser.shuffle(pile)
    chooser.shuffle(piles)

    chosen: list[DatasetPhoto] = []
    while len(chosen) < count and any(piles):
        for pile in piles:
            # A photo that was since moved or deleted is passed over for the next of its label.
            while pile and not pile[-1].path.is_file():
                pile.pop()
            if pile and len(chosen) < count:
                chosen.append(pile.pop())
    return tuple(chosen)
