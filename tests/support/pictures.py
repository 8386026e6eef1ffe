"""Photos, good and bad, as bytes."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def picture(height: int = 40, width: int = 60, mode: str = "RGB") -> Image.Image:
    """A picture with something in every frequency."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [x * 255 // width, y * 255 // height, (x * 7 + y * 13) % 256]
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8)).convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_file(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file of chunks: their kinds and content."""
    framed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header declares any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png_file((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))


def jpeg_that_claims(width: int, height: int) -> bytes:
    """A JPEG whose frame header declares any size."""
    good = encoded(picture())
    frame = good.index(b"\xff\xc0")
    return good[: frame + 5] + struct.pack(">HH", height, width) + good[frame + 9 :]


UNUSABLE = {
    "empty": (b"", "must be the bytes of a JPEG or PNG file"),
    "text": (b"not a photo at all", "must be the bytes of a JPEG or PNG file"),
    "random": (bytes(np.random.default_rng(0).integers(0, 256, 3000, dtype=np.uint8)), "must be the bytes of a JPEG"),
    "gif": (encoded(picture(), "GIF"), "must be the bytes of a JPEG or PNG file"),
    "webp": (encoded(picture(), "WEBP"), "must be the bytes of a JPEG or PNG file"),
    "bmp": (encoded(picture(), "BMP"), "must be the bytes of a JPEG or PNG file"),
    "png, magic only": (b"\x89PNG\r\n\x1a\n", "must be the bytes of a JPEG or PNG file"),
    "jpeg, magic only": (b"\xff\xd8\xff", None),
    "truncated jpeg": (encoded(picture(400, 600))[:3000], None),
    "truncated png": (encoded(picture(400, 600), "PNG")[:3000], None),
    "png bomb": (png_that_claims(60_000, 60_000), "above 50 megapixels"),
    "png with a size that overflows": (png_that_claims(0xFFFFFFFF, 0xFFFFFFFF), "above 50 megapixels"),
    "png without pixels": (png_that_claims(0, 10), "above 50 megapixels"),
    "jpeg bomb": (jpeg_that_claims(65_000, 65_000), "above 50 megapixels"),
}
"""Bytes that no answer can be given for, and words of the error, where it is ours."""


def blotches(seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture of coarse random blotches, like no other."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
