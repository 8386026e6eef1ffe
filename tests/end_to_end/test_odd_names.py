"""Names of classes that no folder or file could have, through all files and pages, without a training."""

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from car_classifier.data.figures import draw_class_distribution
from car_classifier.data.indexing import index_photos
from car_classifier.data.manifest import read_manifest
from car_classifier.data.statistics import described, statistics_of
from car_classifier.data.table import write_table
from car_classifier.evaluation.figures import confusion_matrix, photo_grid, save_figure
from car_classifier.evaluation.predictions import Answer, LabelledPhoto, Predictions
from car_classifier.evaluation.report import evaluation_of
from car_classifier.files import write_csv, write_json
from car_classifier.quiz import _reveal
from car_classifier.registry.class_names import ClassNames
from car_classifier.registry.model_card import model_card
from car_classifier.registry.published_version import PublishedVersion
from dashboard import create_app
from dashboard.components.model_classes import rows_of
from dashboard.reports.results import Report
from dashboard.reports.versions import Version
from dashboard.settings import Settings
from tests.support.datasets import kept_in

pytestmark = pytest.mark.slow

NAMES = (
    "C/V Cargo Van",
    "../..",
    "a\\b",
    "🐕",
    "👩‍👩‍👧 family",
    "כלב גדול",
    "كلب ❤",
    "long " * 100 + "name",
    'say "hi", please; now',
    "[red]bold[/red] [b]",
    "<script>alert(1)</script>",
    "$x$ {y} %s",
    "| *pipe* | `code` |",
    "-rf",
    "=1+1",
    "0",
    "train",
    "nano_meter",
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Two photos of each class."""
    from tests.support.pictures import blotches

    folder = tmp_path_factory.mktemp("names")
    names = [name.strip() for name in NAMES for _ in range(2)]
    for i in range(len(names)):
        blotches(i).save(folder / f"{i}.jpg")
    rows = ({"file": f"{i}.jpg", "label": name, "split": "train" if i % 2 else "test"} for i, name in enumerate(names))
    write_csv(folder / "list.csv", ("file", "label", "split"), rows)
    return index_photos(folder / "list.csv", folder / "data" / "manifest.csv").manifest


@pytest.fixture(scope="module")
def version(manifest, tmp_path_factory):
    """A version that answers every photo wrongly, as far as its files go that name classes."""
    from car_classifier.publishing.export import _write_predictions

    version = PublishedVersion(tmp_path_factory.mktemp("model") / "1")
    version.assets.mkdir(parents=True)
    version.saved_model_path.touch()
    labels = manifest.labels
    names = ClassNames(labels, tuple(manifest.makes()[label] for label in labels))
    write_json(version.labels_path, {"labels": labels, "makes": names.makes})
    rows = manifest.split("test")
    logits = np.roll(np.eye(len(labels), dtype=np.float32), 1, axis=1)[[labels.index(row.label) for row in rows]]
    predictions = Predictions(rows, names, logits, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    _write_predictions(version.predictions_path, predictions)
    write_json(version.metrics_path, {"split": "test"} | evaluation_of(predictions, {}))
    return version


def test_the_manifest_has_the_names_as_they_are(manifest):
    assert set(manifest.labels) == set(NAMES)
    assert read_manifest(manifest.path) == manifest
    assert not manifest.has_makes
    again = index_photos(manifest.path, manifest.path.parent / "again" / "manifest.csv").manifest
    assert again.labels == manifest.labels


def test_tables_and_figures_can_be_written(manifest, version, tmp_path):
    write_table(manifest, tmp_path / "table.csv")
    assert dict(described(statistics_of(manifest)))["classes"] == str(len(NAMES))
    draw_class_distribution(manifest, tmp_path / "classes.png")
    confusion = version.read_metrics()["confusion"]
    figure = confusion_matrix(confusion["labels"], np.array(confusion["matrix"]))
    save_figure(figure, tmp_path / "matrix.png")
    answers = [
        Answer(LabelledPhoto(manifest.photo_path(row), row.label), (row.label[::-1],), (0.5,))
        for row in manifest.split("test")
    ]
    save_figure(photo_grid(answers), tmp_path / "predictions.png")


def test_predictions_are_read_back_by_the_page(manifest, version):
    published = Version(1, version.folder)
    assert tuple(published.labels) == manifest.labels
    assert {row["label"] for row in published.predictions} == set(manifest.labels)
    assert {row["label_1"] for row in published.predictions} == set(manifest.labels)
    report = Report(published.metrics)
    assert {row["label"] for row in rows_of(report, report)} == set(manifest.labels)


def test_names_are_no_signs_in_markdown_and_on_the_terminal(version, capsys):
    metrics = version.read_metrics()
    weakest = [row for row in metrics["per_class"] if row["label"] in NAMES[-9:-5]]
    config = {"training": {"image_size": [32, 48], "weights": "none", "base": "x", "unfreeze": ["all"]}, "photos": {}}
    card = model_card(config | {"classes": 9, "temperature": 1}, metrics | {"per_class": weakest})
    for shown in (r"\[red\]bold", r"\<script\>alert", r"\| \*pipe\*"):
        assert shown in card
    from car_classifier.commands.clever_hans import _table

    rows = [{"label": name, "photos": 2, "mean": 0.5, "worst": "[/b].jpg"} for name in NAMES]
    console = Console(width=700)
    console.print(_table({"per_class": rows}))
    printed = capsys.readouterr().out
    assert "[red]bold[/red] [b]" in printed
    assert "[/b].jpg" in printed


@pytest.mark.parametrize("name", NAMES)
def test_a_round_in_the_terminal_names_the_class(name, capsys):
    answer = Answer(LabelledPhoto(Path("[/b].jpg"), name), (name, "other"), (0.5, 0.2))
    _reveal(answer.photo, name, answer, Console(width=1200))
    assert f"Right: {name.replace('_', ' ')}." in capsys.readouterr().out


def test_the_pages_show_and_find_every_class(manifest, version, tmp_path):
    settings = Settings(
        manifest=manifest.path,
        model_folder=version.folder.parent,
        **kept_in(tmp_path),
    )
    web = create_app(settings).server.test_client()
    for name in NAMES:
        found = web.get("/dataset/photos", query_string={"label": name}).json
        assert found["found"] == 2
        assert web.get("/data", query_string={"label": name}).status_code == 200
        assert web.get(f"/dataset/{found['photos'][0]['id']}.json").json["columns"]
