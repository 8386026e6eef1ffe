"""The gallery: a few photos of the data set to try, chosen from its manifest."""

import csv
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from dashboard.names import display_name


@dataclass(frozen=True)
class Sample:
    """One photo of the gallery.

    Attributes:
        path: The photo's file.
        name: What the car really is, for people: "Aurelio Vela".
    """

    path: Path
    name: str


def choose_samples(manifest: Path, count: int, seed: int = 0) -> tuple[Sample, ...]:
    """Chooses photos from a manifest, spread over its labels.

    Photos of the test split are preferred, because the model has never seen them; without any, all
    photos count. Every label gives one photo before any gives a second. The same manifest gives the
    same choice.

    Args:
        manifest: CSV with at least `file_name` (relative to the manifest's folder) and `label`, or
            `make` and `model`; `split` and `excluded` (why a photo is left aside) if there are any.
        count: How many photos at most.
        seed: Which choice.

    Returns:
        The samples, none if the manifest is missing or names no photo that exists.
    """
    by_label: dict[str, list[Sample]] = defaultdict(list)
    for row in _rows(manifest):
        name = display_name(row.get("label") or f"{row.get('make', '')}_{row.get('model', '')}")
        by_label[name].append(Sample(manifest.parent / row["file_name"], name))

    chooser = random.Random(seed)  # noqa: S311 (a fair spread, not a secret)
    piles = [by_label[name] for name in sorted(by_label)]
    for pile in piles:
        chooser.shuffle(pile)
    chooser.shuffle(piles)

    chosen: list[Sample] = []
    while len(chosen) < count and any(piles):
        for pile in piles:
            # A photo that was since moved or deleted is passed over for the next of its label.
            while pile and not pile[-1].path.is_file():
                pile.pop()
            if pile and len(chosen) < count:
                chosen.append(pile.pop())
    return tuple(chosen)


def _rows(manifest: Path) -> list[dict[str, str]]:
    try:
        with manifest.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row.get("file_name") and not _is_excluded(row)]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
    return [row for row in rows if row.get("split") == "test"] or rows


def _is_excluded(row: dict[str, str]) -> bool:
    return bool((row.get("excluded") or "").strip())
