"""`car-classifier evaluate`: measures any labelled photos, through the SavedModel alone."""

import csv
import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console
from scipy.special import softmax

from car_classifier.data.indexing import index_photos
from car_classifier.data.layouts import Classes
from car_classifier.data.manifest import read_manifest, write_manifest
from car_classifier.errors import UserError
from car_classifier.evaluation.predictions import BATCH_SIZE, predict, readable_rows
from car_classifier.evaluation.report import evaluate_on, evaluation_path, named
from car_classifier.explanations.clever_hans import frame_evidence
from car_classifier.network.signatures import ServedClassifier, save
from car_classifier.progress import silent
from car_classifier.registry.model_card import model_card
from car_classifier.registry.published_version import PublishedVersion
from tests.support.commands import done, in_process
from tests.support.nets import tiny_classifier
from tests.support.pictures import encoded, picture

pytestmark = pytest.mark.slow

TEMPERATURE = 1.7
QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> PublishedVersion:
    """A version that is a tiny classifier, with its labels."""
    version = PublishedVersion(tmp_path_factory.mktemp("published") / "1")
    classifier = tiny_classifier(temperature=TEMPERATURE)
    save(classifier, str(version.folder))
    write_labels(version, classifier)
    return version


def write_labels(version: PublishedVersion, classifier) -> None:
    version.assets.mkdir()
    version.labels_path.write_text(json.dumps({"labels": classifier.labels, "makes": classifier.makes}))


@pytest.fixture
def model_dir(published, tmp_path) -> Path:
    """A copy of the published model, to write to."""
    return shutil.copytree(published.folder.parent, tmp_path / "model")


def write_photos(folder: Path, labels: list[str], each: int) -> Path:
    """Write a flat folder of photos that all look different."""
    folder.mkdir()
    for i, label in enumerate(labels * each):
        (folder / f"{label}_{i}.png").write_bytes(encoded(picture(40 + 3 * i, 100 - i), "PNG"))
    return folder


@pytest.fixture
def photos(tmp_path) -> Path:
    return write_photos(tmp_path / "my photos", [f"Make{i // 2}_Model{i}" for i in range(6)], 6)


