"""The store keeps photos for a while, by id, for every worker."""

import os
import time

import pytest

from dashboard.photos.store import PhotoStore


def store_in(folder, **limits) -> PhotoStore:
    return PhotoStore(folder, **({"max_age": 60, "max_count": 10, "max_bytes": 1000} | limits))


def make_older(store: PhotoStore, photo_id: str, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(store.folder / f"{photo_id}.jpg", (moment, moment))


def test_a_photo_is_found_by_any_worker(tmp_path):
    photo_id = store_in(tmp_path / "new" / "folder").add(b"photo")
    assert store_in(tmp_path / "new" / "folder").get(photo_id) == b"photo"


def test_ids_differ_even_for_the_same_photo(tmp_path):
    store = store_in(tmp_path)
    assert len({store.add(b"photo") for _ in range(8)}) == 8


@pytest.mark.parametrize(
    "photo_id",
    ["", "0" * 32, "../secret", "..%2Fsecret", "/etc/passwd", "A" * 32, "0" * 31 + "\n", "0" * 33, "secret"],
)
def test_other_ids_find_nothing(tmp_path, photo_id):
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    store = store_in(tmp_path / "photos")
    store.add(b"photo")
    assert store.get(photo_id) is None


def test_a_photo_is_gone_when_its_time_is_over(tmp_path):
    store = store_in(tmp_path, max_age=60)
    old, young = store.add(b"old"), store.add(b"young")
    make_older(store, old, seconds=61)
    make_older(store, young, seconds=30)
    assert store.get(old) is None
    assert store.get(young) == b"young"
    store.add(b"next")
    assert not (tmp_path / f"{old}.jpg").exists()


def test_the_oldest_go_first_when_there_are_too_many(tmp_path):
    store = store_in(tmp_path, max_count=3)
    ids = [store.add(b"photo") for _ in range(3)]
    for photo_id, age in zip(ids, [30, 10, 20], strict=True):
        make_older(store, photo_id, age)
    newest = store.add(b"photo")
    assert [store.get(photo_id) is not None for photo_id in [*ids, newest]] == [False, True, True, True]
    assert len(list(tmp_path.iterdir())) == 3


def test_the_oldest_go_first_when_all_together_are_too_large(tmp_path):
    store = store_in(tmp_path, max_bytes=100)
    ids = [store.add(bytes(30)) for _ in range(3)]
    for photo_id, age in zip(ids, [30, 10, 20], strict=True):
        make_older(store, photo_id, age)
    ids.append(store.add(bytes(60)))
    assert [store.get(photo_id) is not None for photo_id in ids] == [False, True, False, True]
    huge = store.add(bytes(101))
    assert [path.stem for path in tmp_path.iterdir()] == [huge]


def test_the_folder_is_for_its_owner_only(tmp_path):
    store_in(tmp_path / "photos").add(b"photo")
    assert (tmp_path / "photos").stat().st_mode & 0o077 == 0
