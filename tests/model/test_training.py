"""`car-classifier train`, as a user runs it."""

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from car_classifier.calibration import fit_temperature
from car_classifier.versions import versions
from tests.conftest import car_classifier, done
from tests.serving.conftest import until

FAST = ("--weights", "none", "--image-size", "32x48", "--batch-size", "8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "nowhere.csv"], "There is no manifest at nowhere.csv"),
        (["--stage", "most"], "--stage must be one of head, all. Received: most"),
        (["--base", "ResNet9000"], "--base must be one of ResNet50V2"),
        (["--image-size", "big"], "--image-size must be one number of pixels or HEIGHTxWIDTH"),
        (["--image-size", "16", "--weights", "none"], "--image-size must be at least 32 for ResNet50V2"),
        (["--weights", "gone.h5"], "--weights must be imagenet, none or the path of a weights file"),
        (["--weights", "none", "--stage", "head"], "--stage head trains on the features of a frozen net"),
        (["--epochs", "0"], "--epochs must be at least 1"),
        (["--learning-rate", "-1"], "--learning-rate must be above 0"),
    ],
)
def test_a_mistake_is_one_sentence(demo_data, tmp_path, arguments, words):
    if "--data" not in arguments:
        arguments = ["--data", demo_data / "manifest.csv", *arguments]
    result = car_classifier("train", *arguments, "--model-dir", tmp_path / "model", cwd=tmp_path)
    assert result.returncode == 2
    assert words in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr
    assert versions(tmp_path / "model") == []


def test_says_what_to_do_when_imagenet_weights_cannot_be_downloaded(demo_data, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))  # nothing cached
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # and no way out
    result = car_classifier("train", "--data", demo_data / "manifest.csv", "--model-dir", tmp_path / "model")
    assert result.returncode == 2
    assert "could not be downloaded" in result.stderr
    assert "--weights PATH" in result.stderr
    assert "Traceback" not in result.stderr


def test_refuses_weights_of_another_net(demo_data, tmp_path):
    import keras

    other = tmp_path / "other.weights.h5"
    keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)]).save_weights(other)
    result = car_classifier("train", "--data", demo_data / "manifest.csv", "--weights", other, "--model-dir", tmp_path)
    assert result.returncode == 2
    assert f"{other} does not hold the weights of ResNet50V2" in result.stderr.replace("\n", " ")


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(demo_data, tmp_path):
    command = [sys.executable, "-m", "car_classifier", "train", "--data", str(demo_data / "manifest.csv"), *FAST]
    command += ["--epochs", "3", "--model-dir", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until(lambda: len(history(tmp_path)) >= 1 or process.poll() is not None, seconds=300)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert versions(tmp_path) == []
    before = history(tmp_path)
    assert 1 <= len(before) < 3

    result = car_classifier(*command[3:])
    done(result)
    assert "Resuming an unfinished run" in result.stderr
    with (tmp_path / "1" / "assets.extra" / "history.csv").open() as file:
        after = list(csv.DictReader(file))
    assert after[: len(before)] == before
    assert [row["epoch"] for row in after] == ["1", "2", "3"]


def history(model_dir: Path) -> list[dict[str, str]]:
    found = list(model_dir.glob(".runs/*/history.csv"))
    if not found:
        return []
    with found[0].open() as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_the_head_stage_learns_on_cached_features(demo_data, tmp_path):
    """From a weights file, with the backbone as it is: random here, which is enough to learn something."""
    import keras

    weights = tmp_path / "resnet.weights.h5"
    keras.utils.set_random_seed(1)
    keras.applications.ResNet50(include_top=False, weights=None, input_shape=(64, 96, 3)).save_weights(weights)
    arguments = ["--data", demo_data / "manifest.csv", "--base", "ResNet50", "--weights", weights, "--stage", "head"]
    arguments += ["--image-size", "64x96", "--head-epochs", "8", "--model-dir", tmp_path / "model"]
    done(car_classifier("train", *arguments))
    extra = tmp_path / "model" / "1" / "assets.extra"
    with (extra / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["stage"] for row in rows} == {"head"}
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert json.loads((extra / "config.json").read_text())["training"]["base"] == "ResNet50"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model(demo_data, tmp_path):
    for name in ("one", "two"):
        arguments = ["--data", demo_data / "manifest.csv", *FAST, "--epochs", "1", "--model-dir", tmp_path / name]
        done(car_classifier("train", *arguments))
    one, two = (losses(tmp_path / name / "1") for name in ("one", "two"))
    assert one == two


def losses(version: Path) -> list[dict[str, str]]:
    with (version / "assets.extra" / "history.csv").open() as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


class TestCalibration:
    def test_finds_the_temperature_that_logits_were_made_with(self):
        rng = np.random.default_rng(0)
        logits = rng.normal(size=(20_000, 5)).astype(np.float32) * 2
        chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        classes = (chances.cumsum(axis=1) > rng.uniform(size=(len(logits), 1))).argmax(axis=1)
        assert fit_temperature(logits * 3, classes) == pytest.approx(3, rel=0.05)

    def test_a_net_that_is_always_right_is_not_made_certain(self):
        logits = np.eye(4, dtype=np.float32)[[0, 1, 2, 3] * 5] * 4
        temperature = fit_temperature(logits, np.array([0, 1, 2, 3] * 5))
        top = np.exp(logits / temperature).max(axis=1) / np.exp(logits / temperature).sum(axis=1)
        assert top.max() < 0.97

    def test_no_photos_leave_logits_as_they_are(self):
        assert fit_temperature(np.zeros((0, 3), np.float32), np.zeros(0, np.int64)) == 1