class TestWhatIsMeasured:
    def test_is_what_the_served_model_answers(self, published, photos):
        """Here `classify` is asked photo by photo, while `evaluate` asks for all classes in batches."""
        result = evaluate_on(published, photos, None, QUIET)
        classify = published.signature("classify")
        files = sorted(photos.iterdir())
        assert len(files) > BATCH_SIZE
        top1, make_top1, confidences = [], [], []
        for file in files:
            make, model, _ = file.stem.split("_")
            answer = {key: value.numpy()[0] for key, value in classify(tf.constant([file.read_bytes()])).items()}
            top1.append(answer["labels"][0].decode() == f"{make}_{model}")
            make_top1.append(answer["make_labels"][answer["make_probabilities"].argmax()].decode() == make)
            confidences.append(answer["probabilities"][0])
        assert result["count"] == len(files)
        assert result["top1"] == pytest.approx(np.mean(top1))
        assert result["make_top1"] == pytest.approx(np.mean(make_top1))
        assert result["mean_confidence"] == pytest.approx(np.mean(confidences), rel=1e-5)
        assert sum(map(sum, result["confusion"]["matrix"])) == len(files)
        assert result["calibration"]["bins"] != result["calibration"]["bins_before"]
        assert (result["model"], result["data"], result["split"]) == (str(published), str(photos), "all")

    def test_before_scaling_means_a_temperature_of_1(self, published, photos, tmp_path):
        manifest = index_photos(photos, tmp_path / "manifest.csv").manifest
        predictions = predict(published, manifest, manifest.rows)
        np.testing.assert_allclose(
            softmax(predictions.logits / TEMPERATURE, axis=1), predictions.probabilities, atol=1e-6
        )
        np.testing.assert_allclose(predictions.make_probabilities.sum(axis=1), 1, atol=1e-6)
        assert predictions.make_probabilities.shape == (len(manifest.rows), 3)

    def test_one_split_only(self, published, photos, tmp_path):
        manifest = index_photos(photos, tmp_path / "manifest.csv").manifest
        result = evaluate_on(published, manifest.path, "test", QUIET)
        assert result["count"] == len(manifest.split("test")) < len(manifest.rows)
        assert result["split"] == "test"

    def test_photos_that_are_excluded_do_not_count(self, published, photos, tmp_path):
        rows = index_photos(photos, tmp_path / "manifest.csv").manifest.rows
        write_manifest(tmp_path / "manifest.csv", [replace(rows[0], excluded="no car"), *rows[1:]])
        for data in (tmp_path / "manifest.csv", tmp_path):  # the folder of a manifest is the manifest
            assert evaluate_on(published, data, None, QUIET)["count"] == len(rows) - 1

    def test_examples_are_named_as_in_the_folder(self, published, photos):
        pairs = evaluate_on(published, photos, None, QUIET)["confused_pairs"]
        assert pairs
        assert all((photos / name).is_file() for pair in pairs for name in pair["examples"])

    def test_a_single_photo(self, published, tmp_path):
        result = evaluate_on(published, write_photos(tmp_path / "one", ["Make1_Model2"], 1), None, QUIET)
        assert result["count"] == 1
        assert [row["support"] for row in result["per_class"]] == [0, 0, 1, 0, 0, 0]
        assert [row["make"] for row in result["per_make"] if row["support"]] == ["Make1"]

    def test_photos_that_can_be_read_in_two_ways_need_a_choice(self, published, tmp_path):
        (tmp_path / "by_make").mkdir()
        for make in ("Make0", "Make1"):
            write_photos(tmp_path / "by_make" / make, [f"{make}_Model{i}" for i in range(3)], 2)
        with pytest.raises(UserError, match=r"Choose with --classes folders or --classes names\.$"):
            evaluate_on(published, tmp_path / "by_make", None, QUIET)
        result = evaluate_on(published, tmp_path / "by_make", None, QUIET, Classes.NAMES)
        assert result["count"] == 6
        assert set(result["unknown_labels"]) == {"Make0_Model2", "Make1_Model0", "Make1_Model1"}


