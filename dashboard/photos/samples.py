"""The gallery: a few photos of the data set to try."""

import random
from collections import defaultdict

from dashboard.photos.dataset import Dataset, DatasetPhoto


def choose_samples(dataset: Dataset, count: int, seed: int = 0) -> tuple[DatasetPhoto, ...]:
    """Chooses photos that the model was not trained on, spread evenly over labels.

    Each label provides one photo before any provides a second. The choice is the same for the same data set.

    Args:
        dataset: The photos to choose from.
        count: Maximum number of photos.
        seed: Seed of the choice.

    Returns:
        The samples; empty if no photo's file exists.
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
            # If a photo has been moved or deleted, the next one of its label takes its place.
            while pile and not pile[-1].path.is_file():
                pile.pop()
            if pile and len(chosen) < count:
                chosen.append(pile.pop())
    return tuple(chosen)
