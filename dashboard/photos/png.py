"""Removes everything from a PNG but its pixels and its orientation, without decoding it."""

import struct
import zlib

from dashboard.photos.orientation import PNG_MAGIC, exif_of

# The header, the palette, the transparent colours, the pixels of the first frame, and the end.
_OF_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_HEADER_END = len(PNG_MAGIC) + 25  # the header comes first, and has always the same size


def without_metadata(data: bytes, orientation: int) -> bytes:
    """A PNG without EXIF, texts, colour profiles, further frames and whatever stands behind its end.

    Args:
        data: A PNG whose header can be read.
        orientation: EXIF orientation to keep, 1 to 8.

    Returns:
        A PNG of the same pixels, bit by bit.

    Raises:
        ValueError: The file is cut off, or the checksum of a part that is needed is wrong. Pillow forgives a missing
            end and wrong checksums of the pixels, but the model's decoder does not.
    """
    view = memoryview(data)
    kept: list[bytes | memoryview] = [PNG_MAGIC]
    place, kind = len(PNG_MAGIC), b""
    while kind != b"IEND":
        size, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        end = place + 12 + size
        if end > len(data):
            raise ValueError("The PNG is cut off.")
        is_needed = kind[:1].isupper()
        if is_needed and zlib.crc32(view[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise ValueError("A checksum in the PNG is wrong.")
        if kind in _OF_PIXELS:
            kept.append(view[place:end])
        if end == _HEADER_END and orientation != 1:
            kept.append(_chunk(b"eXIf", exif_of(orientation)))
        place = end
    return b"".join(kept)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
