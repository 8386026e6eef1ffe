"""Reading a photo file: whether it can be used, its size, and its hashes."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from car_classifier.data.near_duplicates import perceptual_hash
from car_classifier.data.photo_sources import Candidate, LeftOut
from car_classifier.data.pixels import exif_orientation, upright_rgb
from car_classifier.errors import UserError

MAX_PIXELS = 50_000_000
"""Photos above this many pixels are left out; the exported model refuses them too."""


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
    sha256: str
    width: int
    height: int
    perceptual_hash: NDArray[np.uint8]

    @property
    def label(self) -> str:
        """Its class, `Make_Model`."""
        return f"{self.candidate.make}_{self.candidate.model}"


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
            upright = upright_rgb(image, exif_orientation(content))
    except UnidentifiedImageError:
        return LeftOut(candidate.path, "empty file" if not content else "not a picture, or damaged")
    except FileNotFoundError:
        return LeftOut(candidate.path, "no such file")
    except Image.DecompressionBombError:
        return LeftOut(candidate.path, f"far more than {MAX_PIXELS // 10**6} megapixels")
    except (OSError, ValueError, SyntaxError) as error:
        return LeftOut(candidate.path, f"cannot be read: {error}")
    return Photo(candidate, hashlib.sha256(content).hexdigest(), *upright.size, perceptual_hash(upright))


def open_photo(path: Path) -> Image.Image:
    """A photo for a figure, RGB, as the model sees it: upright, transparent parts on white.

    Raises:
        UserError: It cannot be read.
    """
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            return upright_rgb(image, exif_orientation(content))
    except (OSError, ValueError, SyntaxError) as error:
        raise UserError(f"{path} cannot be read: {error}. Repair or remove it, and index the photos again.") from error
