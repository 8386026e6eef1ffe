"""Finding photos that show the same picture, by perceptual hash."""

from collections.abc import Sequence

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_DISTANCE = 4
"""Photos whose hashes differ in at most this many of 64 bits count as near-duplicates."""


def perceptual_hash(image: Image.Image) -> np.uint64:
    """The 64-bit pHash of a picture: the signs of its lowest frequencies around their median."""
    bits = imagehash.phash(image).hash.flatten()
    return np.uint64(int("".join("1" if bit else "0" for bit in bits), 2))


def near_duplicate_groups(hashes: Sequence[np.uint64], max_distance: int = MAX_DISTANCE) -> list[int | None]:
    """Group photos that are near-duplicates of each other, directly or through a third.

    Two hashes that differ in d bits agree in at least one of d + 1 bands of bits, so only photos that share a
    band are compared: 60,000 photos take seconds.

    Args:
        hashes: One 64-bit hash a photo.
        max_distance: Most bits in which near-duplicates may differ.

    Returns:
        For each photo the number of its group, counted from 0 in order of first appearance, or None if it
        resembles no other.
    """
    codes: NDArray[np.uint64] = np.array(hashes, dtype=np.uint64)
    parent = list(range(len(codes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    edges = np.linspace(0, 64, max_distance + 2).astype(int)
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        band = (codes >> np.uint64(low)) & np.uint64(2 ** int(high - low) - 1)
        order = np.argsort(band, kind="stable")
        starts = np.flatnonzero(np.diff(band[order], prepend=band[order[:1]] + np.uint64(1)))
        for bucket in np.split(order, starts[1:]) if len(order) else []:
            for place, i in enumerate(bucket[:-1]):
                others = bucket[place + 1 :]
                for j in others[np.bitwise_count(codes[i] ^ codes[others]) <= max_distance]:
                    parent[root(int(j))] = root(int(i))
    roots = [root(i) for i in range(len(codes))]
    sizes = np.bincount(roots, minlength=len(codes)) if roots else []
    numbers: dict[int, int] = {}
    return [numbers.setdefault(r, len(numbers)) if sizes[r] > 1 else None for r in roots]
