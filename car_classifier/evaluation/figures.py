"""Figures of a training and of the version that it made."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from PIL import ImageOps

from car_classifier.data.figures import short_name, write_figure
from car_classifier.data.manifest import Manifest, Split
from car_classifier.data.photo_files import open_photo
from car_classifier.errors import UserError
from car_classifier.evaluation.predictions import Answer, LabelledPhoto, classify
from car_classifier.files import check_writable, read_csv
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.training.augmentation import Augmentation
from car_classifier.training.config import nested
from car_classifier.words import counted

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
"""Colours that the colour-blind can tell apart (Okabe and Ito 2008, https://jfly.uni-koeln.de/color/)."""

GRID_PHOTOS = 48
AUGMENTED_PHOTOS = 4
PHOTO_SIZE = (480, 320)
"""Width and height in pixels at which photos are drawn; a photo of another shape gets a margin."""
MANY_CLASSES = 40
"""With more classes, a confusion matrix names makes instead of models and writes no numbers into its cells."""


def check_figure_path(path: Path) -> None:
    """Refuse a path that no figure can be written to, before the work for it is done.

    Raises:
        UserError: The ending names no format for figures, or the file cannot be written.
    """
    formats = Figure().canvas.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in formats:
        raise UserError(f"{path} must end in the name of a format for figures: {', '.join(sorted(formats))}.")
    check_writable(path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the path's ending names."""
    write_figure(figure, path, dpi=150, bbox_inches="tight", pad_inches=0.15)


# --- Training -------------------------------------------------------------------------------------------------


def read_history(path: Path) -> list[dict[str, str]]:
    """Rows of a version's `history.csv`.

    Raises:
        UserError: There is no such file, or it holds no epoch.
    """
    if not path.is_file():
        raise UserError(f"There is no history of the training at {path}.")
    rows = [row for _, row in read_csv(path)]
    if not rows:
        raise UserError(f"{path} holds no epoch.")
    return rows


def training_curves(history: Sequence[dict[str, str]]) -> Figure:
    """Loss and accuracy of all epochs, the stages of the training one after the other.

    Args:
        history: Rows with `stage`, `loss`, `accuracy`, `val_loss` and `val_accuracy`, in the order of the epochs.
    """
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    stages = [(name, list(rows)) for name, rows in groupby(history, key=lambda row: row["stage"])]
    for axes, measure in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        start = 0
        for name, rows in stages:
            epochs = np.arange(start + 1, start + len(rows) + 1)
            trained = np.array([float(row[measure]) for row in rows])
            validated = np.array([float(row[f"val_{measure}"]) for row in rows])
            merits = [(float(row["val_accuracy"]), -float(row["val_loss"])) for row in rows]
            best = merits.index(max(merits))
            first = start == 0
            axes.plot(epochs, trained, "o-", color=BLUE, markersize=3, label="training" if first else None)
            axes.plot(epochs, validated, "s--", color=ORANGE, markersize=3, label="validation" if first else None)
            axes.plot(
                epochs[best], validated[best], "*", color=RED, markersize=13, label="weights kept" if first else None
            )
            if len(stages) > 1:
                axes.text(
                    (epochs[0] + epochs[-1]) / 2, 1.01, f"stage {name}", transform=axes.get_xaxis_transform(),
                    ha="center", va="bottom", color=GREY,
                )  # fmt: skip
            if not first:
                axes.axvline(start + 0.5, color=GREY, linewidth=1)
            start += len(rows)
        axes.set(xlabel="epoch", ylabel=measure, xlim=(0.5, start + 0.5))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_ylim(*((0, 1.02) if measure == "accuracy" else (0, None)))
        axes.grid(alpha=0.3)
        axes.legend()
    return figure


# --- Photos ---------------------------------------------------------------------------------------------------


def photo_grid(answers: Sequence[Answer]) -> Figure:
    """Photos with the model's answers. If the truth is known, a frame says whether the answer is right.

    Args:
        answers: At least one; at most the first 48 are drawn.
    """
    shown = answers[:GRID_PHOTOS]
    columns = min(len(shown), 4 if len(shown) <= 16 else 6)
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(max(columns * 2.9, 4.2), rows * 2.6 + 0.5), layout="constrained")
    for axes, answer in zip(figure.subplots(rows, columns, squeeze=False).flat, shown, strict=False):
        axes.imshow(ImageOps.pad(open_photo(answer.photo.path), PHOTO_SIZE, color="white"))
        colour = {True: GREEN, False: RED, None: GREY}[answer.is_right]
        _frame(axes, colour, "--" if answer.is_right is False else "-")
        mark = {True: "✓ ", False: "✗ ", None: ""}[answer.is_right]
        axes.set_title(
            f"{mark}{_wrapped(answer.labels[0])}  {answer.probabilities[0]:.0%}", color=colour, fontsize=9, wrap=True
        )
        if answer.is_right is False:
            axes.set_xlabel(f"is {_wrapped(str(answer.photo.truth))}", fontsize=9)
    for axes in figure.axes[len(shown) :]:
        axes.set_axis_off()
    judged = [answer.is_right for answer in shown if answer.is_right is not None]
    title = f"{sum(judged)} of {len(judged)} right" if judged else ""
    if len(answers) > len(shown):
        title += f"{' — ' if title else ''}the first {len(shown)} of {counted(len(answers), 'photo')}"
    figure.suptitle(title)
    return figure


def _frame(axes: Any, colour: str, style: str) -> None:
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=colour, linewidth=3, linestyle=style)


