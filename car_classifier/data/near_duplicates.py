"""Finding photos that show the same picture, by perceptual hash."""

from collections import Counter
from collections.abc import Sequence

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_DISTANCE = 11
"""Photos whose hashes differ in at most this many of 128 bits count as near-duplicates.

Chosen by looking at pairs of 6,490 photos from dealers and magazines. All 11 pairs up to this distance are the
same photo, resized, compressed, brightened or slightly cropped; the next pair, at 12, shows two different cars in
the same pose, and few of the pairs beyond it are the same photo. The 64 bits of the pHash alone are not enough: of
its 9 pairs within 4 bits, two show different cars, and the next 4 true pairs, at 6 bits, lie among 8 false ones.
Cars drawn in code have less detail, so a few in a hundred of them count as near-duplicates because pose and scene
happen to agree. They then go into the same split, which does no harm.
"""


def perceptual_hash(image: Image.Image) -> NDArray[np.uint8]:
    """The 128-bit hash of a picture, as 16 bytes.

    Half of it is the pHash (whether each low frequency is above their median: the large forms), half the dHash
    (whether brightness rises or falls from one cell to the next: the edges). Both ignore size, compression and colour.
    """
    bits = np.stack([imagehash.phash(image).hash.ravel(), imagehash.dhash(image).hash.ravel()], axis=1)
    return np.packbits(bits)


def near_duplicate_groups(hashes: Sequence[NDArray[np.uint8]], max_distance: int = MAX_DISTANCE) -> list[int | None]:
    """Group photos that are near-duplicates of each other, directly or through a third.

    Two hashes that differ in d bits agree in at least one of d + 1 bands of bits, so only photos that share a band
    are compared: 60,000 photos take a few seconds.

    Args:
        hashes: The 16 bytes of each photo's hash.
        max_distance: Largest number of bits in which near-duplicates may differ.

    Returns:
        For each photo the number of its group, counted from 0 in order of first appearance, or None for a photo
        without near-duplicates.
    """
    codes = np.array(hashes, dtype=np.uint8).reshape(-1, 16)
    words, bits = codes.view(np.uint64), np.unpackbits(codes, axis=1)
    parent = list(range(len(codes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for band in np.array_split(bits, max_distance + 1, axis=1):
        values = band @ (1 << np.arange(band.shape[1]))
        order = np.argsort(values, kind="stable")
        values, places = values[order], np.arange(len(order))
        for step in range(1, len(order)):  # each photo with the one that is so many places further in its bucket
            places = places[places < len(order) - step]
            places = places[values[places] == values[places + step]]
            if not places.size:
                break
            first, second = order[places], order[places + step]
            is_near = np.bitwise_count(words[first] ^ words[second]).sum(axis=1) <= max_distance
            for i, j in zip(first[is_near], second[is_near], strict=True):
                parent[root(int(j))] = root(int(i))
    roots = [root(i) for i in range(len(codes))]
    sizes = Counter(roots)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(r, len(numbers)) if sizes[r] > 1 else None for r in roots]
