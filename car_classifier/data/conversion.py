"""JPEGs of photos in formats that the net cannot decode, such as WebP, TIFF and HEIC."""

import hashlib
import importlib.util
import io
import os
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from car_classifier.errors import UserError
from car_classifier.files import write_bytes

DECODABLE = ("JPEG", "PNG", "MPO")
"""Pillow's names of the formats that the graph decodes; MPO is a JPEG followed by further pictures."""

QUALITY = 95
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


def is_heif(content: bytes) -> bool:
    """Whether a file is in Apple's format HEIC or a relative of it, which only the package pillow-heif can read."""
    return content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS


@cache
def can_read_heif() -> bool:
    """Let Pillow read HEIC files, if the package pillow-heif is installed."""
    if importlib.util.find_spec("pillow_heif") is None:
        return False
    import pillow_heif

    pillow_heif.register_heif_opener()
    return True


def convert_photo(path: Path, content: bytes, folder: Path) -> Path:
    """Write a JPEG of a photo, unless the folder holds the JPEG of the same file with the same content.

    Args:
        path: The photo's file, which stays as it is.
        content: What the file holds; a picture that Pillow can read, of a size that is allowed.
        folder: Where the JPEG is written.

    Raises:
        OSError: The picture is damaged.
        ValueError: The picture is damaged.
        UserError: The JPEG cannot be written.
    """
    # The path as well, because two folders may hold files of one name, and even of one content in two classes.
    identity = hashlib.sha256(os.path.relpath(path, folder).encode() + b"/" + content).hexdigest()
    target = folder / f"{path.stem}-{identity[:12]}.jpg"
    if not target.is_file():
        jpeg = io.BytesIO()
        with Image.open(io.BytesIO(content)) as image:
            as_srgb(image).save(jpeg, "JPEG", quality=QUALITY, subsampling=0)  # colours of every pixel
        try:
            write_bytes(target, jpeg.getvalue())
        except OSError as error:
            raise UserError(f"{target} cannot be written: {error.strerror}.") from error
    return target


def as_srgb(image: Image.Image) -> Image.Image:
    """The first frame of a picture: RGB in sRGB's colours, turned as its EXIF tag asks, on white where transparent."""
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bits(image)
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    if alpha is not None:
        image = image.convert("L" if image.mode in ("L", "LA", "La") else "RGB")
    rgb = _in_srgb(image, profile)
    if alpha is not None:
        rgb = Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)
    rgb.info = {}  # without the profile, the EXIF tag and all else, which are no longer true
    return rgb


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits, or of floats, as grey of 8: the upper eight of 16 bits, as the graph reads such a PNG."""
    values = np.nan_to_num(np.asarray(image))
    if image.mode == "F" and values.max(initial=0) <= 1:
        values = values * 255
    elif values.max(initial=0) > 255:
        values = values // 256
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB's colours; a picture without a profile, or with one that does not fit it, counts as sRGB already."""
    if profile:
        source = image.convert("RGB") if image.mode == "P" else image
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(source, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")
