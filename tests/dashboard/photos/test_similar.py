"""Similar photos, by the features that the model computed before."""

import os

import numpy as np
import pytest
from PIL import Image

from dashboard.photos.similar import FeaturesFile, read_features
from tests.dashboard.datasets import dataset, photo
from tests.support.pictures import encoded

# Directions in a plane, by their angle in degrees.
ANGLES = {"a": 0, "b": 10, "c": 30, "d": 90, "e": 180}
PHOTOS = dataset(
    photo("a", near_duplicate_group="1"),
    photo("b", near_duplicate_group="1"),
    photo("c", near_duplicate_group="2"),
    photo("d"),
    photo("e"),
    photo("new"),
)


def write_features(path, angles=ANGLES, **changes):
    radians = np.deg2rad(list(angles.values()))
    content = {
        "file_names": np.array(list(angles)),
        "features": np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float16),
        "model_version": np.array("3"),
    } | changes
    np.savez(path, **content)
    return path


@pytest.fixture
def features_path(tmp_path):
    return write_features(tmp_path / "features.npz")


@pytest.mark.parametrize(
    ("of", "most", "similar"),
    [
        ("a", 12, {"c": 0.866, "d": 0.0, "e": -1.0}),  # not b: it is a near-duplicate
        ("c", 12, {"b": 0.94, "a": 0.866, "d": 0.5, "e": -0.866}),
        ("d", 2, {"c": 0.5, "b": 0.174}),
        ("new", 12, None),
    ],
)
def test_the_nearest_by_angle_come_first_without_near_duplicates(features_path, of, most, similar):
    found = read_features(features_path).similar(PHOTOS.by_file_name[of], PHOTOS, most)
    if similar is None:
        assert found is None
    else:
        assert {other.file_name: cosine for other, cosine in found} == pytest.approx(similar, abs=2e-3)
        assert [other.file_name for other, _ in found] == list(similar)


def test_photos_that_left_the_data_set_are_passed_over(features_path):
    left = dataset(*(photo for photo in PHOTOS.photos if photo.file_name != "c"))
    found = read_features(features_path).similar(left.by_file_name["a"], left)
    assert [other.file_name for other, _ in found] == ["d", "e"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no archive"),
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: np.savez(path, other=np.zeros(2)),
        lambda path: path.write_bytes(encoded(Image.new("1", (2, 2)), "PNG")),
        lambda path: (np.save(path.with_suffix(".npy"), np.zeros(2)), path.with_suffix(".npy").replace(path)),
        lambda path: write_features(path, features=np.zeros((4, 2))),
        lambda path: write_features(path, features=np.zeros(5)),
        lambda path: write_features(path, file_names=np.array(["a"] * 5)),
        lambda path: write_features(path, file_names=np.array([{}] * 5, dtype=object)),
    ],
)
def test_a_file_that_cannot_be_used_is_as_if_it_were_not_there(features_path, spoil):
    spoil(features_path)
    assert FeaturesFile(features_path).read() is None


def test_the_file_is_read_again_only_when_it_is_another(features_path):
    file = FeaturesFile(features_path)
    first = file.read()
    assert first.version == "3"
    assert file.read() is first
    write_features(features_path, model_version=np.array("4"))
    os.utime(features_path, ns=(1, 1))  # even where the clock is coarse
    assert file.read().version == "4"