class TestWhatCannotBeMeasured:
    def test_labels_that_the_model_does_not_know_are_counted_and_named(self, published, photos):
        for name in ("Nobody_Knows_1.png", "Nobody_Knows_2.png", "Else_Where.png"):
            shutil.copy(next(photos.iterdir()), photos / name)
        result = evaluate_on(published, photos, None, QUIET)
        assert result["unknown_labels"] == {"Else_Where": 1, "Nobody_Knows": 2}
        assert result["count"] == 36

    def test_no_label_is_known(self, published, tmp_path):
        folder = write_photos(tmp_path / "others", ["Nobody_Knows"], 2)
        with pytest.raises(
            UserError, match=r"knows no label of the 2 photos .*: Nobody_Knows \(2\)\. It knows Make0_M"
        ):
            evaluate_on(published, folder, None, QUIET)

    @pytest.mark.parametrize(
        ("content", "words"),
        [(b"\x89PNG", r"cannot be used \(not a picture, or damaged\)"), (None, r"cannot be used \(no such file\)")],
    )
    def test_a_photo_that_has_gone_bad_is_named_and_left_out(self, published, photos, tmp_path, content, words):
        manifest = index_photos(photos, tmp_path / "manifest.csv").manifest
        bad = photos / "Make1_Model2_8.png"
        bad.write_bytes(content) if content else bad.unlink()
        console = Console(file=io.StringIO(), width=500)
        result = evaluate_on(published, manifest.path, None, console)
        assert result["count"] == len(manifest.rows) - 1
        (note,) = [line for line in console.file.getvalue().splitlines() if line.startswith("Note: ")]
        assert re.fullmatch(rf"Note: .*{bad.name} {words}.*, so it is left out\.", note)

    def test_the_evidence_in_the_frame_is_that_of_the_other_photos(self, published, photos, tmp_path):
        manifest = index_photos(photos, tmp_path / "manifest.csv").manifest
        bad = manifest.rows[5]
        manifest.photo_path(bad).write_bytes(b"no photo")
        notes = []
        evidence = frame_evidence(published, manifest, manifest.rows[:9], 0.1, notify=notes.append)
        assert [item.row for item in evidence] == [row for row in manifest.rows[:9] if row != bad]
        assert notes == [f"{manifest.photo_path(bad)} cannot be used (not a picture, or damaged), so it is left out."]

    def test_work_that_needs_all_photos_gets_those_that_can_be_read(self, photos, tmp_path):
        manifest = index_photos(photos, tmp_path / "manifest.csv").manifest
        bad, gone = manifest.rows[5], manifest.rows[7]
        manifest.photo_path(bad).write_bytes(b"no photo")
        manifest.photo_path(gone).unlink()
        notes = []
        rows = readable_rows(manifest, manifest.rows[:9], silent, notes.append)
        assert rows == [row for row in manifest.rows[:9] if row not in (bad, gone)]
        assert notes == [
            f"{manifest.photo_path(bad)} cannot be used (not a picture, or damaged), so it is left out.",
            f"{manifest.photo_path(gone)} cannot be used (no such file), so it is left out.",
        ]

    def test_if_no_photo_can_be_read_it_is_a_sentence(self, published, photos, tmp_path):
        manifest = index_photos(photos, tmp_path / "manifest.csv").manifest
        for row in manifest.rows:
            manifest.photo_path(row).write_bytes(b"no photo")
        with pytest.raises(UserError, match=r"None of the 36 photos can be used\. The first: .* cannot be used"):
            evaluate_on(published, manifest.path, None, QUIET)

    def test_a_model_from_before_there_was_all_classes(self, photos, tmp_path):
        classifier = tiny_classifier()
        module = ServedClassifier(classifier)
        older = {name: module.signatures_to_save[name] for name in ("serving_default", "classify", "explain")}
        tf.saved_model.save(module, str(tmp_path / "old" / "1"), signatures=older)
        version = PublishedVersion(tmp_path / "old" / "1")
        write_labels(version, classifier)
        with pytest.raises(UserError, match=r"has no signature 'all_classes'.* Publish the model again"):
            evaluate_on(version, photos, None, QUIET)


class TestWhereItGoes:
    @pytest.mark.parametrize(
        ("data", "split", "name"),
        [
            ("set/manifest.csv", "test", "set-manifest-test"),
            ("set/manifest.csv", None, "set-manifest"),
            ("set/my photos", None, "my-photos"),
            ("set/my photos/.", "validation", "my-photos-validation"),
            ("set/my photos/../a & b.csv", None, "set-a-b"),
        ],
    )
    def test_a_name_of_the_data_and_the_split(self, tmp_path, data, split, name):
        (tmp_path / "set" / "my photos").mkdir(parents=True)
        path = evaluation_path(PublishedVersion(Path("model/1")), tmp_path / data, split)
        assert path == Path("model/1/assets.extra/evaluations") / f"{name}.json"

    @pytest.mark.slow
    def test_beside_the_model_and_on_the_terminal(self, model_dir, photos):
        shutil.copy(next(photos.iterdir()), photos / "Nobody_[Knows].png")
        stdout = done(in_process("evaluate", "--model", model_dir, "--data", photos))
        out = model_dir / "1" / "assets.extra" / "evaluations" / "my-photos.json"
        result = json.loads(out.read_text())
        low, high = result["macro_f1_interval"]
        lines = [" ".join(line.split()) for line in stdout.splitlines()]
        assert lines[0] == "36 photos of 6 classes."
        assert f"Macro-F1 {result['macro_f1']:.1%} {low:.1%} to {high:.1%}" in lines
        pair = result["confused_pairs"][0]
        assert f"{' and '.join(pair['labels'])}: {pair['count']}" in lines
        assert "Left out 1 photo of labels that the model does not know: Nobody_[Knows] (1)." in lines
        assert lines[-1] == f"All figures: {out}"

    @pytest.mark.slow
    def test_a_model_that_cannot_be_written_to(self, model_dir, photos):
        (model_dir / "1" / "assets.extra" / "evaluations").write_text("in the way")
        result = in_process("evaluate", "--model", model_dir, "--data", photos)
        assert result.returncode == 2
        assert "Name a file for the result with --json." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "nowhere"], "There is no published model in nowhere"),
        (["--json", "/proc/out.json"], "/proc/out.json cannot be written"),
        (["--data", "nowhere"], "There is no folder or CSV file at nowhere"),
        (["--split", "holiday"], "Invalid value for '--split'"),
    ],
)
@pytest.mark.slow
def test_a_mistake_is_one_sentence(model_dir, photos, tmp_path, arguments, words):
    given = {"--model": model_dir / "1", "--data": photos} | {arguments[0]: arguments[1]}
    result = in_process("evaluate", *[part for pair in given.items() for part in pair], cwd=tmp_path)
    assert result.returncode == 2
    assert words in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