def _wrapped(label: str) -> str:
    """A label for people, on two lines if it is long."""
    name = short_name(label, longest=60)
    return name if len(name) <= 24 else name.replace(" ", "\n", 1)


def augmented_photos(
    paths: Sequence[Path], image_size: tuple[int, int], augmentation: Augmentation, views: int = 5
) -> Figure:
    """Photos as the net sees them in training: each photo unchanged, then augmented in several ways.

    Args:
        paths: The photos, a row each; at least one.
        image_size: Height and width of the net's input in pixels.
        augmentation: How photos are augmented.
        views: Number of augmented views of each photo.
    """
    import tensorflow as tf

    from car_classifier.training.photos import PhotoSource

    source = PhotoSource(paths, [0] * len(paths), image_size, len(paths))
    columns = [source.plain(), *(source.view(augmentation, 0, view) for view in range(views))]
    height = 2.2 * image_size[0] / image_size[1]
    figure = Figure(figsize=(2.2 * len(columns), height * len(paths) + 0.4), layout="constrained")
    grid = figure.subplots(len(paths), len(columns), squeeze=False)
    for column, batches in enumerate(columns):
        try:
            images, _ = next(batches.as_numpy_iterator())
        except tf.errors.OpError as error:
            raise source.explain_failure(error) from error
        for axes, image in zip(grid[:, column], images, strict=True):
            axes.imshow(image.clip(0, 255).astype(np.uint8))
            axes.set_axis_off()
        grid[0, column].set_title("as it is" if column == 0 else f"changed, {column}", fontsize=10)
    return figure


# --- Confusion ------------------------------------------------------------------------------------------------


def confusion_matrix(labels: Sequence[str], matrix: NDArray[Any]) -> Figure:
    """The confusion matrix, in shares of a model's photos: right answers blue, wrong ones orange.

    Args:
        labels: `Make_Model` of each class.
        matrix: Number of photos of a row's class that got a column's answer, integers [classes, classes].
    """
    matrix = np.asarray(matrix)
    count = len(labels)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    wrong = ~np.eye(count, dtype=bool)
    many = count > MANY_CLASSES
    size = 12.0 if many else 2.5 + 0.32 * count
    figure = Figure(figsize=(size + 1, size), layout="constrained")
    axes = figure.subplots()
    for hidden, colours, name in ((~wrong, "Oranges", "wrong"), (wrong, "Blues", "right")):
        visible = np.ma.masked_array(shares, hidden | (matrix == 0))
        # The scale begins below 0, so that a small share is not as pale as none.
        picture = axes.imshow(visible, cmap=colours, vmin=-0.3, vmax=1, interpolation="nearest")
        if many:
            bar = figure.colorbar(picture, ax=axes, shrink=0.4, pad=0.02, aspect=15, boundaries=np.linspace(0, 1, 101))
            bar.set_ticks([0, 0.5, 1], labels=["0%", "50%", "100%"])
            bar.ax.set_title(name, fontsize=10)
    if many:
        _name_makes(axes, labels)
    else:
        names = [short_name(label) for label in labels]
        axes.set_xticks(range(count), names, rotation=90)
        axes.set_yticks(range(count), names)
        for row, column in np.argwhere(matrix > 0):
            colour = "white" if shares[row, column] > 0.6 else "black"
            axes.text(column, row, str(matrix[row, column]), ha="center", va="center", color=colour, fontsize=8)
    axes.set(xlabel="answer", ylabel="truth")
    right, total = int(np.trace(matrix)), int(matrix.sum())
    axes.set_title(
        f"{right} of {counted(total, 'photo')} right (blue), the others wrong (orange)" if total else "no photos"
    )
    return figure


