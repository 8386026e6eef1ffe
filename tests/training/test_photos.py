"""Photos in batches: complete, in order, augmented repeatably, within a memory limit."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from car_classifier.errors import UserError
from car_classifier.network.preprocessing import load_photo
from car_classifier.training import photos as photos_module
from car_classifier.training.augment import DRAWS, MOST_DOWNSCALING, augment, downscale
from car_classifier.training.augmentation import NO_AUGMENTATION, Augmentation
from car_classifier.training.photos import PhotoSource, find_unreadable
from tests.support.pictures import UNUSABLE, encoded, picture

pytestmark = pytest.mark.slow

SIZE = (16, 24)
ALL = Augmentation(crop_area=0.4, stretch=0.3, colour=0.4, erase=0.3)


@pytest.fixture
def photos(tmp_path):
    """21 photos of different shapes and colours in three classes, of which the first has 15."""
    paths = []
    for i in range(21):
        kind = "PNG" if i % 5 == 0 else "JPEG"
        image = Image.blend(
            picture(30 + i, 60 - i), Image.new("RGB", (60 - i, 30 + i), (12 * i, 255 - 12 * i, 99)), 0.6
        )
        paths.append(tmp_path / f"Kia_Rio_{i}.{kind.lower()}")
        paths[-1].write_bytes(encoded(image, kind))
    return paths, [0] * 15 + [1] * 4 + [2] * 2


def arrays(dataset) -> tuple[np.ndarray, np.ndarray]:
    """A dataset's photos and classes."""
    images, classes = zip(*dataset.as_numpy_iterator(), strict=True)
    return np.concatenate(images), np.concatenate(classes)


def test_plain_photos_are_what_the_server_sees_in_the_order_given(photos):
    paths, classes = photos
    source = PhotoSource(paths, classes, SIZE, 8)
    assert source.plain().element_spec == (
        tf.TensorSpec([None, *SIZE, 3], tf.float32),
        tf.TensorSpec([None], tf.int32),
    )
    expected = np.stack([load_photo(tf.constant(path.read_bytes()), SIZE) for path in paths])
    for dataset in (source.plain(), source.view(NO_AUGMENTATION, 0, 1)):
        images, indices = arrays(dataset)
        np.testing.assert_array_equal(images, expected)
        assert indices.tolist() == classes


def test_batches_are_full_but_for_the_last(photos):
    source = PhotoSource(*photos, SIZE, 8)
    for dataset in (source.plain(), source.epoch(ALL, 0, 0), source.view(ALL, 0, 0)):
        assert dataset.element_spec == source.plain().element_spec
        assert [len(classes) for _, classes in dataset] == [8, 8, 5]


def test_an_epoch_holds_every_photo_once_in_another_order_each_time(photos):
    source = PhotoSource(photos[0], range(21), SIZE, 8)
    orders = [tuple(arrays(source.epoch(ALL, 0, epoch))[1].tolist()) for epoch in range(4)]
    assert len(set(orders)) == 4
    assert all(sorted(order) == list(range(21)) for order in orders)
    assert tuple(range(21)) not in orders


PROGRAM = """
import hashlib, sys
from pathlib import Path
from car_classifier.training.augmentation import Augmentation
from car_classifier.training.photos import PhotoSource
paths = sorted(Path(sys.argv[1]).iterdir(), key=lambda path: int(path.stem.split("_")[2]))
data = PhotoSource(paths, [0] * 15 + [1] * 4 + [2] * 2, (16, 24), 8).epoch(Augmentation(erase=0.3), 5, 2)
print(hashlib.sha256(b"".join(x.numpy().tobytes() + y.numpy().tobytes() for x, y in data)).hexdigest())
"""


