"""Which photos a game shows.

A seed names them: `SHUFFLE` or `SHUFFLE-START`. All photos are shuffled, the same way for everybody, and the
game takes those from the start on. A player's games go on where the one before ended, so that each of them
can be given to others by its seed.
"""

import random
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dashboard.game.rules import NotAllowed, TooFewPhotos
from dashboard.photos.dataset import DatasetPhoto

_SEED = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?", re.ASCII)


@dataclass(frozen=True)
class Seed:
    """Which photos, in a few digits.

    Attributes:
        shuffle: Which order of all photos.
        start: How many photos of it are passed over.
    """

    shuffle: int
    start: int = 0

    @classmethod
    def parse(cls, text: str) -> "Seed":
        """Reads one from an address or a form.

        Raises:
            NotAllowed: It is something else.
        """
        match = _SEED.fullmatch(text.strip())
        if match is None:
            raise NotAllowed(f"A seed is a whole number such as 7, or two such as 7-5. Received: {text[:40]!r}.")
        return cls(int(match[1]), int(match[2] or 0))

    def __str__(self) -> str:
        return f"{self.shuffle}-{self.start}" if self.start else str(self.shuffle)


@dataclass(frozen=True)
class Deal:
    """The photos of one game.

    Attributes:
        seed: What names them.
        photos: One a round.
    """

    seed: Seed
    photos: tuple[DatasetPhoto, ...]


def deal(photos: Sequence[DatasetPhoto], rounds: int, seed: Seed) -> Deal:
    """The photos that a seed names.

    Raises:
        TooFewPhotos: The data set has not enough.
    """
    found = _in_a_row(shuffled(photos, seed.shuffle), seed.start, rounds, seen=())
    if found is None:
        raise _too_few(photos, rounds)
    return Deal(seed, found[1])


def deal_unseen(
    photos: Sequence[DatasetPhoto], rounds: int, seen: Collection[str], last: Seed | None, shuffles: Iterable[int]
) -> Deal:
    """Photos that a player has not seen.

    Args:
        photos: Where from.
        rounds: How many.
        seen: Ids of those that the player knows.
        last: Where to go on, if possible.
        shuffles: Orders to try otherwise.

    Raises:
        TooFewPhotos: Not enough are left, or the data set has not enough.
    """
    seeds = ([last] if last else []) + [Seed(shuffle) for shuffle in shuffles]
    for seed in seeds:
        found = _in_a_row(shuffled(photos, seed.shuffle), seed.start, rounds, seen)
        if found is not None:
            return Deal(Seed(seed.shuffle, found[0]), found[1])
    if _in_a_row(photos, 0, rounds, seen=()) is None:
        raise _too_few(photos, rounds)
    raise TooFewPhotos(
        f"You have seen nearly all photos: not enough are left for {rounds} new ones. "
        "Start over with all of them, or play fewer rounds.",
        start_over=True,
    )


def shuffled(photos: Iterable[DatasetPhoto], shuffle: int) -> list[DatasetPhoto]:
    """All photos in a random order, the same for the same number.

    Every label gives one photo before any gives a second, each time in another order.
    """
    piles: dict[str, list[DatasetPhoto]] = defaultdict(list)
    for photo in photos:
        piles[photo.label].append(photo)
    chooser = random.Random(shuffle)  # noqa: S311 (a game, and the same for everybody)
    for label in sorted(piles):
        chooser.shuffle(piles[label])
    order = []
    while piles:
        labels = sorted(piles)
        chooser.shuffle(labels)
        for label in labels:
            order.append(piles[label].pop())
            if not piles[label]:
                del piles[label]
    return order


def _in_a_row(
    order: Sequence[DatasetPhoto], start: int, count: int, seen: Collection[str]
) -> tuple[int, tuple[DatasetPhoto, ...]] | None:
    """The first photos in a row, from `start` on and around, of which none was seen, and where they begin.

    Photos whose files are gone are passed over.
    """
    if not order:
        return None
    row: list[DatasetPhoto] = []
    begin = start = start % len(order)
    for place in range(start, start + len(order) + count):
        photo = order[place % len(order)]
        if photo.id in seen:
            row, begin = [], (place + 1) % len(order)
        elif photo in row:
            return None  # once around
        elif photo.path.is_file():
            row.append(photo)
        if len(row) == count:
            return begin, tuple(row)
    return None


def _too_few(photos: Sequence[DatasetPhoto], rounds: int) -> TooFewPhotos:
    there = sum(photo.path.is_file() for photo in photos)
    if not there:
        return TooFewPhotos(
            "There are no photos to play with. Index a folder of car photos first, with their makes and models.",
            start_over=False,
        )
    photos_there = "1 photo" if there == 1 else f"{there} photos"
    return TooFewPhotos(
        f"{rounds} rounds need {rounds} photos, but the data set has only {photos_there}. Play fewer rounds.",
        start_over=False,
    )
