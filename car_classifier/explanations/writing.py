"""Explanations as files."""

import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from car_classifier.explanations.photo_explanation import PhotoExplanation
from car_classifier.explanations.pictures import explained_photo
from car_classifier.figures import save_figure
from car_classifier.files import write_bytes, write_json


def write_explanation(found: PhotoExplanation, content: bytes, photo: Path, folder: Path) -> list[Path]:
    """Write an explanation's picture, its map as NumPy holds it, and all else that is known of it.

    Args:
        found: The explanation.
        content: The photo's bytes.
        photo: The photo's path: its name is the beginning of the files' names.
        folder: Where to.

    Returns:
        The files: `.png`, `.npy` (float32 [h, w], its cells as the method gives them) and `.json`.
    """
    label, versus = (None if name is None else name.replace("_", " ") for name in (found.label, found.versus))
    parts = [photo.stem, found.label, *(["versus", found.versus] if found.versus else []), found.method.name]
    stem = "-".join(re.sub(r"[^\w.+]+", "-", part) for part in parts)
    picture, cells, about = (folder / f"{stem}.{ending}" for ending in ("png", "npy", "json"))
    sides = (f"for {label}", f"for {versus}" if versus else f"against {label}")
    with Image.open(io.BytesIO(content)) as image:
        save_figure(explained_photo(image, found.cells, found.extent, found.title, sides), picture)
    buffer = io.BytesIO()
    np.save(buffer, found.cells.astype(np.float32))
    write_bytes(cells, buffer.getvalue())
    write_json(about, {"photo": str(photo)} | found.as_json())
    return [picture, cells, about]