@pytest.mark.slow
def test_the_same_seed_and_epoch_give_the_same_bytes_whatever_came_before(photos):
    source = PhotoSource(*photos, SIZE, 8)
    augmentation = Augmentation(erase=0.3)

    def digest(seed, epoch):
        batches = source.epoch(augmentation, seed, epoch)
        return hashlib.sha256(b"".join(x.numpy().tobytes() + y.numpy().tobytes() for x, y in batches)).hexdigest()

    first, _, again, other_epoch, other_seed = (digest(5, 2), digest(5, 3), digest(5, 2), digest(5, 1), digest(6, 2))
    assert first == again
    assert len({first, other_epoch, other_seed}) == 3
    command = [sys.executable, "-c", PROGRAM, str(photos[0][0].parent)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == first


def test_a_view_changes_a_photo_by_seed_view_and_index_alone(photos):
    paths, classes = photos
    images, indices = arrays(PhotoSource(paths, classes, SIZE, 8).view(ALL, 1, 2))
    assert indices.tolist() == classes
    start, _ = arrays(PhotoSource(paths[:5], classes[:5], SIZE, 2).view(ALL, 1, 2))
    np.testing.assert_array_equal(start, images[:5])
    for seed, view in ((1, 1), (2, 2)):
        other, _ = arrays(PhotoSource(paths, classes, SIZE, 8).view(ALL, seed, view))
        assert (np.abs(other - images).mean(axis=(1, 2, 3)) > 0).all()


@pytest.mark.parametrize("limit", [0, 40_000])
def test_what_is_kept_in_memory_stays_below_the_limit_and_changes_nothing(photos, monkeypatch, limit):
    expected, _ = arrays(PhotoSource(*photos, SIZE, 8).epoch(ALL, 0, 1))
    monkeypatch.setattr(photos_module, "CACHE_BYTES", limit)
    source = PhotoSource(*photos, SIZE, 8)
    for epoch in (0, 1):
        images, _ = arrays(source.epoch(ALL, 0, epoch))
    np.testing.assert_array_equal(images, expected)
    kept = sum(photo.nbytes for photo in source._kept.values())
    assert limit - 5_000 < kept <= limit or kept == limit == 0


def test_a_photo_is_decoded_once(photos):
    """Its file may be gone after the first epoch."""
    source = PhotoSource(*photos, SIZE, 8)
    arrays(source.epoch(ALL, 0, 0))
    for path in photos[0]:
        path.unlink()
    assert len(arrays(source.epoch(ALL, 0, 1))[1]) == 21


# --- Changes ----------------------------------------------------------------------------------------------


def draws_for(count: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, DRAWS))


def test_crops_keep_their_share_of_the_photo_and_its_shape():
    """Position is colour: red rises to the right and green to the bottom."""
    y, x = np.mgrid[0:200, 0:240]
    photo = np.stack([x, y, np.zeros_like(x)], axis=-1).astype(np.uint8)
    augmentation = NO_AUGMENTATION.model_copy(update={"crop_area": 0.5, "stretch": 0.15})
    areas, ratios = [], []
    for draws in draws_for(300):
        cut = augment(photo, (50, 60), augmentation, draws).astype(float)
        width = (cut[..., 0].max() - cut[..., 0].min() + 1) / 240
        height = (cut[..., 1].max() - cut[..., 1].min() + 1) / 200
        areas.append(width * height)
        ratios.append(np.log(width / height))
    assert 0.45 < min(areas) < 0.55
    assert 0.95 < max(areas) < 1.05
    assert 0.12 < max(np.abs(ratios)) < 0.19


@pytest.mark.parametrize("strengths", [{"crop_area": 0.5}, {"flip": True}, {"colour": 0.3}, {"erase": 0.3}])
def test_each_change_alone_changes_photos_and_its_strength_0_does_not(strengths):
    photo = np.array(picture(32, 48))
    results = [augment(photo, (32, 48), NO_AUGMENTATION.model_copy(update=strengths), draws) for draws in draws_for(8)]
    assert len({result.tobytes() for result in results}) > 1
    np.testing.assert_array_equal(augment(photo, (32, 48), NO_AUGMENTATION, draws_for(1)[0]), photo)


def test_half_of_the_photos_are_mirrored():
    photo = np.array(picture(8, 8))
    results = [
        augment(photo, (8, 8), NO_AUGMENTATION.model_copy(update={"flip": True}), draws) for draws in draws_for(400)
    ]
    mirrored = [np.array_equal(result, photo[:, ::-1]) for result in results]
    assert all(
        is_mirrored or np.array_equal(result, photo) for result, is_mirrored in zip(results, mirrored, strict=True)
    )
    assert 160 < sum(mirrored) < 240


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (5, lambda x, _: 1.5 * x),
        (6, lambda x, luma: 1.5 * x - 0.5 * luma.mean()),
        (7, lambda x, luma: 1.5 * x - 0.5 * luma[..., None]),
    ],
    ids=["brightness", "contrast", "saturation"],
)
def test_colours_change_by_the_factor_drawn(place, expected):
    photo = np.array(picture(20, 30)) // 4 + 60
    draws = np.full(DRAWS, 0.5)
    draws[place] = 1
    result = augment(photo, (20, 30), NO_AUGMENTATION.model_copy(update={"colour": 0.5}), draws)
    luma = photo @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(result, expected(photo, luma), atol=1)


