"""From the bytes of a photo to the net's input, with the same functions in training and in the exported model."""

import io

import cv2
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from car_classifier.data.photo_files import MAX_PIXELS

_JPEG_MAGIC = b"\xff\xd8\xff"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_TOO_LARGE = f"is above {MAX_PIXELS // 10**6} megapixels"
# The grey flags, because IMREAD_COLOR_RGB adds the colour; the flags named for colour would decode to BGR.
_REDUCED = {2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 8: cv2.IMREAD_REDUCED_GRAYSCALE_8}
_PNG_HEADER_BYTES = 24  # magic, then the IHDR chunk's length, name, width and height


def photo_size(image_bytes: tf.Tensor) -> tf.Tensor:
    """Read height and width from a photo's header, without decoding the photo.

    Args:
        image_bytes: Scalar string tensor, the content of a JPEG or PNG file.

    Returns:
        int32 [2].

    Raises:
        tf.errors.InvalidArgumentError: The photo is neither JPEG nor PNG, or its header is damaged.
    """
    is_jpeg = tf.strings.substr(image_bytes, 0, len(_JPEG_MAGIC)) == _JPEG_MAGIC
    is_png = tf.strings.substr(image_bytes, 0, len(_PNG_MAGIC)) == _PNG_MAGIC
    known = tf.debugging.Assert(
        is_jpeg | (is_png & (tf.strings.length(image_bytes) >= _PNG_HEADER_BYTES)),
        ["image_bytes must be the bytes of a JPEG or PNG file. Convert other formats before sending them."],
    )

    def png_size() -> tf.Tensor:
        width_height = tf.io.decode_raw(tf.strings.substr(image_bytes, 16, 8), tf.int32, little_endian=False)
        return tf.reverse(width_height, [0])

    with tf.control_dependencies([known] if known is not None else []):
        size = tf.cond(is_jpeg, lambda: tf.image.extract_jpeg_shape(image_bytes)[:2], png_size)
    return tf.ensure_shape(size, [2])


def decode_photo(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decode a JPEG or PNG photo, after checking that it is not too large.

    TensorFlow's decoders allow half a billion pixels (a PNG of 1 MB can take gigabytes), so the size in the header is
    checked first. EXIF orientation is ignored, as in all of TensorFlow.

    Args:
        image_bytes: Scalar string tensor, the content of a JPEG or PNG file.

    Returns:
        RGB, uint8 [height, width, 3]. Grey photos become RGB; transparency is dropped.

    Raises:
        tf.errors.InvalidArgumentError: The photo has another format, is damaged, or is above 50 megapixels.
    """
    size = tf.cast(photo_size(image_bytes), tf.int64)
    fits = tf.debugging.Assert(
        tf.reduce_all(size > 0) & (size[0] * size[1] <= MAX_PIXELS),
        [f"The photo is empty or above {MAX_PIXELS // 10**6} megapixels. Its height and width:", size],
    )
    with tf.control_dependencies([fits] if fits is not None else []):
        is_jpeg = tf.strings.substr(image_bytes, 0, len(_JPEG_MAGIC)) == _JPEG_MAGIC
        pixels = tf.cond(
            is_jpeg,
            # The default, fast transform differs by up to 3 levels from every other decoder.
            lambda: tf.io.decode_jpeg(image_bytes, channels=3, dct_method="INTEGER_ACCURATE"),
            lambda: tf.io.decode_png(image_bytes, channels=3),
        )
    return tf.ensure_shape(pixels, [None, None, 3])


def decode_photo_array(image_bytes: bytes, needed: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """A faster `decode_photo` outside a graph, with the same checks and the same pixels.

    OpenCV's decoder gives the same pixels as TensorFlow's accurate one (CMYK may differ by one level), and lets other
    Python threads run at the same time.

    Args:
        image_bytes: The content of a JPEG or PNG file.
        needed: Height and width in pixels that are enough. A photo that is at least two, four or eight times as large
            in both directions is downscaled by that factor during decoding, which takes much less time.

    Returns:
        RGB, uint8 [height, width, 3].

    Raises:
        ValueError: The photo has another format, is damaged, or is above 50 megapixels; the message completes a
            sentence that begins with the photo's path.
    """
    try:
        with Image.open(io.BytesIO(image_bytes), formats=("JPEG", "PNG")) as header:
            width, height = header.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(_TOO_LARGE) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError("is no JPEG or PNG file, or damaged") from error
    if width * height > MAX_PIXELS:
        raise ValueError(_TOO_LARGE)
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    if needed is not None:
        factors = [factor for factor in _REDUCED if height >= factor * needed[0] and width >= factor * needed[1]]
        flags |= _REDUCED[max(factors)] if factors else 0
    pixels = cv2.imdecode(np.frombuffer(image_bytes, np.uint8), flags)
    if pixels is None:
        raise ValueError("is damaged or cut off")
    return np.asarray(pixels, np.uint8)


def load_photo(image_bytes: tf.Tensor, image_size: tuple[int, int]) -> tf.Tensor:
    """Decode a photo and stretch all of it to the net's input size.

    The whole photo is kept, whatever its shape, so that no part of the car is cropped away, and a position on the
    net's input is the same position on the photo, as shares of height and width.

    Args:
        image_bytes: Scalar string tensor, the content of a JPEG or PNG file.
        image_size: Height and width in pixels.

    Returns:
        RGB from 0 to 255, float32 [height, width, 3].
    """
    pixels = decode_photo(image_bytes)
    resized = tf.image.resize(pixels, image_size, method="bilinear", antialias=True)
    return tf.ensure_shape(resized, [*image_size, 3])


def load_photos(image_bytes: tf.Tensor, image_size: tuple[int, int]) -> tf.Tensor:
    """`load_photo` for a batch.

    Args:
        image_bytes: String tensor [n].
        image_size: Height and width in pixels.

    Returns:
        float32 [n, height, width, 3], 0 to 255.
    """
    return tf.map_fn(
        lambda photo: load_photo(photo, image_size),
        tf.ensure_shape(image_bytes, [None]),
        fn_output_signature=tf.TensorSpec([*image_size, 3], tf.float32),
    )
