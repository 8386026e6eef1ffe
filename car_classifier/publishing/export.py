"""Export a trained classifier: a SavedModel and all that belongs to it, ready to be published."""

import json
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from car_classifier.data.manifest import Manifest, ManifestRow, Split
from car_classifier.evaluation.metrics import sure_above, top_classes
from car_classifier.evaluation.predictions import Predictions, predict, texts
from car_classifier.evaluation.report import evaluation_of, sure_figures
from car_classifier.files import sha256_of, write_csv, write_json
from car_classifier.network.familiarity import KnownPhotos
from car_classifier.network.signatures import Classifier, save
from car_classifier.progress import print_left_out, progress_bar
from car_classifier.publishing.known_photos import with_familiarity, write_known_photos
from car_classifier.publishing.warmup_requests import write_warmup_requests
from car_classifier.registry.assets import write_checksums, write_report
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.training.closed_form_head import ClosedFormHead, read_head, write_head
from car_classifier.training.config import TrainingConfig
from car_classifier.training.run import TrainingRun
from car_classifier.words import SURE_ABOVE, counted

GOLDEN_PHOTOS = 4


@dataclass(frozen=True)
class Origin:
    """What a classifier was made from, and how it is measured.

    Attributes:
        manifest: Locates the photos on which it is measured: its test photos, or if there are none its validation
            photos.
        config: The content of the version's `config.json` beside what the classifier itself tells.
        history_path: `history.csv` of its training.
        closed_form: Its head, if that is a closed-form head.
        known: The photos that it compares others with, if it does.
        predictions: Its answers about the photos on which it is measured, if they are known without asking it.
    """

    manifest: Manifest
    config: Mapping[str, Any]
    history_path: Path
    closed_form: ClosedFormHead | None = None
    known: KnownPhotos | None = None
    predictions: Predictions | None = None


def measured_split(manifest: Manifest) -> Split:
    """The photos on which a version is measured."""
    return "test" if manifest.split("test") else "validation"


def export(classifier: Classifier, run: TrainingRun, console: Console) -> Path:
    """Export a classifier and everything that belongs to it into its run's folder, complete or not at all.

    Args:
        classifier: The classifier.
        run: The run that trained it.
        console: Where progress is shown.

    Returns:
        The folder of the export, `run.export_folder`.
    """
    shutil.rmtree(run.export_folder, ignore_errors=True)  # of a process that was killed just afterwards
    closed_form = read_head(run.closed_form_path) if run.has_closed_form else None
    config = {
        "training": run.config.as_json(),
        "manifest_sha256": sha256_of(run.manifest.path),
        "photos": dict(run.manifest.counts()),
        "subject": run.subject.as_json(),
        "drawn": run.manifest.is_drawn,
    }
    classifier, known = with_familiarity(classifier, run.manifest, console)
    origin = Origin(run.manifest, config, run.history_path, closed_form, known)
    return write_version(classifier, origin, run.export_folder, console)


def write_version(classifier: Classifier, origin: Origin, target: Path, console: Console) -> Path:
    """Write a classifier's SavedModel and everything that belongs to it, complete or not at all; returns `target`."""
    console.print("Exporting the SavedModel …")
    draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=".exporting-"))
    try:
        draft.chmod(0o755)
        save(classifier, str(draft))
        _write_assets(classifier, origin, PublishedVersion(draft), console)
        return draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_assets(classifier: Classifier, origin: Origin, version: PublishedVersion, console: Console) -> None:
    """Write all files beside the SavedModel."""
    version.assets.mkdir()
    makes = dict(classifier.makes)
    architecture = keras.Model(classifier.net.input, classifier.head(classifier.net.output)).to_json()
    version.architecture_path.write_text(architecture, encoding="utf-8")
    write_json(version.labels_path, {"labels": list(classifier.labels), "makes": makes})
    split = measured_split(origin.manifest)
    predictions = origin.predictions or _asked(version, origin.manifest, split, console)
    config = _config(classifier, origin)
    if origin.predictions is None and origin.manifest.split("validation"):
        of_validation = (
            predictions if split == "validation" else _asked(version, origin.manifest, "validation", console)
        )
        config["sure"] = _sure(of_validation, config["training"], console)
    metrics = {"split": split} | evaluation_of(predictions, unknown_labels={})
    metrics |= sure_figures(predictions, config.get("sure"))
    if origin.closed_form is not None:
        write_head(version.closed_form_path, origin.closed_form)
        metrics["cross_validation"] = dict(origin.closed_form.cross_validation)
    if origin.known is not None:
        write_known_photos(version.known_photos_path, origin.known)
    write_report(version, config, metrics)
    _write_predictions(version.predictions_path, predictions)
    shutil.copyfile(origin.history_path, version.history_path)
    golden = _write_golden(version, origin.manifest, predictions.rows)
    write_warmup_requests(version.warmup_path, golden)
    write_checksums(version.folder)


