"""`car-classifier train`, as a user runs it."""

import csv
import json
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from car_classifier.data.indexing import index_photos
from car_classifier.registry.folder import versions
from tests.support.commands import car_classifier, done, in_process
from tests.support.embedded_server import until
from tests.support.pictures import blotches
from tests.support.workers import run_workers

SMALL = ("--base", "MobileNetV2", "--image-size", "32x48", "--batch-size", 8, "--set", "precision=float32")


def places(folder: Path) -> tuple[object, ...]:
    """Options that keep a run's files in a folder."""
    return "--model-dir", folder / "model", "--runs-dir", folder / "runs"


def history(path: Path) -> list[dict[str, str]]:
    """The lines of a history, without what depends on the machine; none if there is none."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def the_run(folder: Path) -> Path:
    """The only run; it may not be there yet."""
    return next((folder / "runs").glob("*"), folder / "runs" / "none")


def assert_one_sentence(result: subprocess.CompletedProcess[str], words: str, folder: Path) -> None:
    assert result.returncode == 2, result.stderr
    assert words in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr
    assert versions(folder / "model") == []
    assert not list((folder / "model").glob(".publishing-*"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Random weights of MobileNetV2, with batch norms that have seen photos: noise passes through to the last layer."""
    import keras

    keras.utils.set_random_seed(1)
    net = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 48, 3))
    for layer in net.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    net(np.random.default_rng(0).uniform(-1, 1, (16, 32, 48, 3)).astype(np.float32), training=True)
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    net.save_weights(path)
    return path


@pytest.fixture
def small_data(tmp_path) -> Path:
    """A folder with `manifest.csv` and `images/`: two classes of ten photos."""
    (tmp_path / "data" / "images").mkdir(parents=True)
    for i in range(20):
        blotches(i).save(tmp_path / "data" / "images" / f"{('Kia_Rio', 'Audi_A4')[i % 2]}_{i}.png")
    index_photos(tmp_path / "data" / "images", tmp_path / "data" / "manifest.csv")
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "nowhere.csv"], "There is no manifest at nowhere.csv"),
        (["--unfreeze", "head", "--unfreeze", "all"], "unfreeze must not have other stages beside head"),
        (["--base", "ResNet9000"], "--base must be one of ResNet50V2"),
        (["--image-size", "big"], "--image-size must be one number of pixels or HEIGHTxWIDTH"),
        (["--image-size", "16", "--weights", "none"], "--image-size must be at least 32 for ResNet50V2"),
        (["--weights", "gone.h5"], "--weights must be imagenet, none or the path of a weights file"),
        (["--weights", "none", "--unfreeze", "conv5"], "With --weights none all layers are random"),
        (["--epochs", "0"], "--epochs must be at least 1"),
        (["--learning-rate", "-1"], "--learning-rate must be above 0"),
        (["--strategy", "both"], "--strategy must be one of none, mirrored, multiworker. Received: both"),
        (["--set", "colour=2"], "augmentation.colour must be from 0 to below 1. Received: 2"),
        (["--set", "speed=1"], "--set takes FIELD=VALUE with one of manifest, base"),
    ],
)
def test_a_mistake_is_one_sentence(small_data, tmp_path, arguments, words):
    if "--data" not in arguments:
        arguments = ["--data", small_data / "manifest.csv", *arguments]
    assert_one_sentence(in_process("train", *arguments, *places(tmp_path), cwd=tmp_path), words, tmp_path)
    assert not (tmp_path / "runs").exists()


def test_a_model_folder_that_cannot_be_is_an_error_before_the_work(small_data, tmp_path):
    (tmp_path / "model").touch()
    result = in_process("train", "--data", small_data / "manifest.csv", "--weights", "none", *places(tmp_path))
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1), result.stderr
    assert f"{tmp_path / 'model' / 'version'} cannot be written: " in result.stderr


