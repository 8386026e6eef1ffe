"""Dividing photos into train, validation and test."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from car_classifier.data.manifest import Split


@dataclass(frozen=True)
class SplitItem:
    """One photo to be put on a side."""

    sha256: str  # of its content
    label: str
    group: int | None  # near-duplicate group
    given: Split | None  # its side, if that is settled already


def split_photos(items: Sequence[SplitItem], validation: float, test: float, seed: int) -> list[Split]:
    """A seeded split, stratified by label, with near-duplicates always on one side.

    A photo's place depends on its content and the seed, not on file names or their order. A photo without a
    given side joins its near-duplicates that have one. Groups are not torn to meet a share exactly: it may be
    missed by half a group.

    Args:
        items: The photos.
        validation: Share of each label's photos for validation, 0 to 1.
        test: Share for the test.
        seed: Another seed gives another split.

    Returns:
        The side of each item, in order.
    """
    sides: list[Split | None] = [item.given for item in items]
    units: dict[object, list[int]] = defaultdict(list)
    for i, item in enumerate(items):
        units[("photo", i) if item.group is None else ("group", item.group)].append(i)

    by_label: dict[str, list[list[int]]] = defaultdict(list)
    for unit in units.values():
        settled = next((sides[i] for i in unit if sides[i] is not None), None)
        if settled is None:
            by_label[min(items[i].label for i in unit)].append(unit)
        for i in unit:
            sides[i] = sides[i] or settled

    for label_units in by_label.values():
        order = sorted(label_units, key=lambda unit: min(_draw(seed, items[i].sha256) for i in unit))
        total = sum(len(unit) for unit in order)
        wanted: tuple[tuple[Split, int], ...] = (
            ("test", round(total * test)),
            ("validation", round(total * validation)),
        )
        for side, count in wanted:
            for unit in reversed(order[1:]):  # one unit at least is for training
                if len(unit) <= 2 * count:  # taking it comes as near to the share as leaving it, or nearer
                    order.remove(unit)
                    count -= len(unit)
                    for i in unit:
                        sides[i] = side
    return [side or "train" for side in sides]


def _draw(seed: int, sha256: str) -> str:
    return hashlib.sha256(f"{seed}:{sha256}".encode()).hexdigest()
