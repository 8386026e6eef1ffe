"""Turns any photo into the JPEG that is kept, shown and sent to the model."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# Formats that Pillow decodes itself. For others, such as EPS, it starts programs, which an upload must not do.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")
JPEG_QUALITY = 92


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
        jpeg: The photo as an RGB JPEG, upright.
        width: Pixels across.
        height: Pixels down.
    """

    jpeg: bytes
    width: int
    height: int


def normalise(data: bytes, *, max_megapixels: float, longest_side: int) -> Photo:
    """Decodes a photo of any common format and re-encodes it as an upright RGB JPEG.

    Of an animation, the first frame is used. Transparent parts become white. A photo larger than `longest_side` is
    scaled down; a smaller one keeps its size.

    Args:
        data: The file's bytes.
        max_megapixels: Photos with more million pixels are refused before they are decoded.
        longest_side: Longest side of the result, in pixels.

    Returns:
        The photo, which always decodes, whatever was sent.

    Raises:
        UnreadablePhoto: The bytes are empty, truncated, damaged or not a photo.
        PhotoTooLarge: The photo has too many pixels.
    """
    if not data:
        raise UnreadablePhoto("The file is empty. Choose another photo.")
    image = _open(data, max_megapixels)
    try:
        # The JPEG decoder scales down while it decodes; other formats ignore this.
        image.draft(None, (longest_side, longest_side))
        rgb = _to_rgb(_upright(image))
        rgb.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    # Decoders raise nearly any exception for a damaged file (OSError, SyntaxError, struct.error …).
    except Exception as error:
        raise UnreadablePhoto(
            "The photo is damaged or cut off. Open it in a photo program, save it again, and retry."
        ) from error
    return Photo(_encode(rgb), *rgb.size)


def _encode(image: Image.Image) -> bytes:
    """Encodes an RGB image as JPEG, without the metadata of the original."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def _open(data: bytes, max_megapixels: float) -> Image.Image:
    """Reads a photo's header, but no pixels."""
    too_large = (
        f"The photo has more than {max_megapixels:g} million pixels. Scale it down and try again; "
        "a photo of 2 million pixels is plenty."
    )
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoTooLarge(too_large) from error
    except UnidentifiedImageError as error:
        if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
            raise UnreadablePhoto(
                "This is a HEIC photo, which cannot be read here. Save it as JPEG and try again."
            ) from error
        raise UnreadablePhoto("This is not a photo that can be read. Use a JPEG, PNG or WebP.") from error
    except Exception as error:  # a damaged header, see `normalise`
        raise UnreadablePhoto("The photo's header is damaged. Choose another photo.") from error
    if image.width * image.height > max_megapixels * 1e6:
        raise PhotoTooLarge(too_large)
    return image


def _upright(image: Image.Image) -> Image.Image:
    """Rotates the photo by its EXIF orientation; broken EXIF data are ignored."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # Pillow parses EXIF in Python, from untrusted bytes
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        # 16 or 32 bits per pixel: Pillow's own conversion clips all values above 255 to white.
        pixels = np.asarray(image, dtype=np.float64)
        if image.mode.startswith("I;16"):
            grey = pixels / 257
        else:
            low, high = float(pixels.min()), float(pixels.max())
            grey = (pixels - low) * (255 / (high - low or 1))
        return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return image.convert("RGB")
