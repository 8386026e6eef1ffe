"""Removes everything from a JPEG but its pixels and its orientation, without decoding it."""

import re
import struct

from dashboard.photos.orientation import EXIF_HEADER, exif_of

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN, _END = 0xDA, 0xD9
# Frames (baseline, extended, progressive; the last two with arithmetic coding), tables and restart intervals.
_OF_PIXELS = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA, 0xC4, 0xCC, 0xDB, 0xDD, _START_OF_SCAN}
_APP0, _APP14, _COMMENT = 0xE0, 0xEE, 0xFE
_ADOBE_BYTES = 12  # "Adobe", its version, two flags and how colours are stored

# JFIF and Adobe's segment say how colours are stored. Others may have a thumbnail, so JFIF's is written again.
_JFIF = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"

# Among compressed pixels, 0xFF is followed by 0 or by a restart marker (0xD0 to 0xD7).
_NEXT_SEGMENT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def without_metadata(data: bytes, orientation: int) -> bytes | None:
    """A JPEG without EXIF, GPS, thumbnails, colour profiles, comments and whatever stands behind its end.

    Args:
        data: A JPEG that can be decoded.
        orientation: EXIF orientation to keep, 1 to 8.

    Returns:
        A JPEG of the same pixels, bit by bit; None for an unusual one.
    """
    header: dict[int, bytes] = {}
    segments: list[bytes] = []
    place = 2
    while place + 4 <= len(data):
        marker, kind = data[place], data[place + 1]
        if marker != 0xFF:
            return None
        if kind == 0xFF:  # padding
            place += 1
            continue
        if kind == _END:
            break
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        content = data[place + 4 : end]
        if kind in _OF_PIXELS:
            if kind == _START_OF_SCAN:
                following = _NEXT_SEGMENT.search(data, end)
                end = following.start() if following else len(data)
            segments.append(data[place:end])
        elif kind == _APP0 and content.startswith(b"JFIF\0"):
            header[kind] = _JFIF
        elif kind == _APP14 and content.startswith(b"Adobe") and len(content) >= _ADOBE_BYTES:
            header[kind] = b"\xff\xee" + struct.pack(">H", 2 + _ADOBE_BYTES) + content[:_ADOBE_BYTES]
        elif not (_APP0 <= kind <= 0xEF or kind == _COMMENT):
            return None
        place = end
    exif = [_exif(orientation)] if orientation != 1 else []
    kept = [header[kind] for kind in (_APP0, _APP14) if kind in header]
    return b"".join([_SOI, *kept[:1], *exif, *kept[1:], *segments, _EOI])


def _exif(orientation: int) -> bytes:
    """An EXIF segment that holds an orientation only."""
    content = EXIF_HEADER + exif_of(orientation)
    return b"\xff\xe1" + struct.pack(">H", 2 + len(content)) + content
