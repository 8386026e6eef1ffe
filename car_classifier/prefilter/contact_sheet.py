"""A picture that shows whether the prefilter's threshold is well chosen."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from car_classifier.data.manifest import Manifest, ManifestRow
from car_classifier.data.photo_files import open_photo
from car_classifier.errors import UserError
from car_classifier.files import check_writable, write_atomically
from car_classifier.words import counted

NEAREST = 24
"""Photos on each side of the threshold."""

_COLUMNS = 8
_THUMBNAIL = (160, 110)
_CAPTION = 32
_CELL = (_THUMBNAIL[0] + 8, _THUMBNAIL[1] + _CAPTION + 6)
_MARGIN = 16
_TITLE = 30
_HISTOGRAM = 130
_BINS = 50
_INK, _PALE, _KEPT, _DROPPED = "#222222", "#777777", "#1b7f4d", "#c0392b"


def check_contact_sheet(path: Path) -> None:
    """Refuse, before the work is done, a path to which no contact sheet can be written.

    Raises:
        UserError: It is not named as a JPEG or PNG file, or cannot be written.
    """
    if path.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise UserError(f"--contact-sheet must be named .jpg or .png. Received: {path}")
    check_writable(path)


def draw_contact_sheet(manifest: Manifest, threshold: float, path: Path) -> None:
    """Draw the photos nearest to the threshold, above and below it, and a histogram of all scores.

    Args:
        manifest: The photos and their scores. Rows that are excluded for other reasons are drawn as well.
        threshold: From 0 to 1.
        path: A JPEG or PNG file.
    """
    scored = [(row.prefilter_score, row) for row in manifest.rows if row.prefilter_score is not None]
    scored.sort(key=lambda pair: (pair[0], pair[1].file_name))
    kept = [row for score, row in scored if score >= threshold]
    dropped = [row for score, row in scored if score < threshold]
    blocks = (
        (
            f"Kept: {counted(len(kept), 'photo')} with a score of {threshold:g} or more. The lowest of them:",
            kept[:NEAREST],
            _KEPT,
        ),
        (
            f"Dropped: {counted(len(dropped), 'photo')} with a lower score. The highest of them:",
            dropped[::-1][:NEAREST],
            _DROPPED,
        ),
    )
    heights = [_TITLE + -(-len(rows) // _COLUMNS) * _CELL[1] + _MARGIN for _, rows, _ in blocks]
    width = 2 * _MARGIN + _COLUMNS * _CELL[0]
    sheet = Image.new("RGB", (width, _MARGIN + sum(heights) + 2 * _TITLE + _HISTOGRAM), "white")
    draw = ImageDraw.Draw(sheet)
    top = _MARGIN
    for (title, rows, colour), height in zip(blocks, heights, strict=True):
        draw.text((_MARGIN, top), title, colour, ImageFont.load_default(18))
        _draw_photos(sheet, manifest, rows, top + _TITLE)
        top += height
    _draw_histogram(draw, [score for score, _ in scored], threshold, top, width)
    write_atomically(path, lambda target: sheet.save(target, quality=88))


def _draw_photos(sheet: Image.Image, manifest: Manifest, rows: Sequence[ManifestRow], top: int) -> None:
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for place, row in enumerate(rows):
        x, y = _MARGIN + place % _COLUMNS * _CELL[0], top + place // _COLUMNS * _CELL[1]
        photo = open_photo(manifest.photo_path(row))
        sheet.paste(ImageOps.pad(photo, _THUMBNAIL, color="#eeeeee"), (x, y))
        draw.text((x, y + _THUMBNAIL[1] + 2), f"{row.prefilter_score:.4f}", _INK, font)
        draw.text((x, y + _THUMBNAIL[1] + 16), _shortened(row.label.replace("_", " "), font), _PALE, font)


def _shortened(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    """The text, cut off where it is wider than a photo."""
    if font.getlength(text) <= _THUMBNAIL[0]:
        return text
    while font.getlength(text + "…") > _THUMBNAIL[0]:
        text = text[:-1]
    return text + "…"


def _draw_histogram(draw: ImageDraw.ImageDraw, scores: Sequence[float], threshold: float, top: int, width: int) -> None:
    left, right, bottom = _MARGIN, width - _MARGIN, top + _TITLE + _HISTOGRAM
    small = ImageFont.load_default(12)
    counts, edges = np.histogram(scores, bins=_BINS, range=(0, 1))
    title = f"All {len(scores)} scores, 0 to 1 (root scale; the tallest bar is {counted(counts.max(), 'photo')})"
    draw.text((left, top), title, _INK, ImageFont.load_default(18))
    # On a linear scale the two peaks hide everything between them.
    heights = np.sqrt(counts / counts.max()) * (_HISTOGRAM - 20)
    for i, height in enumerate(heights):
        colour = _KEPT if edges[i] >= threshold else _DROPPED
        x0, x1 = (round(left + edge * (right - left)) for edge in edges[i : i + 2])
        draw.rectangle((x0, bottom - round(float(height)), x1 - 2, bottom), fill=colour)
    for tenth in range(11):
        x = left + tenth * (right - left) / 10
        draw.text((x, bottom + 4), f"{tenth / 10:g}", _INK, small, anchor="ma")
    x = left + threshold * (right - left)
    draw.line((x, top + _TITLE, x, bottom), _INK, 2)
    draw.text((x + 5, top + _TITLE), f"threshold {threshold:g}", _INK, small)
