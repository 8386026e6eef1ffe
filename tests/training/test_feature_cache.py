"""Features are computed once per setting, and an interrupted computation goes on."""

import errno
import resource
import shutil
from collections import namedtuple

import numpy as np
import pytest

from car_classifier.errors import UserError
from car_classifier.progress import silent
from car_classifier.training.feature_cache import FeatureCache

COUNT, SHAPE = 10, (2, 3)
FEATURES = np.random.default_rng(0).normal(size=(COUNT, *SHAPE)).astype(np.float16)
DEPENDS_ON = {"photos": ["a", "b"], "weights": "1", "input": [64, 96], "view": 0}


class Net:
    """Returns features in batches of 3, and records the first photo of each call."""

    def __init__(self, fails_at: int = COUNT, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.asked: list[int] = []
        self.fails_at, self.error = fails_at, error

    def __call__(self, start: int):
        self.asked.append(start)
        for first in range(start, COUNT, 3):
            if first >= self.fails_at:
                raise self.error
            yield FEATURES[first : first + 3]


def features_of(cache: FeatureCache, net: Net, depends_on=DEPENDS_ON, report=silent):
    return cache.features(depends_on, COUNT, SHAPE, net, report)


def test_features_come_back_as_they_were_in_any_order(tmp_path):
    features = features_of(FeatureCache(tmp_path), Net())
    indices = [9, 0, 0, 4]
    np.testing.assert_array_equal(features.read(indices), FEATURES[indices])
    assert features.read(np.arange(2)).dtype == np.float16


def test_what_is_there_is_not_computed_again(tmp_path):
    net, reported = Net(), []
    features_of(FeatureCache(tmp_path), net, report=lambda done, total: reported.append((done, total)))
    features = features_of(FeatureCache(tmp_path), net)
    assert net.asked == [0]
    assert reported == [(3, 10), (6, 10), (9, 10), (10, 10)]
    np.testing.assert_array_equal(features.read(range(COUNT)), FEATURES)


@pytest.mark.parametrize(
    "change", [{"photos": ["a", "c"]}, {"photos": ["b", "a"]}, {"weights": "2"}, {"input": [96, 64]}, {"view": [1, 0]}]
)
def test_what_depends_on_something_else_is_computed_again(tmp_path, change):
    net = Net()
    first = features_of(FeatureCache(tmp_path), net)
    other = features_of(FeatureCache(tmp_path), net, DEPENDS_ON | change)
    assert net.asked == [0, 0]
    assert first.path != other.path


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_what_was_interrupted_goes_on_where_it_was(tmp_path, error):
    whole = features_of(FeatureCache(tmp_path / "whole"), Net())
    cache = FeatureCache(tmp_path / "parts")
    with pytest.raises(error):
        features_of(cache, Net(fails_at=6, error=error))
    partial = next(cache.folder.glob("*.partial"))
    partial.write_bytes(partial.read_bytes() + b"half")  # a row that was being written
    net = Net()
    parts = features_of(cache, net)
    assert net.asked == [6]
    assert parts.path.read_bytes() == whole.path.read_bytes()
    assert sorted(path.name for path in cache.folder.iterdir()) == [parts.path.name, f"{parts.path.stem}.json"]


def test_a_full_disk_is_reported_before_the_work(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 100, 100))
    net = Net()
    with pytest.raises(UserError, match=r"need 0\.0 GB in .* left\. Free some space, or keep fewer views .*views=1"):
        features_of(FeatureCache(tmp_path), net)
    assert net.asked == []


def test_a_disk_that_fills_up_leaves_what_goes_on_later(tmp_path):
    cache, (soft, hard) = FeatureCache(tmp_path), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError) as failure:
            features_of(cache, Net())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert failure.value.errno == errno.EFBIG
    np.testing.assert_array_equal(features_of(cache, Net()).read(range(COUNT)), FEATURES)


def test_nothing_is_left_of_what_is_removed(tmp_path):
    cache = FeatureCache(tmp_path / "features")
    features_of(cache, Net())
    cache.remove()
    assert not cache.folder.exists()
