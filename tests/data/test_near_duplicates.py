"""Photos that count as the same picture."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from car_classifier.data.near_duplicates import MAX_DISTANCE, near_duplicate_groups, perceptual_hash
from car_classifier.data.photo_files import read_photo
from car_classifier.data.photo_sources import Candidate


def encoded(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def cropped(image: Image.Image, share: float) -> Image.Image:
    x, y = (round(side * share) for side in image.size)
    return image.crop((x, y, image.width - x, image.height - y))


COPIES = {
    "compressed": lambda image: encoded(image, 30),
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "thumbnail": lambda image: encoded(image.resize((96, 64)), 60),
    "square": lambda image: image.resize((224, 224)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "grey": lambda image: image.convert("L"),
    "a hair off the edges": lambda image: cropped(image, 0.008),
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_found(pictures, copy):
    originals = [perceptual_hash(image) for image in pictures]
    assert near_duplicate_groups(originals) == [None] * len(pictures)
    for image in pictures:
        groups = near_duplicate_groups([*originals, perceptual_hash(COPIES[copy](image))])
        assert sum(group is not None for group in groups) == 2
        assert groups[-1] == 0


def test_a_large_photo_resembles_its_small_copy_and_keeps_its_size(pictures, tmp_path):
    large, small = tmp_path / "large.jpg", tmp_path / "small.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    pictures[0].resize((1800, 1200)).save(large, exif=exif)
    pictures[0].transpose(Image.Transpose.ROTATE_270).save(small)
    photos = [read_photo(Candidate(path, "Kia", "Rio")) for path in (large, small)]
    assert (photos[0].width, photos[0].height) == (1200, 1800)
    assert near_duplicate_groups([photo.perceptual_hash for photo in photos]) == [0, 0]


def test_a_picture_without_forms_and_edges_has_no_chance_bits():
    plain = [perceptual_hash(Image.new("RGB", (64, 48), colour)) for colour in ("white", "grey", "red")]
    assert all(np.array_equal(code, with_bits_set(0)) for code in plain)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        lambda image: image.crop((0, 0, image.width // 2, image.height)),
    ],
)
def test_another_view_is_none(pictures, change):
    for image in pictures:
        assert near_duplicate_groups([perceptual_hash(image), perceptual_hash(change(image))]) == [None, None]


def with_bits_set(*places: int) -> np.ndarray:
    bits = np.zeros(128, dtype=np.uint8)
    bits[list(places)] = 1
    return np.packbits(bits)


@pytest.mark.parametrize(
    ("hashes", "groups"),
    [
        ([], []),
        ([with_bits_set(1)], [None]),
        ([with_bits_set(), with_bits_set()], [0, 0]),
        ([with_bits_set(), with_bits_set(*range(MAX_DISTANCE))], [0, 0]),
        ([with_bits_set(), with_bits_set(*range(0, 128, 128 // MAX_DISTANCE)[:MAX_DISTANCE])], [0, 0]),
        ([with_bits_set(), with_bits_set(*range(MAX_DISTANCE + 1))], [None, None]),
        # The first and the last are alike only through the one between them.
        ([with_bits_set(), with_bits_set(*range(20)), with_bits_set(*range(10))], [0, 0, 0]),
        (
            [with_bits_set(*range(64)), with_bits_set(9), with_bits_set(*range(64, 128)), with_bits_set(8)],
            [None, 0, None, 0],
        ),
        ([with_bits_set(), with_bits_set(*range(64)), with_bits_set(1), with_bits_set(*range(63))], [0, 1, 0, 1]),
    ],
)
def test_groups(hashes, groups):
    assert near_duplicate_groups(hashes) == groups


def test_groups_are_those_of_comparing_all_pairs():
    rng = np.random.default_rng(0)
    centres = rng.integers(0, 256, (40, 16), dtype=np.uint8)
    hashes = centres[rng.integers(0, 40, 150)] ^ np.packbits(rng.random((150, 128)) < 0.06, axis=1)
    distances = np.bitwise_count(hashes[:, None] ^ hashes[None]).sum(axis=2, dtype=int)
    reach = distances <= MAX_DISTANCE
    for _ in range(8):  # paths of up to 2^8 steps
        reach = reach @ reach
    groups = near_duplicate_groups(list(hashes))
    same = np.array([[a == b is not None or i == j for j, b in enumerate(groups)] for i, a in enumerate(groups)])
    assert np.array_equal(same, reach)
    assert len({group for group in groups if group is not None}) > 5
