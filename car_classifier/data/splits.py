"""Dividing photos into train, validation and test."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from car_classifier.data.manifest import Split


@dataclass(frozen=True)
class SplitItem:
    """One photo to assign to a split."""

    sha256: str  # of its content
    label: str
    group: int | None  # near-duplicate group
    split: Split | None  # if it is decided already


def split_photos(items: Sequence[SplitItem], validation: float, test: float, seed: int) -> list[Split]:
    """A seeded split, stratified by label, that never divides near-duplicates.

    The split of a photo depends on its content and the seed, not on file names or their order. A photo whose split is
    not decided joins near-duplicates whose split is. Groups are not torn to meet a share exactly, so it may be missed
    by half a group.

    Args:
        items: The photos.
        validation: Share for validation of each label's photos that are not decided, from 0 to 1.
        test: Share for the test.
        seed: Another seed gives another split.

    Returns:
        The split of each item, in order.
    """
    splits: list[Split | None] = [item.split for item in items]
    units: dict[object, list[int]] = defaultdict(list)
    for i, item in enumerate(items):
        units[("photo", i) if item.group is None else ("group", item.group)].append(i)

    by_label: dict[str, list[list[int]]] = defaultdict(list)
    for unit in units.values():
        decided = next((splits[i] for i in unit if splits[i] is not None), None)
        if decided is None:
            by_label[min(items[i].label for i in unit)].append(unit)
        for i in unit:
            splits[i] = splits[i] or decided

    for label_units in by_label.values():
        order = sorted(label_units, key=lambda unit: min(place_in_draw(seed, items[i].sha256) for i in unit))
        total = sum(len(unit) for unit in order)
        shares: tuple[tuple[Split, float], ...] = (("test", test), ("validation", validation))
        for split, share in shares:
            count = round(total * share)
            for unit in reversed(order[1:]):  # at least one unit is for training
                if len(unit) <= 2 * count:  # taking it comes as near to the share as leaving it, or nearer
                    order.remove(unit)
                    count -= len(unit)
                    for i in unit:
                        splits[i] = split
    return [split or "train" for split in splits]


def place_in_draw(seed: int, sha256: str) -> str:
    """A photo's place in the draw: those of a label that come last are for the test."""
    return hashlib.sha256(f"{seed}:{sha256}".encode()).hexdigest()
