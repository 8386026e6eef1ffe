"""Selects the photos of a game.

A seed names them: `SHUFFLE` or `SHUFFLE-START`. The number `SHUFFLE` fixes an order of all photos, the same for
everybody, and the game takes the photos from place `START` on. A player's next game begins where the last one ended,
so a player can pass any game on to others by its seed.
"""

import random
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dashboard.game.rules import NotAllowed, TooFewPhotos
from dashboard.names import counted
from dashboard.photos.dataset import DatasetPhoto

_SEED = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?", re.ASCII)


@dataclass(frozen=True)
class Seed:
    """Names the photos of a game in a few digits.

    Attributes:
        shuffle: Number of an order of all photos.
        start: Number of photos to skip in that order.
    """

    shuffle: int
    start: int = 0

    @classmethod
    def parse(cls, text: str) -> "Seed":
        """Reads a seed from an address or a form.

        Raises:
            NotAllowed: The text is not a seed.
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
        seed: The seed that names the photos.
        photos: One photo per round.
    """

    seed: Seed
    photos: tuple[DatasetPhoto, ...]


def deal(photos: Sequence[DatasetPhoto], rounds: int, seed: Seed) -> Deal:
    """Returns the photos that a seed names.

    Raises:
        TooFewPhotos: The data set has too few photos.
    """
    row = _in_a_row(shuffled(photos, seed.shuffle), seed.start, rounds, seen=())
    if row is None:
        raise _too_few(photos, rounds)
    return Deal(seed, row[1])


def deal_unseen(
    photos: Sequence[DatasetPhoto], rounds: int, seen: Collection[str], last: Seed | None, shuffles: Iterable[int]
) -> Deal:
    """Returns photos that a player has not seen.

    Args:
        photos: The photos of the data set.
        rounds: Number of photos.
        seen: Ids of the photos that the player has seen.
        last: The seed to try first; it continues the player's last game.
        shuffles: Orders to try after that.

    Raises:
        TooFewPhotos: Too few unseen photos are left, or the data set has too few photos.
    """
    seeds = ([last] if last else []) + [Seed(shuffle) for shuffle in shuffles]
    for seed in seeds:
        row = _in_a_row(shuffled(photos, seed.shuffle), seed.start, rounds, seen)
        if row is not None:
            return Deal(Seed(seed.shuffle, row[0]), row[1])
    if _in_a_row(photos, 0, rounds, seen=()) is None:
        raise _too_few(photos, rounds)
    raise TooFewPhotos(
        f"You have seen nearly all photos: not enough are left for {rounds} new ones. "
        "Start over with all of them, or play fewer rounds.",
        start_over=True,
    )


def shuffled(photos: Iterable[DatasetPhoto], shuffle: int) -> list[DatasetPhoto]:
    """Returns all photos in a random order, the same for the same number.

    Each pass takes one photo of every label, in a new order of labels.
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
    """Finds the first `count` photos in a row that were not seen, from `start` on and around the end.

    Photos whose files are gone are skipped.

    Returns:
        The place of the first one and the photos, or None if there is no such row.
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
            return None  # the search has come full circle
        elif photo.path.is_file():
            row.append(photo)
        if len(row) == count:
            return begin, tuple(row)
    return None


def _too_few(photos: Sequence[DatasetPhoto], rounds: int) -> TooFewPhotos:
    present = sum(photo.path.is_file() for photo in photos)
    if not present:
        return TooFewPhotos(
            "There are no photos to play with. Index a folder of photos first.",
            start_over=False,
        )
    photos_present = counted(present, "photo")
    return TooFewPhotos(
        f"{rounds} rounds need {rounds} photos, but the data set has only {photos_present}. Play fewer rounds.",
        start_over=False,
    )
