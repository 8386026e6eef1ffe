"""What the bytes of a photo say about it before it is decoded, read inside the graph.

`car_classifier.data.pixels` reads the orientation by the same rules in Python.
"""

from typing import Any, NamedTuple

import tensorflow as tf

from car_classifier.data.pixels import EXIF_BYTES, EXIF_HEADER, MOST_SEGMENTS, ORIENTATION_TAG, SHORT

_JPEG_MAGIC = b"\xff\xd8\xff"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER_BYTES = 33  # magic, then the IHDR chunk


class PhotoHeader(NamedTuple):
    """The header of a JPEG or PNG photo, as scalar tensors.

    Attributes:
        is_jpeg: Whether the photo is a JPEG; otherwise it is a PNG.
        size: Height and width as the pixels lie in the file, int32 [2].
        is_transparent: Whether the photo can have transparent parts.
        orientation: EXIF orientation, int32, 1 (upright) to 8.
    """

    is_jpeg: tf.Tensor
    size: tf.Tensor
    is_transparent: tf.Tensor
    orientation: tf.Tensor


def read_header(image_bytes: tf.Tensor) -> PhotoHeader:
    """Read a photo's header, without decoding the photo.

    Args:
        image_bytes: Scalar string tensor, the content of a JPEG or PNG file.

    Raises:
        tf.errors.InvalidArgumentError: The photo is neither JPEG nor PNG, or its header is damaged.
    """
    is_jpeg = tf.strings.substr(image_bytes, 0, len(_JPEG_MAGIC)) == _JPEG_MAGIC
    is_png = tf.strings.substr(image_bytes, 0, len(_PNG_MAGIC)) == _PNG_MAGIC
    known = tf.debugging.Assert(
        is_jpeg | (is_png & (tf.strings.length(image_bytes) >= _PNG_HEADER_BYTES)),
        ["image_bytes must be the bytes of a JPEG or PNG file. Convert other formats before sending them."],
    )
    with tf.control_dependencies([known] if known is not None else []):
        size, is_transparent, exif = tf.cond(is_jpeg, lambda: _of_jpeg(image_bytes), lambda: _of_png(image_bytes))
    orientation = tf.cond(tf.strings.length(exif) >= 8, lambda: _tiff_orientation(exif), lambda: tf.constant(1))
    return PhotoHeader(is_jpeg, tf.ensure_shape(size, [2]), is_transparent, orientation)


def photo_orientations(image_bytes: tf.Tensor) -> tf.Tensor:
    """The EXIF orientations from which `preprocessing.load_photos` turns photos.

    Args:
        image_bytes: String tensor [n].

    Returns:
        int32 [n], 1 (upright) to 8.
    """
    return tf.map_fn(lambda photo: read_header(photo).orientation, image_bytes, fn_output_signature=tf.int32)


def _of_jpeg(image_bytes: tf.Tensor) -> tuple[Any, Any, Any]:
    head = tf.strings.substr(image_bytes, 0, EXIF_BYTES)
    # Most photos of data sets have no EXIF data, and searching a string takes less time than a loop over segments.
    has_exif = tf.size(tf.strings.split(head, EXIF_HEADER)) > 1
    exif = tf.cond(has_exif, lambda: _jpeg_exif(head), lambda: tf.constant(b""))
    return tf.image.extract_jpeg_shape(image_bytes)[:2], tf.constant(False), exif