def _name_makes(axes: Any, labels: Sequence[str]) -> None:
    """Draw a square around the models of each make, and write the make's name if there is room."""
    start, makes = 0, []
    for make, models in groupby(labels, key=lambda label: label.partition("_")[0]):
        count = len(list(models))
        axes.add_patch(Rectangle((start - 0.5, start - 0.5), count, count, fill=False, edgecolor=GREY, linewidth=0.5))
        makes.append((count, start + (count - 1) / 2, make))
        start += count
    room = len(labels) * 0.012
    named: dict[float, str] = {}
    for _, middle, make in sorted(makes, key=lambda item: -item[0]):
        if all(abs(middle - other) >= room for other in named):
            named[middle] = make
    axes.set_xticks(list(named), [short_name(make) for make in named.values()], rotation=90, fontsize=8)
    axes.set_yticks(list(named), [short_name(make) for make in named.values()], fontsize=8)


# --- All of a version -----------------------------------------------------------------------------------------


def draw_figures(version: PublishedVersion, manifest: Manifest, out_dir: Path, count: int = 24) -> list[Path]:
    """Draw all figures of a published version.

    Args:
        version: The version.
        manifest: The photos. Test photos are shown, or validation photos if there are no test photos.
        out_dir: Folder for the figures.
        count: Number of photos to show.

    Returns:
        The figures: `training_curves.png`, `predictions.png`, `augmentation.png`, and `confusion_matrix.png` if the
        version's metrics have a confusion matrix.

    Raises:
        UserError: The version has no history, or the manifest no photo for evaluation.
    """
    figures = {"training_curves": training_curves(read_history(version.history_path))}
    answers = [answer for answer in classify(version, sample_photos(manifest, count)) if isinstance(answer, Answer)]
    if answers:
        figures["predictions"] = photo_grid(answers)
    training = version.read_config()["training"]
    augmentation = Augmentation(**nested(training).get("augmentation", {}))
    augmented = [photo.path for photo in sample_photos(manifest, AUGMENTED_PHOTOS, ("train",))]
    figures["augmentation"] = augmented_photos(augmented, tuple(training["image_size"]), augmentation)
    metrics = version.read_metrics()
    if "confusion" in metrics:
        figures["confusion_matrix"] = confusion_matrix(
            metrics["confusion"]["labels"], np.array(metrics["confusion"]["matrix"])
        )
    paths = []
    for name, figure in figures.items():
        paths.append(out_dir / f"{name}.png")
        save_figure(figure, paths[-1])
    return paths


def sample_photos(
    manifest: Manifest, count: int, splits: Sequence[Split] = ("test", "validation")
) -> list[LabelledPhoto]:
    """Some photos of the first split that has any, spread evenly over the classes.

    Raises:
        UserError: None of the splits has a photo.
    """
    rows = next((rows for split in splits if (rows := manifest.split(split))), None)
    if rows is None:
        raise UserError(f"{manifest.path} has no photo for {' or '.join(splits)}.")
    ordered = sorted(rows, key=lambda row: (row.label, row.file_name))
    places = np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(int)
    return [LabelledPhoto(manifest.photo_path(ordered[i]), ordered[i].label) for i in places]
