"""Features that are kept, and those who watch photos go by."""

import hashlib

import numpy as np
from rich.console import Console

from car_classifier.progress import silent
from car_classifier.training.feature_store import open_store

QUIET = Console(quiet=True)
PHOTOS = [hashlib.sha256(bytes([i])).hexdigest() for i in range(20)]


def in_batches(indices):
    rows = np.array([[i, i] for i in indices], np.float16)
    return iter(np.array_split(rows, max(len(rows) // 3, 1)))


def test_photos_go_by_once_in_an_order_that_mixes_them(tmp_path):
    store = open_store(tmp_path, {"net": 1}, 2)
    seen: list[tuple[int, float]] = []

    def note(indices, rows):
        seen.extend(zip(indices, rows[:, 0].tolist(), strict=True))

    twice = [*PHOTOS[:5], PHOTOS[0]]
    features = store.features(twice, in_batches, QUIET, silent, note)
    assert features[:, 0].tolist() == [0, 1, 2, 3, 4, 0]
    assert [index for index, _ in seen] == sorted(range(5), key=lambda i: PHOTOS[i])
    first, seen[:] = len(seen), []
    features = store.features(PHOTOS, in_batches, QUIET, silent, note)
    assert features[:, 0].tolist() == list(range(20))
    assert first == 5
    assert {index for index, _ in seen[:5]} == set(range(5))  # those that were in the store
    assert sorted(seen) == [(i, float(i)) for i in range(20)]
