"""Figures of a data set: the number of photos in each class, and a sample of photos."""

import random
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from car_classifier.data.manifest import SPLITS, Manifest
from car_classifier.data.photo_files import open_photo
from car_classifier.errors import UserError
from car_classifier.files import write_atomically
from car_classifier.words import noun

COLOURS = {"train": "#0072B2", "validation": "#E69F00", "test": "#009E73"}
"""Colours that colour-blind people can tell apart (Okabe and Ito 2008, https://jfly.uni-koeln.de/color/)."""

BARS_IN_COLUMN = 75
"""With more classes than this, the bars continue in another column."""

SAMPLE_GRID = (6, 6)
"""Rows and columns of the sample batch."""

_LONGEST_NAME = 32

_OTHER_FONTS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Droid Sans Fallback", "WenQuanYi Zen Hei",
    "Hiragino Sans", "PingFang SC", "Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "Noto Sans Arabic",
    "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "Arial Unicode MS", "Arial",
)  # fmt: skip
"""Fonts for names of classes in scripts that Matplotlib's own font lacks."""


def draw_class_distribution(manifest: Manifest, path: Path) -> None:
    """Draw a stacked bar for each class, the largest first, with a part for each split.

    Args:
        manifest: Excluded photos are left out.
        path: A PNG file.
    """
    counts = manifest.label_counts()
    labels = sorted(counts, key=lambda label: (-counts[label], label))
    columns = -(-len(labels) // BARS_IN_COLUMN)
    bars = -(-len(labels) // columns)
    size = (8.0 if columns == 1 else 4.5 * columns, 1.5 + max(bars, 6) * (0.3 if bars <= 30 else 0.17))
    figure = Figure(size, layout="constrained")
    axes = figure.subplots(1, columns, sharex=True, squeeze=False)[0]
    photos_of = Counter((row.split, row.label) for row in manifest.kept)
    splits = [split for split in SPLITS if manifest.split(split)]
    for column, ax in enumerate(axes):
        shown = labels[column * bars : (column + 1) * bars]
        left = np.zeros(len(shown))
        for split in splits:
            of_split = [photos_of[split, label] for label in shown]
            ax.barh(range(len(shown)), of_split, left=left, color=COLOURS[split], label=split, height=0.8)
            left += of_split
        ax.set_yticks(range(len(shown)), [short_name(label) for label in shown], fontsize=9 if bars <= 30 else 7)
        ax.set_ylim(bars - 0.4, -0.6)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", alpha=0.3)
        ax.set_axisbelow(True)
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.set_xlabel("photos")
    title = f"{counts.total():,} {noun(counts.total(), 'photo')} of {len(labels):,} {noun(len(labels), 'class')}"
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, title=title, frameon=False)
    _save(figure, path)


def draw_sample_batch(manifest: Manifest, path: Path, seed: int = 0) -> list[str]:
    """Draw some photos with their labels, as a training batch would hold them.

    Args:
        manifest: Training photos are shown, or any photos if it has none for training.
        path: A PNG file.
        seed: Seed of the choice of photos.

    Returns:
        Notes on photos that cannot be read and are left out.

    Raises:
        UserError: A photo is gone, or none can be read.
    """
    rows, columns = SAMPLE_GRID
    photos = manifest.split("train") or manifest.kept
    chosen = random.Random(seed).sample(photos, min(rows * columns, len(photos)))  # noqa: S311 (not a secret)
    manifest.check_photos(chosen)
    figure = Figure((2.4 * columns, 2.0 * rows + 0.5), layout="constrained")
    notes: list[str] = []
    shown = 0
    for row in chosen:
        try:
            photo = open_photo(manifest.photo_path(row))
        except UserError as error:
            notes.append(str(error))
            continue
        shown += 1
        ax = figure.add_subplot(rows, columns, shown)
        photo.thumbnail((480, 480))
        ax.imshow(np.asarray(photo))
        ax.set_title(short_name(row.label), fontsize=8)
        ax.set_axis_off()
    if notes and not shown:
        raise UserError(notes[0])
    figure.suptitle(f"{shown} of {len(photos):,} {noun(len(photos), 'photo')}, chosen with seed {seed}")
    _save(figure, path)
    return notes


def short_name(label: str, longest: int = _LONGEST_NAME) -> str:
    """A label as a figure shows it, cut where it would leave no room for the plot."""
    return plain_text(label if len(label) <= longest else label[: longest - 1] + "…")


def plain_text(label: str) -> str:
    """A label as text of a figure: between two dollar signs, Matplotlib would look for a formula."""
    return label.replace("_", " ").replace("$", r"\$")


def write_figure(figure: Figure, path: Path, **options: Any) -> None:
    """Write a figure; names in scripts that Matplotlib's font lacks are drawn in an installed one, if there is any.

    Args:
        figure: The figure.
        path: The file.
        **options: Those of `Figure.savefig`.
    """
    installed = set(font_manager.get_font_names())
    fonts = ["DejaVu Sans", *(name for name in _OTHER_FONTS if name in installed)]
    with matplotlib.rc_context({"font.sans-serif": fonts}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        write_atomically(path, lambda target: figure.savefig(target, **options))


def _save(figure: Figure, path: Path) -> None:
    write_figure(figure, path, dpi=130)