@pytest.mark.slow
def test_says_what_to_do_when_imagenet_weights_cannot_be_downloaded(demo_data, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))  # nothing cached
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # and no way out
    result = in_process("train", "--data", demo_data / "manifest.csv", *places(tmp_path))
    assert_one_sentence(result, "could not be downloaded", tmp_path)
    assert "--weights PATH" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("base", "options", "words"),
    [
        pytest.param("ResNet50V2", [], "does not hold the weights of ResNet50V2", marks=pytest.mark.long),
        ("MobileNetV2", ["--unfreeze", "conv5"], "--unfreeze conv5 matches no layer of mobilenetv2"),
    ],
)
def test_what_does_not_fit_the_net_is_reported_before_the_work(base, options, words, weights, demo_data, tmp_path):
    arguments = ["--data", demo_data / "manifest.csv", "--base", base, "--weights", weights, *options]
    result = in_process("train", *arguments, "--image-size", "32x48", *places(tmp_path))
    assert_one_sentence(result, words, tmp_path)
    assert "Train photos" not in result.stderr


STAGES = ("head", "block_16,Conv_1", "all")
HEAD_EPOCHS, EPOCHS = 60, 3


@pytest.fixture(scope="module")
def three_stages(demo_data, weights) -> list[str]:
    """A command with everything random switched on."""
    arguments = ["train", "--data", demo_data / "manifest.csv", *SMALL, "--weights", weights, "--epochs", EPOCHS]
    arguments += ["--unfreeze", STAGES[1], "--unfreeze", STAGES[2], "--head", "sgd"]
    for setting in (f"head_epochs={HEAD_EPOCHS}", "views=2", "mixup=0.2", "cutmix=0.5", "erase=0.2", "ema_epochs=0.5"):
        arguments += ["--set", setting]
    return list(map(str, arguments))


