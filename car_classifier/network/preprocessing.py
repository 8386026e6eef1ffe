"""From the bytes of a photo to the net's input, with the same functions in training and in the exported model."""

import io

import cv2
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from car_classifier.data.photo_files import MAX_PIXELS
from car_classifier.data.pixels import COLUMNS_REVERSED, ROWS_REVERSED, TRANSPOSED, exif_orientation, upright_rgb
from car_classifier.network.photo_header import read_header

PREPROCESSING_VERSION = 3
"""Changes whenever the same bytes give other pixels. 2: orientation and transparency count. 3: so does the transparent
colour of PNGs of 2, 4 and 16 bits."""

as_it_is = tf.autograph.experimental.do_not_convert
"""Keeps autograph away from a function that has nothing to convert: parsing the source takes it a second or two."""

_TOO_LARGE = f"is above {MAX_PIXELS // 10**6} megapixels"
# The grey flags, because IMREAD_COLOR_RGB adds the colour; the flags named for colour would decode to BGR.
_REDUCED = {2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 8: cv2.IMREAD_REDUCED_GRAYSCALE_8}


@as_it_is
def decode_photo(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decode a JPEG or PNG photo, after checking that it is not too large.

    TensorFlow's decoders allow half a billion pixels (a PNG of 1 MB can take gigabytes), so the size in the header is
    checked first. They also ignore EXIF orientation and drop transparency, so both are applied here.

    Args:
        image_bytes: Scalar string tensor, the content of a JPEG or PNG file.

    Returns:
        RGB, uint8 [height, width, 3], upright. Grey photos become RGB, and transparent parts lie on white.

    Raises:
        tf.errors.InvalidArgumentError: The photo has another format, is damaged, or is above 50 megapixels.
    """
    header = read_header(image_bytes)
    size = tf.cast(header.size, tf.int64)
    fits = tf.debugging.Assert(
        tf.reduce_all(size > 0) & (size[0] * size[1] <= MAX_PIXELS),
        [f"The photo is empty or above {MAX_PIXELS // 10**6} megapixels. Its height and width:", size],
    )
    with tf.control_dependencies([fits] if fits is not None else []):
        pixels = tf.cond(
            header.is_jpeg,
            # The default, fast transform differs by up to 3 levels from every other decoder.
            lambda: tf.io.decode_jpeg(image_bytes, channels=3, dct_method="INTEGER_ACCURATE"),
            lambda: tf.cond(
                header.is_transparent,
                lambda: _on_white(tf.io.decode_png(image_bytes, channels=4)),
                # Not four channels for all: opaque PNGs of one or two bits would get alpha values of 1 or 3.
                lambda: tf.io.decode_png(image_bytes, channels=3),
            ),
        )
    upright = tf.cond(header.orientation == 1, lambda: pixels, lambda: _turned(pixels, header.orientation))
    return tf.ensure_shape(upright, [None, None, 3])


def _on_white(rgba: tf.Tensor) -> tf.Tensor:
    """RGBA, uint8 [height, width, 4], on a white background. uint8 [height, width, 3]."""
    colour, alpha = tf.cast(rgba[..., :3], tf.uint16), tf.cast(rgba[..., 3:], tf.uint16)
    # 16 bits are just enough: the sum is at most 255 * 255 + 127, which rounds to the nearest level.
    return tf.cast((colour * alpha + 255 * (255 - alpha) + 127) // 255, tf.uint8)


def _turned(pixels: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Pixels [height, width, 3] turned upright from an EXIF orientation of 1 to 8."""

    def is_in(orientations: tuple[int, ...]) -> tf.Tensor:
        return tf.reduce_any(orientation == tf.constant(orientations))

    pixels = tf.cond(is_in(TRANSPOSED), lambda: tf.transpose(pixels, [1, 0, 2]), lambda: pixels)
    axes = tf.boolean_mask([0, 1], [is_in(ROWS_REVERSED), is_in(COLUMNS_REVERSED)])
    return tf.reverse(pixels, axes)


def decode_photo_array(image_bytes: bytes, needed: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """A faster `decode_photo` outside a graph, with the same checks and the same pixels.

    OpenCV's decoder gives the same pixels as TensorFlow's accurate one, and lets other Python threads run at the same
    time. Where it does not, as for CMYK and transparency, Pillow decodes.

    Args:
        image_bytes: The content of a JPEG or PNG file.
        needed: Height and width in pixels that are enough. A photo that is at least two, four or eight times as large
            in both directions may be downscaled by that factor during decoding, which takes much less time.

    Returns:
        RGB, uint8 [height, width, 3], upright, transparent parts on white.

    Raises:
        ValueError: The photo has another format, is damaged, or is above 50 megapixels; the message completes a
            sentence that begins with the photo's path.
    """
    try:
        image = Image.open(io.BytesIO(image_bytes), formats=("JPEG", "PNG"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(_TOO_LARGE) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError("is no JPEG or PNG file, or damaged") from error
    orientation, (width, height) = exif_orientation(image_bytes), image.size
    if width * height > MAX_PIXELS:
        raise ValueError(_TOO_LARGE)
    if image.mode not in ("RGB", "L") or image.has_transparency_data:
        return _by_pillow(image, image_bytes)
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    if needed is not None:
        rows, columns = needed[::-1] if orientation in TRANSPOSED else needed
        factors = [factor for factor in _REDUCED if height >= factor * rows and width >= factor * columns]
        flags |= _REDUCED[max(factors)] if factors else 0
    pixels = cv2.imdecode(np.frombuffer(image_bytes, np.uint8), flags)
    if pixels is None:
        raise ValueError("is damaged or cut off")
    pixels = np.asarray(pixels, np.uint8)
    if orientation in TRANSPOSED:
        pixels = pixels.transpose(1, 0, 2)
    turned = pixels[:: -1 if orientation in ROWS_REVERSED else 1, :: -1 if orientation in COLUMNS_REVERSED else 1]
    return np.ascontiguousarray(turned)


def _by_pillow(image: Image.Image, content: bytes) -> NDArray[np.uint8]:
    try:
        return np.array(upright_rgb(image, content))
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError("is damaged or cut off") from error


@as_it_is
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


@as_it_is
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
