"""The division of photos into train, validation and test."""

import hashlib
from collections import Counter

import pytest

from car_classifier.data.splits import SplitItem, split_photos


def item(number: int, label: str = "Kia_Rio", group: int | None = None, split=None) -> SplitItem:
    return SplitItem(hashlib.sha256(str(number).encode()).hexdigest(), label, group, split)


@pytest.mark.parametrize(
    ("photos", "validation", "test", "expected"),
    [
        (100, 0.2, 0.2, {"train": 60, "validation": 20, "test": 20}),
        (100, 0.1, 0, {"train": 90, "validation": 10}),
        (100, 0, 0.05, {"train": 95, "test": 5}),
        (10, 0, 0, {"train": 10}),
        (3, 0.2, 0.2, {"train": 1, "validation": 1, "test": 1}),
        (2, 0.4, 0.4, {"train": 1, "test": 1}),
        (1, 0.45, 0.45, {"train": 1}),
        (0, 0.2, 0.2, {}),
    ],
)
def test_shares(photos, validation, test, expected):
    assert Counter(split_photos([item(i) for i in range(photos)], validation, test, seed=0)) == expected


def test_each_label_has_its_share():
    items = [item(i, label) for i, label in enumerate(["a"] * 50 + ["b"] * 20 + ["c"] * 5)]
    counts = Counter(zip((i.label for i in items), split_photos(items, 0.2, 0.2, seed=1), strict=True))
    assert counts == {
        ("a", "train"): 30, ("a", "validation"): 10, ("a", "test"): 10,
        ("b", "train"): 12, ("b", "validation"): 4, ("b", "test"): 4,
        ("c", "train"): 3, ("c", "validation"): 1, ("c", "test"): 1,
    }  # fmt: skip


def test_the_seed_and_the_content_decide_and_not_the_order():
    items = [item(i, "ab"[i % 2], i // 10 if i < 30 else None) for i in range(100)]
    splits = split_photos(items, 0.2, 0.2, seed=5)
    assert split_photos(items, 0.2, 0.2, seed=5) == splits
    assert split_photos(items, 0.2, 0.2, seed=6) != splits
    assert split_photos(items[::-1], 0.2, 0.2, seed=5) == splits[::-1]


@pytest.mark.parametrize("size", [2, 3, 7])
def test_a_group_is_never_torn_and_the_shares_still_hold(size):
    items = [item(i, group=i // size if i < 42 else None) for i in range(100)]
    for seed in range(30):
        splits = split_photos(items, 0.2, 0.2, seed)
        for group in range(42 // size):
            assert len({split for i, split in zip(items, splits, strict=True) if i.group == group}) == 1, seed
        counts = Counter(splits)
        assert abs(counts["test"] - 20) <= size / 2, seed
        assert abs(counts["validation"] - 20) <= size / 2, seed


def test_a_group_of_two_labels_stays_together():
    items = [item(i, "ab"[i % 2], group=0 if i < 2 else None) for i in range(40)]
    for seed in range(10):
        splits = split_photos(items, 0.3, 0.3, seed)
        assert splits[0] == splits[1]


def test_a_split_that_is_decided_stays_and_near_duplicates_join_it():
    items = [
        item(0, split="test"),
        item(1, group=0, split="validation"),
        item(2, group=0),
        item(3, group=1, split="train"),
        item(4, group=1, split="test"),  # torn by whoever decided the split: kept as it is
        item(5, group=1),
    ]
    splits = split_photos(items, 0, 0, seed=0)
    assert splits == ["test", "validation", "validation", "train", "test", "train"]


def test_shares_are_of_the_photos_that_have_no_split_yet():
    items = [item(i, split="train" if i < 50 else None) for i in range(100)]
    assert Counter(split_photos(items, 0.2, 0.2, seed=0)) == {"train": 80, "validation": 10, "test": 10}
