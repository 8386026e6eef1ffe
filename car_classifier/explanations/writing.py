"""Explanations written to files."""

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
    """A unique name for each photo: its own, if needed with its folder's name in front and a number behind."""
    stems: list[str] = []
    names = [photo.stem for photo in photos]
    for photo, name in zip(photos, names, strict=True):
        stem = name if names.count(name) == 1 else f"{photo.resolve().parent.name}-{name}"
        numbered = (f"{stem}-{i}" for i in count(2))
        stems.append(next(unique for unique in chain([stem], numbered) if unique not in stems))
    return stems


def write_explanation(explanation: PhotoExplanation, content: bytes, photo: Path, start: Path) -> list[Path]:
    """Write an explanation as a picture, its map as a NumPy file, and everything else as JSON.

    Args:
        explanation: What to write.
        content: The photo's bytes.
        photo: The photo's path.
        start: Folder of the files, and the beginning of their names.

    Returns:
        Paths of the `.png`, the `.npy` (float32 [h, w]) and the `.json` file.
    """
    label, versus = (
        None if name is None else name.replace("_", " ") for name in (explanation.label, explanation.versus)
    )
    parts = [
        explanation.label,
        *(["versus", explanation.versus] if explanation.versus else []),
        explanation.method.name,
        *([explanation.method.layer] if explanation.method.layer else []),  # maps of two layers do not share a file
    ]
    stem = "-".join([start.name, *(re.sub(r"[^\w.+]+", "-", part) for part in parts)])
    picture, array, about = (start.with_name(f"{stem}.{ending}") for ending in ("png", "npy", "json"))
    below = None if not explanation.method.is_signed else f"for {versus}" if versus else f"against {label}"
    ends = (f"for {label}" if explanation.method.is_class_specific else "", below)
    image = Image.fromarray(decode_photo_array(content))
    save_figure(explained_photo(image, explanation.contributions, explanation.extent, explanation.title, ends), picture)
    buffer = io.BytesIO()
    np.save(buffer, explanation.contributions.astype(np.float32))
    write_bytes(array, buffer.getvalue())
    write_json(about, {"photo": os.fsencode(photo).decode(errors="replace")} | explanation.as_json())
    return [picture, array, about]