def test_erasing_blanks_one_rectangle_of_up_to_its_share():
    photo = np.full((40, 60, 3), 255, np.uint8)
    shares = []
    for draws in draws_for(200):
        blank = (augment(photo, (40, 60), NO_AUGMENTATION.model_copy(update={"erase": 0.25}), draws) != 255).all(
            axis=-1
        )
        rows, columns = blank.any(axis=1), blank.any(axis=0)
        assert blank.sum() == rows.sum() * columns.sum()
        shares.append(blank.mean())
    assert max(shares) <= 0.27
    assert np.mean(shares) == pytest.approx(0.125, abs=0.02)


def test_large_photos_are_smoothed_when_they_are_shrunk():
    stripes = np.tile(np.array([0, 255], np.uint8), 400)[None, :, None].repeat(60, 0).repeat(3, 2)
    small = downscale(stripes, (64, 96))
    assert small.shape == (60, round(MOST_DOWNSCALING * 96), 3)
    np.testing.assert_allclose(small, 127.5, atol=40)


@pytest.mark.parametrize(
    "wrong", [{"crop_area": 0}, {"crop_area": 1.1}, {"stretch": -0.1}, {"colour": 1}, {"erase": 1}]
)
def test_a_strength_out_of_its_range_is_refused_by_name(wrong):
    with pytest.raises(UserError, match=f"^{next(iter(wrong))} must be "):
        Augmentation(**wrong)


def test_the_settings_load_no_tensorflow():
    program = (
        "import sys, car_classifier.training.augmentation; sys.exit(bool({'tensorflow', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# --- Photos that cannot be read ---------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["truncated jpeg", "gone"])
def test_an_unreadable_photo_is_named_in_one_sentence(photos, damage):
    paths, classes = photos
    if damage == "gone":
        paths[7].unlink()
    else:
        paths[7].write_bytes(UNUSABLE[damage][0])
    source = PhotoSource(paths, classes, SIZE, 4)
    datasets = source.plain(), source.epoch(ALL, 0, 0), source.view(ALL, 0, 0), source.epoch(NO_AUGMENTATION, 0, 0)
    for dataset in datasets:
        with pytest.raises(tf.errors.OpError) as caught:
            arrays(dataset)
    explained = source.explain_failure(caught.value)
    assert isinstance(explained, UserError)
    why = "cannot be read (No such file or directory)" if damage == "gone" else "is damaged or cut off"
    assert str(explained) == f"{paths[7]} {why}. Remove or replace it and index the photos again."


@pytest.mark.long
def test_another_photo_of_its_class_takes_the_place_of_one_that_broke(photos):
    paths, classes = photos
    source = PhotoSource(paths, classes, SIZE, 8)
    assert source.replace_unreadable() == []
    paths[14].write_bytes(UNUSABLE["truncated jpeg"][0])
    paths[15].unlink()
    paths[16].unlink()
    assert source.replace_unreadable() == [
        f"{paths[14]} is damaged or cut off: {paths[0]} takes its place in this run.",
        f"{paths[15]} cannot be read (No such file or directory): {paths[17]} takes its place in this run.",
        f"{paths[16]} cannot be read (No such file or directory): {paths[17]} takes its place in this run.",
    ]
    assert source.replace_unreadable() == []
    for data in (source.plain(), source.epoch(ALL, 0, 0)):
        assert sorted(arrays(data)[1].tolist()) == sorted(classes)
    images, _ = arrays(source.plain())
    np.testing.assert_array_equal(images[14], images[0])
    for path in paths[19:]:
        path.unlink()
    with pytest.raises(UserError, match="Kia_Rio_19.* and there is no other photo of its class"):
        source.replace_unreadable()


def test_a_failure_that_no_photo_explains_is_raised_as_it_is(photos):
    error = tf.errors.ResourceExhaustedError(None, None, "no memory")
    with pytest.raises(tf.errors.ResourceExhaustedError, match="no memory"):
        PhotoSource(*photos, SIZE, 4).explain_failure(error)


def test_finds_all_unreadable_photos(tmp_path):
    paths = []
    for i, (content, _) in enumerate(UNUSABLE.values()):
        paths += [tmp_path / f"bad{i}.jpg", tmp_path / f"good{i}.jpg"]
        paths[-2].write_bytes(content)
        paths[-1].write_bytes(encoded(picture()))
    assert [path for path, _ in find_unreadable(paths)] == paths[::2]