@pytest.fixture(scope="module")
def in_one_go(three_stages, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("one_go")
    done(car_classifier(*three_stages, *places(folder)))
    return folder


@pytest.fixture(scope="module")
def in_parts(three_stages, tmp_path_factory) -> Path:
    """A run that is ended by Ctrl-C in the first stage, killed in the last, and then completed."""
    folder = tmp_path_factory.mktemp("parts")
    command = [sys.executable, "-m", "car_classifier", *three_stages, *map(str, places(folder))]
    said = interrupt(command, folder, "head", signal.SIGINT)
    assert "Interrupted. The same command goes on where it can." in said
    assert "Traceback" not in said
    interrupt(command, folder, "all", signal.SIGKILL)
    result = car_classifier(*three_stages, *places(folder))
    done(result)
    assert "Resuming an unfinished run" in result.stderr
    assert "Train photos" not in result.stderr  # their features are there
    return folder


def interrupt(command: list[str], folder: Path, stage: str, kind: signal.Signals) -> str:
    """End a run once it has finished the first epoch of a stage, and return its output."""

    def epochs() -> int:
        return len([row for row in history(the_run(folder) / "history.csv") if row["stage"] == stage])

    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            until(lambda: process.poll() is not None or epochs() > 0, seconds=600)
        finally:
            process.send_signal(kind)
            said = process.stderr.read()
    assert process.returncode == (130 if kind == signal.SIGINT else -kind), said
    assert 1 <= epochs() < (HEAD_EPOCHS if stage == "head" else EPOCHS)
    assert versions(folder / "model") == []
    return said


@pytest.mark.long
class TestInterruptedRuns:
    """A run that is interrupted and completed later gives the same model as an uninterrupted one."""

    def test_publish_the_same_weights(self, in_parts, in_one_go):
        one, other = (
            path / "model" / "1" / "variables" / "variables.data-00000-of-00001" for path in (in_parts, in_one_go)
        )
        assert one.read_bytes() == other.read_bytes()

    def test_calibrate_and_measure_the_same(self, in_parts, in_one_go):
        for name in ("predictions.csv", "metrics.json"):
            one, other = (path / "model" / "1" / "assets.extra" / name for path in (in_parts, in_one_go))
            assert one.read_text() == other.read_text()

    def test_have_the_same_history(self, in_parts, in_one_go):
        assert history(the_run(in_parts) / "history.csv") == history(the_run(in_one_go) / "history.csv")

    def test_the_history_has_every_stage_in_turn(self, in_one_go):
        rows = history(the_run(in_one_go) / "history.csv")
        assert [(row["stage"], row["epoch"]) for row in rows] == [
            (stage, str(epoch + 1)) for stage in STAGES for epoch in range(HEAD_EPOCHS if stage == "head" else EPOCHS)
        ]
        published = in_one_go / "model" / "1" / "assets.extra" / "history.csv"
        assert published.read_bytes() == (the_run(in_one_go) / "history.csv").read_bytes()
        assert float(rows[HEAD_EPOCHS - 1]["loss"]) < float(rows[0]["loss"])

    def test_leave_settings_history_events_and_metrics(self, in_parts):
        run = the_run(in_parts)
        kept = {"config.json", "history.csv", "metrics.json", "progress.json", "tensorboard", "watch"}
        assert {path.name for path in run.iterdir()} == kept
        assert [path.name for path in (in_parts / "runs").iterdir()] == [run.name]
        config = json.loads((run / "config.json").read_text())
        assert config["training"]["unfreeze"] == list(STAGES[1:])
        assert config["training"]["views"] == 2
        assert json.loads((run / "metrics.json").read_text())["version"] == str(in_parts / "model" / "1")


@pytest.mark.long
def test_a_learning_rate_that_loses_the_loss_is_one_sentence(demo_data, weights, tmp_path):
    arguments = ["--data", demo_data / "manifest.csv", *SMALL, "--weights", weights, "--learning-rate", 1e30]
    arguments += ["--unfreeze", "Conv_1", "--set", "views=1", "--set", "head_epochs=1", "--set", "warm_up=0"]
    result = in_process("train", *arguments, *places(tmp_path))
    assert_one_sentence(result, "The loss is no longer a number in epoch 1 of stage Conv_1", tmp_path)
    assert "Start again with a lower --learning-rate" in result.stderr


@pytest.mark.long
def test_photos_that_cannot_be_decoded_are_found_before_the_first_epoch(own_data, tmp_path):
    manifest = own_data / "manifest.csv"
    with manifest.open(encoding="utf-8") as file:
        photos = {row["split"]: manifest.parent / row["file_name"] for row in csv.DictReader(file)}
    for photo in photos.values():
        os.truncate(photo, photo.stat().st_size // 2)
    result = in_process("train", "--data", manifest, *SMALL, "--weights", "none", "--epochs", 1, *places(tmp_path))
    assert "Published" in done(result)
    for photo in photos.values():
        note = f"Note: {photo} is damaged or cut off, so it is left out."
        assert result.stderr.index(note) < result.stderr.index("epoch 1/1")


@pytest.mark.long
@pytest.mark.parametrize("start", [["--weights", "none"], ["--unfreeze", "head"]], ids=["photos", "features"])
def test_a_photo_that_breaks_later_costs_the_photo_and_not_the_run(start, own_data, weights, tmp_path, monkeypatch):
    from car_classifier.training import stages

    check = stages.leave_out_unreadable
    manifest = own_data / "manifest.csv"
    with manifest.open(encoding="utf-8") as file:
        photos = {row["split"]: manifest.parent / row["file_name"] for row in csv.DictReader(file)}

    def check_and_break(run) -> None:
        check(run)
        for photo in photos.values():
            photo.unlink()

    monkeypatch.setattr(stages, "leave_out_unreadable", check_and_break)
    start = start if "--weights" in start else ["--weights", weights, *start]
    result = in_process("train", "--data", manifest, *SMALL, *start, "--epochs", 1, *places(tmp_path))
    assert "Published" in done(result)
    for split, photo in photos.items():
        said = "cannot be used (no such file)" if split == "test" else "cannot be read (No such file or directory): "
        assert result.stderr.count(f"Note: {photo} {said}") == 1


def limited(largest_file: int) -> dict[str, object]:
    """Limit the size of files that a process writes, in bytes: to exceed the limit fails as a full disk does.

    The measurement of coverage is switched off in the process, which could not write its own file either.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")}
    limit = (largest_file, largest_file)
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit), "env": environment}


def passes(result: subprocess.CompletedProcess[str]) -> list[str]:
    """The finished passes over photos, by the lines of the progress, in order."""
    lines = re.findall(r"^(.+ (?:photos|shrinkage).*): (\d+)/(\d+)$", result.stderr, re.MULTILINE)
    return [what for what, count, total in lines if count == total]


@pytest.mark.long
def test_the_classifier_alone_costs_one_pass_and_a_full_disk_only_what_was_not_written(own_data, weights, tmp_path):
    command = ["train", "--data", own_data / "manifest.csv", *SMALL, "--weights", weights, "--unfreeze", "head"]
    command += places(tmp_path)
    result = car_classifier(*command, **limited(8_000_000))  # enough for the head, not for the net
    assert_one_sentence(result, "free some space, the same command goes on", tmp_path)
    assert "Exporting the SavedModel" in result.stderr
    assert passes(result) == [
        "Checking photos",
        "Train photos, pooled features",
        "Validation photos, pooled features",
        "Choosing layers and shrinkage",
        "Validation photos, familiarity",
    ]
    result = car_classifier(*command)
    done(result)
    measured = ["Measuring on test photos", "Measuring on validation photos"]
    assert passes(result) == ["Checking photos", "Validation photos, familiarity", *measured]
    rows = history(the_run(tmp_path) / "history.csv")
    assert [(row["stage"], row["epoch"]) for row in rows] == [("head", "1")]
    assert versions(tmp_path / "model") == [1]


def test_a_disk_that_is_too_full_for_a_manifest_is_one_sentence(small_data, tmp_path):
    out = tmp_path / "out" / "manifest.csv"
    result = car_classifier("data", "index", small_data / "images", "--out", out, **limited(100))
    assert_one_sentence(result, "Error: The disk is full ([Errno 27] File too large): free some space", tmp_path)
    assert list(out.parent.iterdir()) == []


@pytest.mark.long
def test_two_machines_train_and_publish_what_one_does(demo_data, weights, tmp_path):
    """This includes all that they share through --runs-dir: cached features, the best epoch, the version."""
    alone, together = tmp_path / "alone", tmp_path / "together"
    arguments = ["train", "--data", demo_data / "manifest.csv", *SMALL, "--weights", weights, "--epochs", 2]
    arguments += ["--head", "lda", "--unfreeze", "block_16,Conv_1", "--set", "views=2", "--set", "cutmix=0.5"]
    done(car_classifier(*arguments, *places(alone)))
    command = ["-m", "car_classifier", *map(str, [*arguments, "--strategy", "multiworker", *places(together)])]
    run_workers([command, command])

    assert len(list((together / "runs").iterdir())) == 1
    assert versions(together / "model") == [1]
    assert figures(together) == [pytest.approx(row, abs=1e-3) for row in figures(alone)]
    assert certainties(together) == pytest.approx(certainties(alone), abs=5e-3)


def certainties(folder: Path) -> list[float]:
    """The published model's confidence on each test photo."""
    with (folder / "model" / "1" / "assets.extra" / "predictions.csv").open() as file:
        return [float(row["probability_1"]) for row in csv.DictReader(file)]


def figures(folder: Path) -> list[list[float]]:
    """The numbers of a run's history, epoch by epoch."""
    return [
        [float(value) for name, value in row.items() if name != "stage"]
        for row in history(the_run(folder) / "history.csv")
    ]