def test_many_labels_are_named_in_part():
    assert named({"Kia_Rio": 2, "Audi_A4": 1}) == "Kia_Rio (2), Audi_A4 (1)"
    assert named({"a": None, "b": None, "c": None}, most=2) == "a, b and 1 more"


def test_the_card_names_the_weak_classes(published, photos):
    metrics = evaluate_on(published, photos, None, QUIET) | {"split": "test"}
    training = {"image_size": [16, 24], "weights": "none", "base": "Tiny", "unfreeze": ["all"]}
    config = {"training": training, "photos": {"test": 36}, "classes": 6, "published": "today", "temperature": 1.7}
    card = model_card(config, metrics)
    weakest = min(metrics["per_class"], key=lambda row: row["f1"])
    assert f"Weakest classes: {weakest['label']} (F1 {weakest['f1']:.1%} of 6 photos)" in card
    assert f"{' and '.join(metrics['confused_pairs'][0]['labels'])} (" in card
    assert f"| Macro-F1 | {metrics['macro_f1']:.1%} |" in card
    assert f"| … before temperature scaling | {metrics['calibration']['ece_before']:.1%} |" in card


@pytest.mark.slow
class TestDemoModel:
    """The demo model, measured at its publication and again."""

    def test_evaluate_repeats_what_publishing_measured(self, demo_data, demo_model_dir, tmp_path):
        out, manifest = tmp_path / "out.json", demo_data / "manifest.csv"
        done(in_process("evaluate", "--model", demo_model_dir, "--data", manifest, "--split", "test", "--json", out))
        result = json.loads(out.read_text())
        published = json.loads((demo_model_dir / "1" / "assets.extra" / "metrics.json").read_text())
        assert set(result) == set(published) | {"model", "data"}
        for name in ("split", "count", "top1", "top5", "make_top1", "macro_f1_interval", "confusion", "confused_pairs"):
            assert result[name] == published[name]
        assert result["calibration"]["ece"] == pytest.approx(published["calibration"]["ece"], abs=1e-4)

    def test_predictions_name_makes(self, demo_data, demo_model_dir):
        extra = demo_model_dir / "1" / "assets.extra"
        metrics = json.loads((extra / "metrics.json").read_text())
        with (extra / "predictions.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert {row["make"] for row in rows} <= {row.make for row in read_manifest(demo_data / "manifest.csv").rows}
        assert metrics["make_top1"] == pytest.approx(np.mean([row["make"] == row["make_1"] for row in rows]))
        assert all(0 < float(row["make_probability_1"]) <= 1.000001 for row in rows)