def _jpeg_exif(head: tf.Tensor) -> tf.Tensor:
    """The first EXIF data of a JPEG, without their header; empty if there are none."""
    end = tf.strings.length(head)

    def step(place: Any, exif: Any) -> tuple[Any, Any]:
        octets = tf.cast(tf.io.decode_raw(tf.strings.substr(head, place, 4), tf.uint8), tf.int32)
        marker, kind, high, low = tf.unstack(tf.ensure_shape(octets, [4]))
        size = 256 * high + low
        is_exif = (kind == 0xE1) & (tf.strings.substr(head, place + 4, len(EXIF_HEADER)) == EXIF_HEADER)
        content = tf.strings.substr(head, tf.minimum(place + 10, end), tf.maximum(size - 8, 0))
        # The pixels begin (0xDA), or the file ends (0xD9).
        is_last = is_exif | (marker != 0xFF) | (kind == 0xDA) | (kind == 0xD9)
        step = tf.where(kind == 0xFF, 1, 2 + size)  # segments may be padded with 0xFF
        return tf.where(is_last, end, place + step), tf.where(is_exif & (marker == 0xFF), content, exif)

    _, exif = tf.while_loop(
        lambda place, _: place + 4 <= end,
        step,
        (tf.constant(2), tf.constant(b"")),
        maximum_iterations=MOST_SEGMENTS,
    )
    return exif


def _of_png(image_bytes: tf.Tensor) -> tuple[Any, Any, Any]:
    width_height = tf.io.decode_raw(tf.strings.substr(image_bytes, 16, 8), tf.int32, little_endian=False)
    colour_type = tf.strings.substr(image_bytes, 25, 1)
    has_alpha = (colour_type == b"\x04") | (colour_type == b"\x06")
    end = tf.cast(tf.strings.length(image_bytes), tf.int64)

    def step(place: Any, is_transparent: Any, exif: Any) -> tuple[Any, Any, Any]:
        length = tf.io.decode_raw(tf.strings.substr(image_bytes, place, 4), tf.int32, little_endian=False)
        size = tf.cast(tf.reshape(length, []), tf.int64)
        kind = tf.strings.substr(image_bytes, place + 4, 4)
        is_last = (kind == b"IDAT") | (kind == b"IEND") | (size < 0) | (size > end)
        content = tf.strings.substr(image_bytes, place + 8, tf.clip_by_value(size, 0, EXIF_BYTES))
        return (
            tf.where(is_last, end, place + 12 + size),
            is_transparent | (~is_last & (kind == b"tRNS")),
            tf.where(~is_last & (kind == b"eXIf"), content, exif),
        )

    _, is_transparent, exif = tf.while_loop(
        lambda place, *_: place + 8 <= end,
        step,
        (tf.constant(_PNG_HEADER_BYTES, tf.int64), has_alpha, tf.constant(b"")),
        maximum_iterations=MOST_SEGMENTS,
    )
    return tf.reverse(width_height, [0]), is_transparent, exif


def _tiff_orientation(tiff: tf.Tensor) -> tf.Tensor:
    """The orientation in EXIF data of at least 8 bytes, which have TIFF's form: 1 if they are broken."""
    octets = tf.cast(tf.io.decode_raw(tiff, tf.uint8), tf.int32)
    magic = tf.strings.substr(tiff, 0, 4)
    is_big, is_little, end = magic == b"MM\0*", magic == b"II*\0", tf.size(octets)

    def numbers(digits: Any, size: int) -> Any:
        """Unsigned numbers of `size` bytes each, [n]; those from 2**31 become negative."""
        digits = tf.reshape(digits, [-1, size])
        digits = tf.where(is_big, digits, tf.reverse(digits, [1]))
        return tf.reduce_sum(tf.bitwise.left_shift(digits, tf.range(8 * size - 8, -8, -8)), 1)

    first = numbers(octets[4:8], 4)[0]
    is_sound = (is_big | is_little) & (first >= 8) & (first <= end - 2)
    first = tf.where(is_sound, first, 0)
    count = tf.where(is_sound, numbers(octets[first : first + 2], 2)[0], 0)
    count = tf.minimum(count, (end - first - 2) // 12)
    entries = tf.reshape(octets[first + 2 : first + 2 + 12 * count], [-1, 12])
    entry = tf.boolean_mask(entries, numbers(entries[:, :2], 2) == ORIENTATION_TAG)[:1]
    value = numbers(entry[:, 8:10], 2)
    is_valid = (numbers(entry[:, 2:4], 2) == SHORT) & (numbers(entry[:, 4:8], 4) == 1) & (value >= 1) & (value <= 8)
    return tf.reduce_max(tf.concat([tf.where(is_valid, value, 1), [1]], 0))
