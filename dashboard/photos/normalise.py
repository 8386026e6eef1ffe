"""Turns any photo into the JPEG or PNG that the model gets, and into the one that browsers show."""

import importlib.util
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

from dashboard.photos import jpeg, png
from dashboard.photos.orientation import ORIENTATION_TAG, TRANSPOSED, exif_orientation

# Formats that Pillow decodes itself. For others, such as EPS, it starts programs, which an upload must not do.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")
JPEG_QUALITY = 95
PREVIEW_QUALITY = 80
"""For scaled-down photos that are only looked at: a third of the bytes."""
MOST_PNG_BYTES = 2_000_000
"""A photo that has to be encoded again, but not scaled down, becomes a PNG of at most this many bytes, else a JPEG.

The losses of a JPEG would change the model's answer about a small photo; in a larger one, the model averages them.
"""
MODEL_MEGABYTES, MODEL_MEGAPIXELS = 20.0, 50.0
"""A JPEG or PNG of at most this many 10^6 bytes and pixels goes to the model with its own pixels. The model refuses
more pixels, and more bytes would take much memory: a request holds a photo several times."""

_JPEG = ("JPEG", "MPO")
_HEIC = "HEIF"
"""The name of the format that pillow-heif adds to Pillow."""
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_DAMAGED = "The photo is damaged or cut off. Open it in a photo program, save it again, and retry."
_GREY_STEPS = {"L;2": 85, "L;4": 17}
"""Pillow's names of a PNG's grey pixels of 2 and 4 bits, and the distance of their levels in 8 bits."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PhotoError(Exception):
    """A photo cannot be used; the message says why and what to do."""


class UnreadablePhoto(PhotoError):
    """The bytes cannot be decoded as a photo."""


class PhotoTooLarge(PhotoError):
    """The photo has too many bytes or pixels."""


@dataclass(frozen=True)
class Photo:
    """A photo as the dashboard uses it.

    Attributes:
        content: The photo as a JPEG or PNG without metadata. It may have an EXIF orientation, by which the model turns
            it.
        width: Pixels across, upright.
        height: Pixels down, upright.
    """

    content: bytes
    width: int
    height: int

    @property
    def jpeg(self) -> bytes:
        """`content`, by the name that part 4 of the blog uses."""
        return self.content

    def size_within(self, longest_side: int) -> tuple[int, int]:
        """Width and height, scaled down to a longest side."""
        share = min(1.0, longest_side / max(self.width, self.height))
        return max(1, round(self.width * share)), max(1, round(self.height * share))


@cache
def can_read_heic() -> bool:
    """Lets Pillow read HEIC photos, if the package pillow-heif is installed."""
    if importlib.util.find_spec("pillow_heif") is None:
        return False
    import pillow_heif

    pillow_heif.register_heif_opener()
    return True


def for_model(data: bytes, *, max_megapixels: float, longest_side: int) -> Photo:
    """Makes the JPEG or PNG of a photo that the model gets.

    A JPEG or PNG keeps its pixels, bit by bit, and its orientation, so that the model gives the answer that it gives
    without the dashboard; all other metadata are removed. Any other photo, and one above `MODEL_MEGABYTES` or
    `MODEL_MEGAPIXELS`, becomes what `normalise` makes of it.

    Args:
        data: The file's bytes.
        max_megapixels: Photos with more million pixels are refused before they are decoded.
        longest_side: Longest side, in pixels, of a photo that has to be encoded again.

    Returns:
        The photo, which always decodes, whatever was sent.

    Raises:
        UnreadablePhoto: The bytes are empty, truncated, damaged or not a photo.
        PhotoTooLarge: The photo has too many pixels.
    """
    image = _open(data, max_megapixels)
    if image.format in (*_JPEG, "PNG"):
        size, orientation = image.size, exif_orientation(data)
        with _refusing_damage():
            strip = png.without_metadata if image.format == "PNG" else jpeg.without_metadata
            kept = strip(data, orientation)
            fits = size[0] * size[1] <= MODEL_MEGAPIXELS * 1e6
            if kept is not None and fits and len(kept) <= MODEL_MEGABYTES * 1e6:
                # Fails for a damaged photo. At an eighth of its size, a JPEG is read to its end in half of the time.
                image.draft(None, (1, 1))
                image.load()
                return _with_own_pixels(kept, size, orientation)
    return normalise(data, max_megapixels=max_megapixels, longest_side=longest_side)


def normalise(data: bytes, *, max_megapixels: float, longest_side: int, quality: int = JPEG_QUALITY) -> Photo:
    """Makes a JPEG or PNG of a photo of any common format that all browsers show alike.

    A JPEG that is not larger than `longest_side` keeps its pixels, bit by bit, and its orientation. Any other photo is
    encoded upright in RGB: of an animation the first frame, transparent parts white, and scaled down if it is larger
    than `longest_side`. A photo that is not scaled down becomes a PNG of the pixels that the model sees, unless that
    has many bytes; all others become JPEGs.

    Args:
        data: The file's bytes.
        max_megapixels: Photos with more million pixels are refused before they are decoded.
        longest_side: Longest side of the result, in pixels.
        quality: Quality of a new JPEG.

    Returns:
        The photo, which always decodes, whatever was sent.

    Raises:
        UnreadablePhoto: The bytes are empty, truncated, damaged or not a photo.
        PhotoTooLarge: The photo has too many pixels.
    """
    image = _open(data, max_megapixels)
    fits = max(image.size) <= longest_side
    with _refusing_damage():
        # Browsers differ on how they show CMYK, so only the other JPEGs keep their pixels.
        if image.format in _JPEG and image.mode in ("RGB", "L") and fits:
            image.load()  # fails for a damaged photo
            orientation = exif_orientation(data)
            kept = jpeg.without_metadata(data, orientation)
            if kept is not None:
                return _with_own_pixels(kept, image.size, orientation)
        # The JPEG decoder scales down while it decodes; other formats ignore this.
        image.draft(None, (longest_side, longest_side))
        rgb = _upright(image, _with_hole(image, data) or _to_rgb(image), data)
        rgb.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    return Photo(_encode(rgb, quality, keep_pixels=fits), *rgb.size)


def _with_own_pixels(content: bytes, size: tuple[int, int], orientation: int) -> Photo:
    """A photo whose pixels were not encoded again; `size` is that before it is turned upright."""
    width, height = size
    return Photo(content, height, width) if orientation in TRANSPOSED else Photo(content, width, height)


@contextmanager
def _refusing_damage() -> Iterator[None]:
    """Turns every error of a decoder into a sentence."""
    try:
        yield
    # Decoders raise nearly any exception for a damaged file (OSError, SyntaxError, struct.error …).
    except Exception as error:
        raise UnreadablePhoto(_DAMAGED) from error


def _encode(image: Image.Image, quality: int, *, keep_pixels: bool) -> bytes:
    """Encodes an RGB image without the metadata of the original: as PNG if it is to keep its pixels, else as JPEG."""
    image.info = {}  # Pillow would write the original's comment, colour profile and transparent colour
    if keep_pixels:
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=1)  # a fifth larger than by default, in a third of the time
        if buffer.tell() <= MOST_PNG_BYTES:
            return buffer.getvalue()
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def _open(data: bytes, max_megapixels: float) -> Image.Image:
    """Reads a photo's header, but no pixels."""
    if not data:
        raise UnreadablePhoto("The file is empty. Choose another photo.")
    too_large = (
        f"The photo has more than {max_megapixels:g} million pixels. Scale it down and try again; "
        "a photo of 2 million pixels is plenty."
    )
    try:
        image = Image.open(io.BytesIO(data), formats=(*FORMATS, _HEIC) if can_read_heic() else FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoTooLarge(too_large) from error
    except UnidentifiedImageError as error:
        if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS and not can_read_heic():
            raise UnreadablePhoto(
                "This is a HEIC photo, which cannot be read here. Save it as JPEG and try again."
            ) from error
        raise UnreadablePhoto("This is not a photo that can be read. Use a JPEG, PNG or WebP.") from error
    except Exception as error:  # a damaged header, see `_refusing_damage`
        raise UnreadablePhoto(_DAMAGED) from error
    if image.width * image.height > max_megapixels * 1e6:
        raise PhotoTooLarge(too_large)
    return image


def _upright(image: Image.Image, rgb: Image.Image, data: bytes) -> Image.Image:
    """Turns a photo's RGB pixels by its EXIF orientation; broken EXIF data are ignored."""
    if image.format in (*_JPEG, "PNG"):
        orientation = exif_orientation(data)
    else:
        try:
            orientation = image.getexif().get(ORIENTATION_TAG, 1)
        except Exception:  # Pillow parses EXIF in Python, from untrusted bytes
            orientation = 1
    return rgb.transpose(_TURNS[orientation]) if orientation in _TURNS else rgb


def _with_hole(image: Image.Image, content: bytes) -> Image.Image | None:
    """An RGB picture of a PNG with one transparent colour that Pillow misreads; None for any other picture.

    Pillow compares the colour, in the file's own levels, with pixels of 8 bits: wrongly for 2, 4 and 16 bits.
    """
    colour: Any = image.info.get("transparency")
    if colour is None or not isinstance(image, PngImageFile) or not image.tile:
        return None
    raw = str(image.tile[0].args)
    if step := _GREY_STEPS.get(raw):
        grey = np.asarray(image)
        shown = np.where(grey == (colour & 255 // step) * step, 255, grey)
        return Image.fromarray(shown.astype(np.uint8)).convert("RGB")
    if raw == "RGB;16B":
        with PngImageFile(io.BytesIO(content)) as swapped:
            swapped.tile = [swapped.tile[0]._replace(args="RGB;16L")]
            lower = np.asarray(swapped, np.uint16)
        upper = np.asarray(image, np.uint16)
        hole = (256 * upper + lower == np.array(colour)).all(-1, keepdims=True)
        return Image.fromarray(np.where(hole, 255, upper).astype(np.uint8))
    return None


def _to_rgb(image: Image.Image) -> Image.Image:
    """Converts any pixels to RGB, by the model's rules where the model reads the format."""
    if image.mode.startswith("I;16"):
        grey = np.asarray(image)
        # The upper byte, as PNG decoders do. Pillow's own conversion clips all values above 255.
        shown = np.where(grey == image.info.get("transparency"), 255, grey >> 8)
        return Image.fromarray(shown.astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        pixels = np.asarray(image, dtype=np.float64)
        low, high = float(pixels.min()), float(pixels.max())
        shown = (pixels - low) * (255 / (high - low or 1))
        return Image.fromarray(shown.round().astype(np.uint8)).convert("RGB")
    if image.mode == "CMYK" and image.format in _JPEG:
        # TensorFlow's conversion: Adobe's programs store the inverted inks, and Pillow inverts those of all programs.
        light = np.asarray(image, np.uint16)
        light = 255 - light if "adobe" in image.info else light
        return Image.fromarray((light[..., :3] * light[..., 3:] // 255).astype(np.uint8))
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return image.convert("RGB")
