import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from car_classifier.network.preprocessing import decode_photo, decode_photo_array, load_photo, load_photos
from tests.support.pictures import UNUSABLE, encoded, picture


@pytest.mark.parametrize(
    ("image", "kind", "tolerance"),
    [
        (picture(), "PNG", 0),
        (picture(mode="L"), "PNG", 0),
        (picture(mode="P"), "PNG", 0),
        (picture(mode="RGBA"), "PNG", 0),
        (picture(), "JPEG", 1),
        (picture(mode="L"), "JPEG", 1),
        (picture(1, 1), "PNG", 0),
    ],
    ids=["png", "grey png", "palette png", "png with alpha", "jpeg", "grey jpeg", "one pixel"],
)
def test_decodes_to_what_pillow_decodes(image, kind, tolerance):
    data = encoded(image, kind)
    pixels = decode_photo(tf.constant(data)).numpy()
    expected = np.array(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(np.int16) - expected).max() <= tolerance


def test_refuses_what_is_no_photo_or_not_safe_to_decode():
    decode = tf.function(decode_photo)
    for data, words in UNUSABLE.values():
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            decode(tf.constant(data))


@pytest.mark.parametrize(
    ("image", "kind", "options"),
    [
        (picture(), "JPEG", {}),
        (picture(), "JPEG", {"progressive": True}),
        (picture(41, 61), "JPEG", {"subsampling": 0}),
        (picture(mode="L"), "JPEG", {}),
        (picture(), "JPEG", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"}),
        (picture(), "PNG", {}),
        (picture(mode="L"), "PNG", {}),
        (picture(mode="P"), "PNG", {}),
        (picture(mode="RGBA"), "PNG", {}),
        (Image.fromarray((np.arange(2400).reshape(40, 60) * 27).astype(np.uint16)), "PNG", {}),
    ],
    ids=["jpeg", "progressive", "4:4:4", "grey", "rotated", "png", "grey png", "palette", "alpha", "16 bits"],
)
def test_decodes_outside_a_graph_to_the_same_pixels(image, kind, options):
    data = encoded(image, kind, **options)
    np.testing.assert_array_equal(decode_photo_array(data), decode_photo(tf.constant(data)))


@pytest.mark.parametrize(
    ("needed", "expected"),
    [
        ((161, 240), (320, 480)),
        ((160, 240), (160, 240)),
        ((81, 60), (160, 240)),
        ((40, 60), (40, 60)),
        ((8, 8), (40, 60)),
    ],
)
def test_a_photo_larger_than_needed_is_downscaled_while_it_is_decoded(needed, expected):
    rows, columns = np.mgrid[:320, :480]
    smooth = np.stack([rows * 255 / 320, columns * 255 / 480, (rows + columns) * 255 / 800], -1).astype(np.uint8)
    data = encoded(Image.fromarray(smooth), quality=95)
    reduced = decode_photo_array(data, needed)
    assert reduced.shape[:2] == expected
    factor = 320 // expected[0]
    means = smooth.reshape(expected[0], factor, expected[1], factor, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(reduced, means, atol=4)


@pytest.mark.parametrize("name", UNUSABLE)
def test_refuses_the_same_photos_outside_a_graph(name):
    with pytest.raises(ValueError, match="is no JPEG or PNG|is damaged|is above 50 megapixels"):
        decode_photo_array(UNUSABLE[name][0])


def test_keeps_the_whole_photo_whatever_its_shape():
    """A mark in each corner of a wide photo is in the same corner of the net's input."""
    image = np.zeros((60, 200, 3), np.uint8)
    colours = {(0, 0): (255, 0, 0), (0, -1): (0, 255, 0), (-1, 0): (0, 0, 255), (-1, -1): (255, 255, 0)}
    for (y, x), colour in colours.items():
        image[slice(0, 15) if y == 0 else slice(-15, None), slice(0, 50) if x == 0 else slice(-50, None)] = colour
    loaded = load_photo(tf.constant(encoded(Image.fromarray(image), "PNG")), (32, 32)).numpy()
    assert loaded.shape == (32, 32, 3)
    for corner, colour in colours.items():
        np.testing.assert_allclose(loaded[corner], colour, atol=1)


def test_shrinks_without_aliasing():
    """Fine stripes become their mean, not stripes of another width."""
    stripes = np.tile(np.array([0, 255], np.uint8), 160)[None, :, None].repeat(64, 0).repeat(3, 2)
    loaded = load_photo(tf.constant(encoded(Image.fromarray(stripes), "PNG")), (16, 40)).numpy()
    np.testing.assert_allclose(loaded[:, 1:-1], 127.5, atol=3)


def test_a_batch_holds_each_photo_as_if_alone():
    photos = [encoded(picture(40 + 10 * i, 60), kind) for i, kind in enumerate(["JPEG", "PNG", "JPEG"])]
    together = load_photos(tf.constant(photos), (16, 24)).numpy()
    assert together.shape == (3, 16, 24, 3)
    for pixels, photo in zip(together, photos, strict=True):
        np.testing.assert_array_equal(pixels, load_photo(tf.constant(photo), (16, 24)).numpy())
