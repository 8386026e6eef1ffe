"""Explanations as files."""

import io
import os
import re
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

import numpy as np
from PIL import Image

from car_classifier.evaluation.figures import save_figure
from car_classifier.explanations.photo_explanation import PhotoExplanation
from car_classifier.explanations.pictures import explained_photo
from car_classifier.files import write_bytes, write_json
from car_classifier.network.preprocessing import decode_photo_array


def file_stems(photos: Sequence[Path]) -> list[str]:
    """A name for each photo that no other one has: its own, or with its folder's, or with a number as well."""
    stems: list[str] = []
    names = [photo.stem for photo in photos]
    for photo, name in zip(photos, names, strict=True):
        wanted = name if names.count(name) == 1 else f"{photo.resolve().parent.name}-{name}"
        numbered = (f"{wanted}-{i}" for i in count(2))
        stems.append(next(stem for stem in chain([wanted], numbered) if stem not in stems))
    return stems


def write_explanation(found: PhotoExplanation, content: bytes, photo: Path, start: Path) -> list[Path]:
    """Write an explanation's picture, its map as NumPy holds it, and all else that is known of it.

    Args:
        found: The explanation.
        content: The photo's bytes.
        photo: The photo's path.
        start: Folder and beginning of the names of the files.

    Returns:
        The files: `.png`, `.npy` (float32 [h, w], its cells as the method gives them) and `.json`.
    """
    label, versus = (None if name is None else name.replace("_", " ") for name in (found.label, found.versus))
    parts = [found.label, *(["versus", found.versus] if found.versus else []), found.method.name]
    stem = "-".join([start.name, *(re.sub(r"[^\w.+]+", "-", part) for part in parts)])
    picture, cells, about = (start.with_name(f"{stem}.{ending}") for ending in ("png", "npy", "json"))
    below = None if not found.method.is_signed else f"for {versus}" if versus else f"against {label}"
    sides = (f"for {label}" if found.method.heeds_target else "", below)
    image = Image.fromarray(decode_photo_array(content))
    save_figure(explained_photo(image, found.cells, found.extent, found.title, sides), picture)
    buffer = io.BytesIO()
    np.save(buffer, found.cells.astype(np.float32))
    write_bytes(cells, buffer.getvalue())
    write_json(about, {"photo": os.fsencode(photo).decode(errors="replace")} | found.as_json())
    return [picture, cells, about]
