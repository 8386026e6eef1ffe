"""Teach a published version more photos or classes, or make it forget some, without training it again.

The head must be in closed form (`training.closed_form_head`): the moments of the features that it was fitted to travel
with the version, and those of a few more photos are added in a moment. Only the new photos run through the net.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from rich.console import Console
from scipy.special import softmax

from car_classifier.data.class_labels import make_and_model
from car_classifier.data.manifest import Manifest, ManifestRow, class_indices
from car_classifier.errors import UserError
from car_classifier.evaluation.predictions import BATCH_SIZE, Predictions
from car_classifier.evaluation.published_net import read_published_net
from car_classifier.network.familiarity import KnownPhotos
from car_classifier.network.head import build_head
from car_classifier.network.layers import last_map_layer
from car_classifier.network.signatures import Classifier
from car_classifier.progress import progress_bar
from car_classifier.publishing.export import Origin, measured_split, write_version
from car_classifier.publishing.known_photos import compared, read_known_photos, within_bounds
from car_classifier.publishing.lessons import Lesson
from car_classifier.registry.class_names import ClassNames
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.training.closed_form_head import (
    LOWEST,
    ClosedFormHead,
    figures_of,
    fitted,
    near_duplicate_groups,
    read_head,
)
from car_classifier.training.discriminant import Moments, left_out_scores, measure
from car_classifier.training.feature_store import store_folder
from car_classifier.training.frozen_part import PooledFeatures
from car_classifier.training.photos import PhotoSource


@contextmanager
def taught(version: PublishedVersion, lesson: Lesson, measured_on: Manifest, console: Console) -> Iterator[Path]:
    """The folder of a version that knows more or less than another one, during a `with` block.

    Args:
        version: The version to begin with.
        lesson: What changes.
        measured_on: Locates the photos on which the new version is measured: those that `version` was measured on.
        console: Where progress is shown.

    Raises:
        UserError: The version's head is not in closed form, a label is unknown, no two classes are left, all photos
            are known already, or a photo cannot be read.
    """
    with TemporaryDirectory(prefix="teaching-", ignore_cleanup_errors=True) as folder:
        yield _Teaching(version, measured_on, Path(folder), console).taught(lesson, Path(folder) / "version")


class _Teaching:
    """A version that is being taught."""

    def __init__(self, version: PublishedVersion, measured_on: Manifest, folder: Path, console: Console) -> None:
        self.version, self.measured_on, self.console = version, measured_on, console
        self.head = _closed_form_head(version)
        self.names, self.moments, self.photos = version.names, self.head.moments, dict(self.head.photos)
        published = read_published_net(version.folder)
        self.backbone, self.image_size = published.backbone, published.image_size
        model = published.model
        self.net = keras.Model(model.input, model.get_layer(last_map_layer(model)).output)
        # A head of the finer layer alone was published without the layers behind it.
        names = [name for name in self.head.layers if any(layer.name == name for layer in model.layers)]
        lower = keras.Model(model.input, model.get_layer(names[-1]).output)
        stores = store_folder(measured_on.path, folder)
        self.pooled = PooledFeatures(lower, published.backbone, self.head.policy, stores, names)
        self.known = _known_photos(version)
        self.used = self.head.used if len(names) == len(self.head.layers) else slice(None)

    def taught(self, lesson: Lesson, target: Path) -> Path:
        """Write the new version."""
        for label in lesson.forget:
            self._forget(label)
        for old, new in lesson.relabel.items():
            self._relabel(old, new)
        if lesson.manifest is not None:
            self._learn(lesson.manifest, self._new(lesson))
        if len(self.names.labels) < 2:
            raise UserError("Fewer than two classes would be left. A classifier needs at least two.")
        kernel, bias = fitted(self.moments, self.head.weighting, self.head.temperature)
        head = replace(self.head, kernel=kernel, bias=bias, moments=self.moments, photos=self.photos)
        return self._write(head, lesson.relabel, target)

    def _learn(self, manifest: Manifest, rows: Sequence[ManifestRow]) -> None:
        makes = {row.label: row.make or row.label for row in rows}
        new = sorted(makes.keys() - set(self.names.labels))
        names = ClassNames((*self.names.labels, *new), (*self.names.makes, *(makes[label] for label in new)))
        count, classes = len(names.labels), np.array(class_indices(rows, names.labels))
        features = self._features(manifest, rows, "Photos to learn")
        self.names, self.moments = names, self.moments.with_classes(count).joined(measure(features, classes, count))
        if self.known is not None:
            new_photos = KnownPhotos(features, classes, np.zeros(len(rows), bool))
            self.known = within_bounds(self.known.joined(new_photos))
        self.photos |= zip((row.sha256 for row in rows), classes.tolist(), strict=True)
        groups = near_duplicate_groups(rows)
        (scores,) = left_out_scores(features, classes, groups, self.moments, self.head.weighting)
        figures = figures_of(np.nan_to_num(scores / self.head.temperature, neginf=LOWEST), classes)
        self.console.print(
            f"Of the {len(rows)} photos, each asked about before it was learnt, {figures['top1']:.1%} are right, and "
            f"of {figures['top5']:.1%} the class is among the first five.",
            highlight=False,
        )

    def _forget(self, label: str) -> None:
        """Drop a class. Its photos no longer shape the covariance either, if they are at hand."""
        index = _index(label, self.names)
        learnt = {photo for photo, c in self.photos.items() if c == index}
        rows = [row for row in self.measured_on.rows if row.sha256 in learnt]
        scatter = self.moments.scatter
        if len(rows) == self.moments.counts[index]:
            features = self._features(self.measured_on, rows, label)
            scatter = scatter - measure(features, np.zeros(len(rows), np.int64), 1).scatter
        else:
            self.console.print(
                f"Note: of {self.moments.counts[index]} photos of {label}, {len(rows)} are in "
                f"{self.measured_on.path}, so the spread within classes stays as it was with them.",
                style="yellow",
                markup=False,
            )
        self.moments = replace(self.moments, scatter=scatter)
        self._drop(index)

    def _relabel(self, old: str, new: str) -> None:
        """Give a class another label, or join it with the class that has it."""
        index, labels, makes = _index(old, self.names), list(self.names.labels), list(self.names.makes)
        if new not in labels:
            labels[index], makes[index] = new, make_and_model(new, self.names.has_makes)[0] or new
            self.names = ClassNames(tuple(labels), tuple(makes))
            return
        into = labels.index(new)
        order = np.arange(len(labels))
        order[index] = into
        counts, means = np.zeros_like(self.moments.counts), np.zeros_like(self.moments.means)
        counts[into], means[into] = self.moments.counts[index], self.moments.means[index]
        others = np.where(np.arange(len(labels)) == index, 0, self.moments.counts)
        moved = Moments(counts, means, np.zeros_like(self.moments.scatter))
        self.moments = replace(self.moments, counts=others).joined(moved)
        self.photos = {photo: int(order[c]) for photo, c in self.photos.items()}
        if self.known is not None:
            self.known = replace(self.known, classes=order[self.known.classes])
        self._drop(index)

    def _drop(self, index: int) -> None:
        """Take a class out of the names, moments and photos."""
        keep = np.arange(len(self.names.labels)) != index
        self.names = ClassNames(
            tuple(np.array(self.names.labels, object)[keep]), tuple(np.array(self.names.makes, object)[keep])
        )
        self.moments = Moments(self.moments.counts[keep], self.moments.means[keep], self.moments.scatter)
        self.photos = {photo: c - (c > index) for photo, c in self.photos.items() if c != index}
        if self.known is not None:
            known = self.known.chosen(self.known.classes != index)
            self.known = replace(known, classes=known.classes - (known.classes > index))

    def _write(self, head: ClosedFormHead, relabelled: Mapping[str, str], target: Path) -> Path:
        names = self.names
        layers = build_head(self.net.output_shape[1:], len(names.labels))
        layers.set_weights([head.kernel, head.bias])
        makes = dict(zip(names.labels, names.makes, strict=True))
        classifier = Classifier(self.backbone, self.net, layers, names.labels, makes, 1.0, self.image_size)
        if self.known is not None:
            measured = self.known.features[self.known.is_measured].astype(np.float32)
            classifier = compared(classifier, self.known, measured @ head.kernel + head.bias)
        config = self.version.read_config()
        config["photos"] = dict(config["photos"]) | {"train": int(head.moments.counts.sum())}
        config["taught"] = [*config.get("taught", []), {"from": str(self.version), "classes": len(names.labels)}]
        config.pop("published", None)
        config.pop("sure", None)  # it was chosen by the answers of another head
        config.pop("drawn", None)  # a taught model is its user's own
        predictions = self._predictions(head, relabelled)
        origin = Origin(self.measured_on, config, self.version.history_path, head, self.known, predictions)
        return write_version(classifier, origin, target, self.console)

    def _predictions(self, head: ClosedFormHead, relabelled: Mapping[str, str]) -> Predictions:
        """The answers about the photos on which a version is measured, from their features."""
        names, split = self.names, measured_split(self.measured_on)
        renamed = (replace(row, label=relabelled.get(row.label, row.label)) for row in self.measured_on.split(split))
        rows = tuple(row for row in renamed if row.label in set(names.labels))
        if not rows:
            raise UserError(f"{self.measured_on.path} has no {split} photo of a label that the new version would know.")
        features = self._features(self.measured_on, rows, f"{split.capitalize()} photos")
        logits = features.astype(np.float32) @ head.kernel + head.bias
        return Predictions(rows, names, logits, softmax(logits, axis=1))

    def _features(self, manifest: Manifest, rows: Sequence[ManifestRow], title: str) -> NDArray[np.float16]:
        paths = [manifest.photo_path(row) for row in rows]
        with progress_bar(f"{title}, features", self.console) as report:
            try:
                features = self.pooled.of(paths, [row.sha256 for row in rows], BATCH_SIZE, self.console, report)
            except tf.errors.OpError as error:
                source = PhotoSource(paths, [0] * len(paths), self.image_size, BATCH_SIZE)
                raise source.explain_failure(error) from error
        return features[:, self.used]

    def _new(self, lesson: Lesson) -> list[ManifestRow]:
        """The photos of a lesson that the version has not learnt before."""
        rows = [row for row in lesson.rows if row.sha256 not in self.photos]
        if not rows:
            raise UserError(f"{self.version} has learnt all of these photos already.")
        if len(rows) < len(lesson.rows):
            note = f"Note: photos that {self.version} has learnt already: {len(lesson.rows) - len(rows)}."
            self.console.print(note, style="yellow", markup=False)
        return rows


def _closed_form_head(version: PublishedVersion) -> ClosedFormHead:
    if not version.closed_form_path.is_file():
        raise UserError(
            f"{version} cannot be taught, because its head is not in closed form. Only versions can that were trained "
            "with car-classifier train --unfreeze head."
        )
    try:
        return read_head(version.closed_form_path)
    except (OSError, ValueError, LookupError) as error:
        raise UserError(f"{version.closed_form_path} is damaged. Train the model again.") from error


def _known_photos(version: PublishedVersion) -> KnownPhotos | None:
    """The photos that a version compares others with; None if an older car-classifier published it."""
    if not version.known_photos_path.is_file():
        return None
    try:
        return read_known_photos(version.known_photos_path)
    except (OSError, ValueError, LookupError) as error:
        raise UserError(f"{version.known_photos_path} is damaged. Train the model again.") from error


def _index(label: str, names: ClassNames) -> int:
    if label not in names.labels:
        raise UserError(
            f"The model knows no {label}. It knows {', '.join(names.labels[:10])}"
            + (f" and {len(names.labels) - 10} more." if len(names.labels) > 10 else ".")
        )
    return names.labels.index(label)
