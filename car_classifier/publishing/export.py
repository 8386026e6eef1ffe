"""From a trained classifier to a SavedModel with all that belongs to it, ready to be published."""

import csv
import json
import platform
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from car_classifier.data.manifest import Manifest, ManifestRow, Split
from car_classifier.evaluation.metrics import top_classes
from car_classifier.evaluation.predictions import Predictions, load_signature, predict
from car_classifier.evaluation.report import evaluation_of
from car_classifier.files import sha256_of, write_json
from car_classifier.network.signatures import Classifier, save
from car_classifier.progress import progress_bar
from car_classifier.publishing.warmup_requests import write_warmup_requests
from car_classifier.registry.assets import write_checksums, write_report
from car_classifier.training.run import TrainingRun

GOLDEN_PHOTOS = 4


def export(classifier: Classifier, run: TrainingRun, console: Console) -> Path:
    """Export a classifier and everything that belongs to it into its run's folder, complete or not at all.

    Args:
        classifier: What to export.
        run: How it was trained.
        console: Where progress is shown.

    Returns:
        Where it is, `run.export_folder`.
    """
    console.print("Exporting the SavedModel …")
    draft = Path(tempfile.mkdtemp(dir=run.folder, prefix=".exporting-"))
    try:
        draft.chmod(0o755)
        save(classifier, str(draft))
        _write_assets(classifier, run, draft, console)
        return draft.rename(run.export_folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_assets(classifier: Classifier, run: TrainingRun, version_dir: Path, console: Console) -> None:
    """Fill `assets.extra/` of a saved version."""
    assets = version_dir / "assets.extra"
    assets.mkdir()
    makes = dict(classifier.makes)
    architecture = keras.Model(classifier.net.input, classifier.head(classifier.net.output)).to_json()
    (assets / "architecture.json").write_text(architecture, encoding="utf-8")
    write_json(assets / "labels.json", {"labels": list(classifier.labels), "makes": makes})
    measured_on: Split = "test" if run.manifest.split("test") else "validation"
    rows = run.manifest.split(measured_on)
    with progress_bar(f"Measuring on {measured_on} photos", console) as report:
        predictions = predict(version_dir, run.manifest, rows, report)
    metrics = {"split": measured_on} | evaluation_of(predictions, unknown_labels={})
    config = _config(classifier, run)
    write_json(assets / "config.json", config)
    write_report(assets, config, metrics)
    _write_predictions(assets / "predictions.csv", predictions)
    shutil.copyfile(run.history_path, assets / "history.csv")
    golden = _write_golden(assets / "golden", version_dir, run.manifest, rows)
    write_warmup_requests(assets / "tf_serving_warmup_requests", golden)
    write_checksums(version_dir)


def _config(classifier: Classifier, run: TrainingRun) -> dict[str, Any]:
    """Everything needed to repeat the run."""
    counts = run.manifest.counts()
    return {
        "training": run.config.as_json(),
        "temperature": classifier.temperature,
        "explained_layer": classifier.backbone.explained_layer,
        "manifest_sha256": sha256_of(run.manifest.path),
        "photos": {side: counts[side] for side in counts},
        "classes": len(classifier.labels),
        "published": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": {name: version(name) for name in ("car-classification", "tensorflow", "keras", "numpy")}
        | {"python": platform.python_version()},
    }


def _write_predictions(path: Path, predictions: Predictions) -> None:
    """One row a photo: what it shows, the five most likely labels, and the most likely make."""
    names, make_probabilities = predictions.names, predictions.make_probabilities
    k = min(5, len(names.labels))
    best = top_classes(predictions.probabilities, k)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        numbered = [f"{column}_{i + 1}" for column in ("label", "probability") for i in range(k)]
        writer.writerow(["file_name", "label", "make", *numbered, "make_1", "make_probability_1"])
        for i, row in enumerate(predictions.rows):
            make = int(make_probabilities[i].argmax())
            labels = [names.labels[c] for c in best[i]]
            probabilities = [f"{predictions.probabilities[i, c]:.6f}" for c in best[i]]
            make_1 = [names.all_makes[make], f"{make_probabilities[i, make]:.6f}"]
            writer.writerow([row.file_name, row.label, row.make, *labels, *probabilities, *make_1])


def _write_golden(folder: Path, version_dir: Path, manifest: Manifest, rows: Sequence[ManifestRow]) -> list[bytes]:
    """Copy a few photos and what `explain` answers for them; return the photos' bytes."""
    import tensorflow as tf

    folder.mkdir()
    spread = rows[:: max(len(rows) // GOLDEN_PHOTOS, 1)][:GOLDEN_PHOTOS]
    explain = load_signature(version_dir, "explain")
    answers, contents = [], []
    for i, row in enumerate(spread):
        source = manifest.photo_path(row)
        name = f"{i + 1}{source.suffix.lower()}"
        shutil.copyfile(source, folder / name)
        contents.append(source.read_bytes())
        answer = explain(image_bytes=tf.constant([contents[-1]]), class_index=tf.constant([-1]))
        expected = {key: answer[key].numpy()[0] for key in ("labels", "probabilities", "logits", "contributions")}
        expected["labels"] = expected["labels"].astype(str)
        answers.append({"file": name, "label": row.label} | {key: value.tolist() for key, value in expected.items()})
    (folder / "answers.json").write_text(json.dumps(answers, indent=1, ensure_ascii=False), encoding="utf-8")
    return contents