def _asked(version: PublishedVersion, manifest: Manifest, split: Split, console: Console) -> Predictions:
    """The version's answers about a split's photos."""
    notes: list[str] = []
    with progress_bar(f"Measuring on {split} photos", console) as report:
        predictions = predict(version, manifest, manifest.split(split), report, notes.append)
    print_left_out(console, notes)
    return predictions


def _config(classifier: Classifier, origin: Origin) -> dict[str, Any]:
    """Everything needed to repeat the training."""
    return {
        **origin.config,
        "temperature": classifier.temperature,
        "explained_layer": classifier.backbone.explained_layer,
        "classes": len(classifier.labels),
        "software": {name: version(name) for name in ("car-classification", "tensorflow", "keras", "numpy")}
        | {"python": platform.python_version()},
    }


def _sure(predictions: Predictions, training: Mapping[str, Any], console: Console) -> dict[str, Any]:
    """The entry `sure` of `config.json`: from which probability on an answer is called sure, and why.

    Args:
        predictions: The answers about the validation photos.
        training: The settings of the training; older ones lack the wish, which is then the default.
        console: Where it is said if no threshold meets the wish.
    """
    wish = training.get("wrong_at_most", TrainingConfig.model_fields["wrong_at_most"].default)
    confidences = predictions.probabilities.max(axis=1)
    right = predictions.probabilities.argmax(axis=1) == predictions.truth
    above = sure_above(confidences, right, wish, SURE_ABOVE)
    if above is None:
        console.print(
            f"On {counted(len(right), 'validation photo')}, no probability is so high that at most {wish:.1%} of the "
            f"answers above it are wrong: those below {SURE_ABOVE:.0%} are called not sure, as usual.",
            highlight=False,
        )
    is_answered = confidences >= (SURE_ABOVE if above is None else above)
    return {
        "wrong_at_most": wish,
        "above": above,
        "count": len(right),
        "answered": int(is_answered.sum()),
        "wrong": int((is_answered & ~right).sum()),
    }


def _write_predictions(path: Path, predictions: Predictions) -> None:
    """Write a row for each photo: its label, the five most likely labels, and the most likely make."""
    names, make_probabilities = predictions.names, predictions.make_probabilities
    k = min(5, len(names.labels))
    best = top_classes(predictions.probabilities, k)
    numbered = [f"{column}_{i + 1}" for column in ("label", "probability") for i in range(k)]
    columns = ["file_name", "label", "make", *numbered, "make_1", "make_probability_1"]
    rows = []
    for i, row in enumerate(predictions.rows):
        make = int(make_probabilities[i].argmax())
        labels = [names.labels[c] for c in best[i]]
        probabilities = [f"{predictions.probabilities[i, c]:.6f}" for c in best[i]]
        make_1 = [names.all_makes[make], f"{make_probabilities[i, make]:.6f}"]
        cells = [row.file_name, row.label, names.makes[names.labels.index(row.label)], *labels, *probabilities, *make_1]
        rows.append(dict(zip(columns, cells, strict=True)))
    write_csv(path, columns, rows)


def _write_golden(version: PublishedVersion, manifest: Manifest, rows: Sequence[ManifestRow]) -> list[bytes]:
    """Write a few photos and the answers of `explain` for them; return the photos' bytes."""
    import tensorflow as tf

    version.golden_folder.mkdir()
    spread = rows[:: max(len(rows) // GOLDEN_PHOTOS, 1)][:GOLDEN_PHOTOS]
    explain = version.signature("explain")
    answers, contents = [], []
    for i, row in enumerate(spread):
        source = manifest.photo_path(row)
        name = f"{i + 1}{source.suffix.lower()}"
        shutil.copyfile(source, version.golden_folder / name)
        contents.append(source.read_bytes())
        answer = explain(image_bytes=tf.constant([contents[-1]]), class_index=tf.constant([-1]))
        expected = {key: answer[key].numpy()[0] for key in ("labels", "probabilities", "logits", "contributions")}
        expected["labels"] = texts(expected["labels"])
        answers.append({"file": name, "label": row.label} | {key: value.tolist() for key, value in expected.items()})
    text = json.dumps(answers, indent=1, ensure_ascii=False)
    version.golden_answers_path.write_text(text, encoding="utf-8")
    return contents
