"""The EXIF orientation of a photo, read from its bytes by the same rules as in the model's graph, and written.

`car_classifier.data.pixels` has the same functions; the two programs import nothing from each other.
"""

import struct

EXIF_BYTES = 65536
"""EXIF data count only as far as they lie in a JPEG's first bytes."""

MOST_SEGMENTS = 256
"""Segments of a JPEG or chunks of a PNG that are searched for EXIF data, so that no file costs much time."""

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
EXIF_HEADER = b"Exif\0\0"
ORIENTATION_TAG, SHORT = 0x0112, 3

TRANSPOSED = (5, 6, 7, 8)
"""The EXIF orientations that exchange width and height."""


def exif_orientation(content: bytes) -> int:
    """The EXIF orientation of a JPEG or PNG photo.

    Pillow's own reader also finds orientations in XMP data and in tags of the wrong type, which browsers ignore.

    Returns:
        1 to 8, as in the EXIF standard; 1, upright, if there is none or it is broken.
    """
    return _tiff_orientation(_jpeg_exif(content) if content.startswith(b"\xff\xd8") else _png_exif(content))


def exif_of(orientation: int) -> bytes:
    """EXIF data that hold an orientation only, 1 to 8, without the header that they have in a JPEG."""
    entry = struct.pack(">HHIHH", ORIENTATION_TAG, SHORT, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)


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
    exif, place = b"", 33  # after the magic bytes and the IHDR chunk
    for _ in range(MOST_SEGMENTS):
        size, kind = int.from_bytes(content[place : place + 4], "big"), content[place + 4 : place + 8]
        if len(kind) < 4 or kind in (b"IDAT", b"IEND") or size > len(content):
            break
        if kind == b"eXIf":
            exif = content[place + 8 : place + 8 + size][:EXIF_BYTES]
        place += 12 + size
    return exif


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
