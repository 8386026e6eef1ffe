"""Teach a published version more photos or classes, or make it forget some, without training it again.

The head must be in closed form (`training.closed_form_head`): the moments of the features that it was fitted to travel
with the version, and those of a few more photos are added in a moment. Only the new photos run through the net.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy.special import softmax

from car_classifier.data.manifest import Manifest, ManifestRow, class_indices
from car_classifier.errors import UserError
from car_classifier.evaluation.predictions import Predictions
from car_classifier.evaluation.published_net import read_published_net
from car_classifier.network.head import build_head
from car_classifier.network.layers import last_map_layer
from car_classifier.network.signatures import Classifier
from car_classifier.progress import progress_bar
from car_classifier.publishing.export import Origin, measured_split, write_version
from car_classifier.publishing.lessons import Lesson
from car_classifier.registry.class_names import ClassNames
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.training.closed_form_head import (
    ClosedFormHead,
    figures_of,
    fitted,
    near_duplicate_groups,
    read_head,
)
from car_classifier.training.discriminant import Moments, left_out_scores, measure
from car_classifier.training.feature_store import FOLDER
from car_classifier.training.frozen_part import PooledFeatures

BATCH_SIZE = 32


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
    with TemporaryDirectory(dir=version.folder.parent, prefix=".teaching-", ignore_cleanup_errors=True) as folder:
        yield _Teaching(version, measured_on, console).taught(lesson, Path(folder) / "version")


class _Teaching:
    """A version that is being taught."""

    def __init__(self, version: PublishedVersion, measured_on: Manifest, console: Console) -> None:
        self.version, self.measured_on, self.console = version, measured_on, console
        self.head = _closed_form_head(version)
        self.names = version.names
        published = read_published_net(version.folder)
        self.backbone, self.image_size = published.backbone, published.image_size
        model = published.model
        self.net = keras.Model(model.input, model.get_layer(last_map_layer(model)).output)
        coarser = keras.Model(model.input, model.get_layer(self.head.layers[-1]).output)
        folder = measured_on.path.parent / FOLDER
        self.pooled = PooledFeatures(coarser, published.backbone, self.head.policy, folder)

    def taught(self, lesson: Lesson, target: Path) -> Path:
        """Write the new version."""
        head, names = self.head, self.names
        moments = head.moments
        for label in lesson.forget:
            moments, names = self._without(label, moments, names)
        for old, new in (lesson.relabel or {}).items():
            moments, names = _relabelled(old, new, moments, names)
        cross_validation, photos = head.cross_validation, head.photos
        if lesson.manifest is not None:
            rows = self._new(lesson)
            names = _with_labels(names, rows)
            classes = np.array(class_indices(rows, names.labels))
            features = self._features(lesson.manifest, rows, "Photos to learn")
            moments = moments.with_classes(len(names.labels)).joined(measure(features, classes, len(names.labels)))
            photos = (*photos, *(row.sha256 for row in rows))
            (scores,) = left_out_scores(features, classes, near_duplicate_groups(rows), moments, head.weighting)
            figures = figures_of(scores / head.temperature, classes)
            self.console.print(
                f"Of the {len(rows)} photos, each asked about before it was learnt, {figures['top1']:.1%} are right, "
                f"and of {figures['top5']:.1%} the class is among the first five.",
                highlight=False,
            )
        if len(names.labels) < 2:
            raise UserError("Fewer than two classes would be left. A classifier needs at least two.")
        kernel, bias = fitted(moments, head.weighting, head.temperature)
        changed = replace(
            head, kernel=kernel, bias=bias, moments=moments, cross_validation=cross_validation, photos=photos
        )
        return self._write(changed, names, target)

    def _write(self, head: ClosedFormHead, names: ClassNames, target: Path) -> Path:
        layers = build_head(self.net.output_shape[1:], len(names.labels))
        layers.set_weights([head.kernel, head.bias])
        makes = dict(zip(names.labels, names.makes, strict=True))
        classifier = Classifier(self.backbone, self.net, layers, names.labels, makes, 1.0, self.image_size)
        config = self.version.read_config()
        config["photos"] = dict(config["photos"]) | {"train": int(head.moments.counts.sum())}
        config["taught"] = [*config.get("taught", []), {"from": str(self.version), "classes": len(names.labels)}]
        config.pop("published", None)
        origin = Origin(self.measured_on, config, self.version.history_path, head, self._predictions(head, names))
        return write_version(classifier, origin, target, self.console)

    def _predictions(self, head: ClosedFormHead, names: ClassNames) -> Predictions:
        """The answers about the photos on which a version is measured, from their features."""
        split = measured_split(self.measured_on)
        rows = tuple(row for row in self.measured_on.split(split) if row.label in set(names.labels))
        if not rows:
            raise UserError(f"{self.measured_on.path} has no {split} photo of a label that the new version would know.")
        features = self._features(self.measured_on, rows, f"{split.capitalize()} photos")
        logits = features.astype(np.float32) @ head.kernel + head.bias
        return Predictions(rows, names, logits, softmax(logits, axis=1))

    def _features(self, manifest: Manifest, rows: Sequence[ManifestRow], title: str) -> NDArray[np.float16]:
        paths = [manifest.photo_path(row) for row in rows]
        with progress_bar(f"{title}, features", self.console) as report:
            features = self.pooled.of(paths, [row.sha256 for row in rows], BATCH_SIZE, self.console, report)
        return features[:, self.head.used]

    def _new(self, lesson: Lesson) -> list[ManifestRow]:
        """The photos of a lesson that the version has not learnt before."""
        known = set(self.head.photos)
        rows = [row for row in lesson.rows if row.sha256 not in known]
        if not rows:
            raise UserError(f"{self.version} has learnt all of these photos already.")
        if len(rows) < len(lesson.rows):
            note = f"Note: photos that {self.version} has learnt already: {len(lesson.rows) - len(rows)}."
            self.console.print(note, style="yellow", markup=False)
        return rows

    def _without(self, label: str, moments: Moments, names: ClassNames) -> tuple[Moments, ClassNames]:
        """Moments and classes without a class; its photos no longer shape the covariance, if they are at hand."""
        index = _index(label, names)
        learnt = set(self.head.photos)
        rows = [row for row in self.measured_on.rows if row.label == label and row.sha256 in learnt]
        count = int(moments.counts[index])
        own = None
        if len(rows) == count:
            own = measure(self._features(self.measured_on, rows, label), np.zeros(count, np.int64), 1).scatter
        else:
            self.console.print(
                f"Note: {len(rows)} of the {count} photos of {label} are in {self.measured_on.path}, so the spread "
                "within classes stays as it was with them.",
                style="yellow",
                markup=False,
            )
        keep = np.arange(len(names.labels)) != index
        scatter = moments.scatter if own is None else moments.scatter - own
        left = ClassNames(
            tuple(name for name in names.labels if name != label),
            tuple(make for name, make in zip(names.labels, names.makes, strict=True) if name != label),
        )
        return Moments(moments.counts[keep], moments.means[keep], scatter), left


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


def _index(label: str, names: ClassNames) -> int:
    if label not in names.labels:
        raise UserError(
            f"The model knows no {label}. It knows {', '.join(names.labels[:10])}"
            + (f" and {len(names.labels) - 10} more." if len(names.labels) > 10 else ".")
        )
    return names.labels.index(label)


def _relabelled(old: str, new: str, moments: Moments, names: ClassNames) -> tuple[Moments, ClassNames]:
    """Moments and classes after a class got another label, or was joined with the class that has it."""
    index = _index(old, names)
    labels, makes = list(names.labels), list(names.makes)
    if new not in labels:
        make = new.split("_")[0] if names.has_makes and "_" in new else new
        labels[index], makes[index] = new, make
        return moments, ClassNames(tuple(labels), tuple(makes))
    into = labels.index(new)
    only = np.arange(len(labels)) == index
    none = np.zeros_like(moments.scatter)
    moved = Moments(
        np.where(np.arange(len(labels)) == into, moments.counts[index], 0),
        np.where((np.arange(len(labels)) == into)[:, None], moments.means[index], 0.0),
        none,
    )
    joined = Moments(np.where(only, 0, moments.counts), moments.means, moments.scatter).joined(moved)
    keep = ~only
    del labels[index], makes[index]
    return Moments(joined.counts[keep], joined.means[keep], joined.scatter), ClassNames(tuple(labels), tuple(makes))


def _with_labels(names: ClassNames, rows: Sequence[ManifestRow]) -> ClassNames:
    """The classes, and after them the new ones, sorted."""
    makes = {row.label: row.make or row.label for row in rows}
    new = sorted(makes.keys() - set(names.labels))
    return ClassNames((*names.labels, *new), (*names.makes, *(makes[label] for label in new)))
