"""Reading a photo file: whether it can be used, its size, and its hashes."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from car_classifier.data.near_duplicates import perceptual_hash
from car_classifier.data.photo_sources import Candidate, LeftOut
from car_classifier.errors import UserError

MAX_PIXELS = 50_000_000
"""Photos above this many pixels are left out; the exported model refuses them too."""


@dataclass(frozen=True)
class Photo:
    """A photo that can be used."""

    candidate: Candidate
    sha256: str
    width: int
    height: int
    perceptual_hash: NDArray[np.uint8]
    is_rotated: bool

    @property
    def label(self) -> str:
        """Its class."""
        return self.candidate.label


def read_photo(candidate: Candidate) -> Photo | LeftOut:
    """Read and decode a file; for one that cannot be used, the result is the reason."""
    try:
        str(candidate.path).encode()
    except UnicodeEncodeError:
        return LeftOut(candidate.path, "its name is no UTF-8, so no list can hold it; rename it")
    try:
        content = candidate.path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            if image.format not in ("JPEG", "PNG", "MPO"):
                return LeftOut(candidate.path, f"a {image.format} file; convert it to JPEG or PNG")
            width, height = image.size
            if width * height > MAX_PIXELS:
                return LeftOut(candidate.path, f"{width}×{height} pixels; at most {MAX_PIXELS // 10**6} megapixels")
            image.load()
            is_rotated = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
            # A palette with transparency has no grey values of its own.
            code = perceptual_hash(image.convert("RGBA") if image.mode == "P" else image)
    except UnidentifiedImageError:
        return LeftOut(candidate.path, "empty file" if not content else "not a picture, or damaged")
    except FileNotFoundError:
        return LeftOut(candidate.path, "no such file")
    except Image.DecompressionBombError:
        return LeftOut(candidate.path, f"far more than {MAX_PIXELS // 10**6} megapixels")
    except (OSError, ValueError, SyntaxError) as error:
        return LeftOut(candidate.path, f"cannot be read: {error}")
    return Photo(candidate, hashlib.sha256(content).hexdigest(), width, height, code, is_rotated)


def open_photo(path: Path) -> Image.Image:
    """A photo for a figure, RGB, in the orientation of the file's pixels.

    Raises:
        UserError: It cannot be read.
    """
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise UserError(f"{path} cannot be read: {error}. Repair or remove it, and index the photos again.") from error
