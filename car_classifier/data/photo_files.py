"""Reading a photo file: whether it can be used, its size, and its hashes."""

import hashlib
import io
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from car_classifier.data.conversion import DECODABLE, can_read_heif, convert_photo, is_heif
from car_classifier.data.near_duplicates import perceptual_hash
from car_classifier.data.photo_sources import Candidate, LeftOut
from car_classifier.data.pixels import TRANSPOSED, exif_orientation, png_chunks, upright_rgb
from car_classifier.errors import UserError
from car_classifier.files import NotAFileError, read_bytes

MAX_PIXELS = 50_000_000
"""Photos above this many pixels are left out; the exported model refuses them too."""

_ENOUGH_FOR_HASH = 256
"""Pixels in each direction. The hash of a photo of ten times as many differs in two bits at most, of 128."""


@dataclass(frozen=True)
class Photo:
    """A photo that can be used.

    Attributes:
        candidate: Its file.
        sha256: Of the file.
        width: Pixels across, upright.
        height: Pixels down, upright.
        perceptual_hash: Of the pixels as the model sees them.
    """

    candidate: Candidate
    path: Path  # the candidate's, or that of the JPEG that was made of it
    sha256: str
    width: int
    height: int
    perceptual_hash: NDArray[np.uint8]

    @property
    def label(self) -> str:
        """Its class."""
        return self.candidate.label


def read_photo(candidate: Candidate, converted: Path | None = None) -> Photo | LeftOut:
    """Read and decode a file; for one that cannot be used, the result is the reason.

    Args:
        candidate: The file.
        converted: The folder for a JPEG of a photo in another format; without it, such a photo cannot be used.
    """
    path = candidate.path
    try:
        str(candidate.path).encode()
    except UnicodeEncodeError:
        return LeftOut(candidate.path, "its name is no UTF-8, so no list can hold it; rename it")
    try:
        content = read_bytes(path)
        if is_heif(content) and not can_read_heif():
            return LeftOut(path, "a HEIC file; --convert takes it after pip install pillow-heif")
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                return LeftOut(path, f"{width}×{height} pixels; at most {MAX_PIXELS // 10**6} megapixels")
            if image.format not in DECODABLE:
                kind = str(image.format)
                if converted is None:
                    article = "an" if kind[0] in "AEIOU" else "a"
                    return LeftOut(
                        path, f"{article} {kind} file; car-classifier data index --convert makes a JPEG of it", kind
                    )
                photo = read_photo(replace(candidate, path=convert_photo(path, content, converted)))
                return replace(photo, candidate=candidate) if isinstance(photo, Photo) else photo
            if image.format == "PNG" and (fault := png_fault(content)):
                return LeftOut(path, f"cannot be read: {fault}")
            orientation = exif_orientation(content)
            # A JPEG that is large enough is downscaled while it is decoded: a phone's photo in a quarter of the time.
            image.draft(None, (_ENOUGH_FOR_HASH, _ENOUGH_FOR_HASH))
            code = perceptual_hash(upright_rgb(image, content))
    except UnidentifiedImageError:
        return LeftOut(path, "empty file" if not content else "not a picture, or damaged")
    except NotAFileError:
        return LeftOut(path, "not a file")
    except FileNotFoundError:
        return LeftOut(path, "no such file")
    except Image.DecompressionBombError:
        return LeftOut(path, f"far more than {MAX_PIXELS // 10**6} megapixels")
    except UserError:  # not the photo's fault
        raise
    except Exception as error:  # decoders of rare formats raise what they like: that of AVIF a RuntimeError
        return LeftOut(path, f"cannot be read: {_first_line(error)}")
    if orientation in TRANSPOSED:
        width, height = height, width
    return Photo(candidate, path, hashlib.sha256(content).hexdigest(), width, height, code)


def _first_line(error: Exception) -> str:
    """The first line of an error's text: some decoders add advice to programmers below it."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def png_fault(content: bytes) -> str | None:
    """What is wrong with the parts of a PNG file; None if nothing is.

    Pillow forgives a missing end and wrong checksums of the pixels, but the decoder of the net does not. Damage of the
    optional parts, such as comments, does no harm there either.
    """
    view = memoryview(content)
    for kind, start, end in png_chunks(content):
        if end + 4 > len(content):
            break
        is_needed = kind[:1].isupper()
        if is_needed and zlib.crc32(view[start - 4 : end]) != int.from_bytes(view[end : end + 4]):
            return "a checksum in it is wrong"
        if kind == b"IEND":
            return None
    return "it is cut off"


def open_photo(path: Path) -> Image.Image:
    """A photo for a figure, RGB, as the model sees it: upright, transparent parts on white.

    Raises:
        UserError: It cannot be read.
    """
    try:
        content = read_bytes(path)
        with Image.open(io.BytesIO(content)) as image:
            return upright_rgb(image, content)
    except (OSError, ValueError, SyntaxError) as error:
        raise UserError(
            f"{path} cannot be read: {_first_line(error)}. Repair or remove it, and index the photos again."
        ) from error
