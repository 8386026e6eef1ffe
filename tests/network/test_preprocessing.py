import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from car_classifier.data.pixels import exif_orientation, upright_rgb
from car_classifier.network.photo_header import photo_orientations
from car_classifier.network.preprocessing import decode_photo, decode_photo_array, load_photo, load_photos
from dashboard.photos import orientation as of_the_page
from tests.support.odd_photos import exif, odd_photos, with_segments
from tests.support.pictures import UNUSABLE, encoded, picture

ODD = odd_photos()


@pytest.fixture(scope="module")
def graphs():
    """Functions as they are in an exported model: the pixels of a photo, and the orientations of photos."""
    return (
        tf.function(decode_photo, input_signature=[tf.TensorSpec([], tf.string)]),
        tf.function(photo_orientations, input_signature=[tf.TensorSpec([None], tf.string)]),
    )


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow says so, and that is all
@pytest.mark.parametrize("name", ODD)
def test_every_decoder_sees_what_the_photo_shows(graphs, name):
    photo, (decoded, _) = ODD[name], graphs
    np.testing.assert_array_equal(decoded(tf.constant(photo.content)), photo.pixels)
    np.testing.assert_array_equal(decode_photo_array(photo.content), photo.pixels)
    by_pillow = upright_rgb(Image.open(io.BytesIO(photo.content)), photo.content)
    np.testing.assert_array_equal(np.asarray(by_pillow), photo.pixels)


def test_every_reader_finds_the_same_orientation(graphs):
    _, orientations = graphs
    contents = [photo.content for photo in ODD.values()]
    expected = [photo.orientation for photo in ODD.values()]
    assert orientations(tf.constant(contents)).numpy().tolist() == expected
    assert [exif_orientation(content) for content in contents] == expected
    assert [of_the_page.exif_orientation(content) for content in contents] == expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_damaged_exif_data_end_no_reader_and_are_read_alike(graphs, kind):
    rng = np.random.default_rng(0)
    contents = []
    for i in range(400):
        data = bytearray(exif(6, "II" if i % 2 else "MM"))
        for place in rng.integers(6, len(data), rng.integers(1, 4)):
            data[place] = rng.choice([0, 1, 3, 6, 8, 255, rng.integers(256)])
        data = data[: rng.integers(6, len(data) + 1)] if i % 3 == 0 else data
        if kind == "JPEG":
            content = bytearray(with_segments(encoded(picture()), (0xE1, bytes(data))))
            content[rng.integers(2, 24)] = rng.integers(256)  # segments too
        else:
            content = bytearray(encoded(picture(), "PNG", exif=bytes(data)))
            content[rng.integers(33, 41)] ^= rng.integers(256)
        contents.append(bytes(content))
    expected = [exif_orientation(content) for content in contents]
    assert [of_the_page.exif_orientation(content) for content in contents] == expected
    assert {1, 6} <= set(expected)
    _, orientations = graphs
    for content, orientation in zip(contents, expected, strict=True):
        try:
            found = orientations(tf.constant([content])).numpy().tolist()
        except tf.errors.InvalidArgumentError:  # no size can be read, so that no decoder can be either
            assert kind == "JPEG"
            continue
        assert found == [orientation]


def test_a_search_for_exif_data_ends(graphs):
    """A file of many empty segments or chunks costs no time."""
    many = with_segments(encoded(picture()), *[(0xEC, b"")] * 5000, (0xE1, exif(6)))
    chunk = struct.pack(">I", 0) + b"teXt" + bytes(4)
    png = encoded(picture(), "PNG", exif=exif(6))
    _, orientations = graphs
    contents = [many, png[:33] + chunk * 5000 + png[33:]]
    assert orientations(tf.constant(contents)).numpy().tolist() == [1, 1]
    assert [exif_orientation(content) for content in contents] == [1, 1]
    assert [of_the_page.exif_orientation(content) for content in contents] == [1, 1]


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
    on_its_side = encoded(Image.fromarray(np.rot90(smooth)), quality=95, exif=exif(6))
    assert np.abs(decode_photo_array(on_its_side, needed).astype(int) - reduced).max() <= 4
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
