"""A photo's pixels as the model sees them, decoded by Pillow: upright, in RGB, transparent parts on white.

`car_classifier.network.photo_header` and `preprocessing` have the same rules inside the graph, and `dashboard.photos`
has them for the page. They agree on all kinds of JPEG and PNG.
"""

import io
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

EXIF_BYTES = 65536
"""EXIF data count only as far as they lie in a JPEG's first bytes."""

MOST_SEGMENTS = 256
"""Segments of a JPEG or chunks of a PNG that are searched for EXIF data, so that no file costs much time."""

EXIF_HEADER = b"Exif\0\0"
ORIENTATION_TAG, SHORT = 0x0112, 3

TRANSPOSED = (5, 6, 7, 8)
ROWS_REVERSED = (3, 4, 7, 8)
COLUMNS_REVERSED = (2, 3, 6, 7)
"""The EXIF orientations whose pixels are turned upright by exchanging rows and columns first, then reversing them."""

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


def exif_orientation(content: bytes) -> int:
    """The EXIF orientation of a JPEG or PNG photo, from its bytes.

    Pillow's own reader also finds orientations in XMP data and in tags of the wrong type, which browsers ignore.

    Returns:
        1 to 8, as in the EXIF standard; 1, upright, if there is none or it is broken.
    """
    return _tiff_orientation(_jpeg_exif(content) if content.startswith(b"\xff\xd8") else _png_exif(content))


def upright_rgb(image: Image.Image, content: bytes) -> Image.Image:
    """A picture turned upright, in RGB, with transparent parts on white.

    Args:
        image: As Pillow opened it.
        content: Its file.

    Raises:
        OSError, ValueError, SyntaxError: The pixels cannot be decoded.
    """
    orientation = exif_orientation(content)
    rgb = _with_hole(image, content) or _rgb(image)
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


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        grey = np.asarray(image)
        # The upper byte, as PNG decoders do. Pillow's own conversion clips all values above 255.
        shown = np.where(grey == image.info.get("transparency"), 255, grey >> 8)
        return Image.fromarray(shown.astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        grey = np.asarray(image, np.float64)
        low, high = float(grey.min()), float(grey.max())
        shown = (grey - low) * (255 / (high - low or 1))
        return Image.fromarray(shown.round().astype(np.uint8)).convert("RGB")
    if image.mode == "CMYK" and image.format in ("JPEG", "MPO"):
        # TensorFlow's conversion: Adobe's programs store the inverted inks, and Pillow inverts those of all programs.
        light = np.asarray(image, np.uint16)
        light = 255 - light if "adobe" in image.info else light
        return Image.fromarray((light[..., :3] * light[..., 3:] // 255).astype(np.uint8))
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return image.convert("RGB")


def _jpeg_exif(content: bytes) -> bytes:
    """The first EXIF data of a JPEG, without their header; empty if there are none."""
    head, place = content[:EXIF_BYTES], 2
    for _ in range(MOST_SEGMENTS):
        if place + 4 > len(head) or head[place] != 0xFF:
            break
        kind, size = head[place + 1], int.from_bytes(head[place + 2 : place + 4], "big")
        if kind in (0xDA, 0xD9):  # the pixels begin, or the file ends
            break
        if kind == 0xE1 and head[place + 4 : place + 10] == EXIF_HEADER:
            return head[place + 10 : place + 2 + size]
        place += 1 if kind == 0xFF else 2 + size  # segments may be padded with 0xFF
    return b""


def _png_exif(content: bytes) -> bytes:
    """The EXIF data that stand before a PNG's pixels; empty if there are none."""
    exif = b""
    for kind, start, end in islice(png_chunks(content), 1, 1 + MOST_SEGMENTS):  # the first is the header IHDR
        if kind in (b"IDAT", b"IEND") or end - start > len(content):
            break
        if kind == b"eXIf":
            exif = content[start:end][:EXIF_BYTES]
    return exif


def png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each chunk of a PNG file, and where its data begin and end; those of the last may be cut off."""
    place = 8  # after the magic bytes
    while place + 8 <= len(content):
        start = place + 8
        end = start + int.from_bytes(content[place : place + 4], "big")
        yield content[place + 4 : start], start, end
        place = end + 4


def _tiff_orientation(tiff: bytes) -> int:
    """The orientation in EXIF data, which have TIFF's form: 1 if they are broken."""
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        return 1

    def number(start: int, size: int) -> int:
        return int.from_bytes(tiff[start : start + size], "little" if tiff.startswith(b"II") else "big")

    first = number(4, 4)
    if not 8 <= first <= len(tiff) - 2:
        return 1
    entries = min(number(first, 2), (len(tiff) - first - 2) // 12)
    for entry in range(first + 2, first + 2 + 12 * entries, 12):
        if number(entry, 2) == ORIENTATION_TAG:
            is_one_short = number(entry + 2, 2) == SHORT and number(entry + 4, 4) == 1
            value = number(entry + 8, 2)
            return value if is_one_short and 1 <= value <= 8 else 1
    return 1
