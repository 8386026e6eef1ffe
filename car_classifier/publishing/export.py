"""Export a trained classifier: a SavedModel and all that belongs to it, ready to be published."""

import json
import platform
import shutil
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from car_classifier.data.manifest import Manifest, ManifestRow, Split
from car_classifier.evaluation.metrics import top_classes
from car_classifier.evaluation.predictions import Predictions, predict, texts
from car_classifier.evaluation.report import evaluation_of
from car_classifier.files import sha256_of, write_csv, write_json
from car_classifier.network.signatures import Classifier, save
from car_classifier.progress import progress_bar
from car_classifier.publishing.warmup_requests import write_warmup_requests
from car_classifier.registry.assets import write_checksums, write_report
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.training.closed_form_head import read_head
from car_classifier.training.run import TrainingRun

GOLDEN_PHOTOS = 4


def export(classifier: Classifier, run: TrainingRun, console: Console) -> Path:
    """Export a classifier and everything that belongs to it into its run's folder, complete or not at all.

    Args:
        classifier: The classifier.
        run: The run that trained it.
        console: Where progress is shown.

    Returns:
        The folder of the export, `run.export_folder`.
    """
    console.print("Exporting the SavedModel …")
    draft = Path(tempfile.mkdtemp(dir=run.folder, prefix=".exporting-"))
    try:
        draft.chmod(0o755)
        save(classifier, str(draft))
        _write_assets(classifier, run, PublishedVersion(draft), console)
        return draft.rename(run.export_folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_assets(classifier: Classifier, run: TrainingRun, version: PublishedVersion, console: Console) -> None:
    """Write all files beside the SavedModel."""
    version.assets.mkdir()
    makes = dict(classifier.makes)
    architecture = keras.Model(classifier.net.input, classifier.head(classifier.net.output)).to_json()
    version.architecture_path.write_text(architecture, encoding="utf-8")
    write_json(version.labels_path, {"labels": list(classifier.labels), "makes": makes})
    measured_on: Split = "test" if run.manifest.split("test") else "validation"
    rows = run.manifest.split(measured_on)
    notes: list[str] = []
    with progress_bar(f"Measuring on {measured_on} photos", console) as report:
        predictions = predict(version, run.manifest, rows, report, notes.append)
    for note in notes:
        console.print(f"Note: {note}", style="yellow", markup=False)
    metrics = {"split": measured_on} | evaluation_of(predictions, unknown_labels={})
    if run.has_closed_form:
        shutil.copyfile(run.closed_form_path, version.closed_form_path)
        metrics["cross_validation"] = read_head(run.closed_form_path).cross_validation
    write_report(version, _config(classifier, run), metrics)
    _write_predictions(version.predictions_path, predictions)
    shutil.copyfile(run.history_path, version.history_path)
    golden = _write_golden(version, run.manifest, predictions.rows)
    write_warmup_requests(version.warmup_path, golden)
    write_checksums(version.folder)


def _config(classifier: Classifier, run: TrainingRun) -> dict[str, Any]:
    """Everything needed to repeat the run."""
    counts = run.manifest.counts()
    return {
        "training": run.config.as_json(),
        "temperature": classifier.temperature,
        "explained_layer": classifier.backbone.explained_layer,
        "manifest_sha256": sha256_of(run.manifest.path),
        "photos": dict(counts),
        "classes": len(classifier.labels),
        "software": {name: version(name) for name in ("car-classification", "tensorflow", "keras", "numpy")}
        | {"python": platform.python_version()},
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
