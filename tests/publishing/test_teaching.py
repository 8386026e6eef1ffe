"""Teaching a published version: the result is what a fit from nothing gives, and bad input is one sentence."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from car_classifier.registry import labels as version_labels
from car_classifier.registry.folder import versions
from car_classifier.training import closed_form_head
from car_classifier.training.closed_form_head import read_head
from tests.support.commands import done, in_process
from tests.support.datasets import runs_dir_of

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    import keras

    from car_classifier.network.backbones import BACKBONES, build_backbone

    keras.utils.set_random_seed(1)
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    build_backbone(BACKBONES["MobileNetV2"], (64, 96), "none").save_weights(path)
    return path


@pytest.fixture(scope="module")
def data(demo_data, tmp_path_factory) -> Path:
    """All photos in `manifest.csv`; in `few.csv` those without one class and without some of another."""
    folder = shutil.copytree(demo_data, tmp_path_factory.mktemp("teaching") / "data")
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    labels = sorted({row["label"] for row in rows})
    trained = [row for row in rows if row["split"] == "train"]
    later = [row for row in trained if row["label"] == labels[-1]]
    later += [row for row in trained if row["label"] == labels[0]][:5]
    names = {row["file_name"] for row in later}
    tables = {
        "few.csv": [row for row in rows if row["file_name"] not in names and row["label"] != labels[-1]],
        "later.csv": later,
    }
    for name, content in tables.items():
        write_rows(folder / name, content)
    return folder


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)


def trained(data: Path, manifest: str, weights: Path, model: Path) -> Path:
    arguments = ["--data", data / manifest, "--base", "MobileNetV2", "--weights", weights, "--unfreeze", "head"]
    arguments += ["--image-size", "64x96", "--set", "precision=float32", "--model-dir", model]
    done(in_process("train", *arguments, "--runs-dir", runs_dir_of(model)))
    return model


@pytest.fixture(scope="module")
def first(data, weights, tmp_path_factory) -> Path:
    """A model folder with a version that has seen the photos in `few.csv`."""
    return trained(data, "few.csv", weights, tmp_path_factory.mktemp("first") / "model")


@pytest.fixture
def model(first, tmp_path) -> Path:
    return shutil.copytree(first, tmp_path / "model")


@pytest.fixture(autouse=True)
def no_server_follows(monkeypatch) -> None:
    """Nobody waits for servers that would follow the change before."""
    monkeypatch.setattr(version_labels, "SECONDS_TO_FOLLOW", 0.0)


def labels_of(version: Path) -> list[str]:
    return json.loads((version / "assets.extra" / "labels.json").read_text())["labels"]


def closed_form(version: Path):
    return read_head(version / "assets.extra" / "closed_form.npz")


def test_what_was_taught_is_what_a_fit_from_nothing_gives_and_can_be_forgotten(model, data):
    from car_classifier.training.closed_form_head import fitted
    from car_classifier.training.discriminant import measure
    from car_classifier.training.feature_store import stores_in

    said = in_process("teach", data / "later.csv", "--model", model)
    assert "each asked about before it was learnt" in said.stderr
    assert "Published" in done(said)
    assert versions(model) == [1, 2]
    before, after = closed_form(model / "1"), closed_form(model / "2")
    assert len(after.photos) == len(before.photos) + 5 + sum(1 for _ in taught_of_new(data))

    (store, _), *_ = stores_in(data / "features")
    names, rows = store.read()
    place = {name: i for i, name in enumerate(names)}
    features = rows[[place[name] for name in after.photos]][:, after.used]
    labels = labels_of(model / "2")
    of_photo = {row["sha256"]: row["label"] for row in manifest_rows_of(data / "manifest.csv")}
    classes = np.array([labels.index(of_photo[name]) for name in after.photos])
    kernel, bias = fitted(measure(features, classes, len(labels)), after.weighting, after.temperature)
    largest = np.abs(kernel).max()
    np.testing.assert_allclose(after.kernel, kernel, rtol=0, atol=1e-4 * largest)
    np.testing.assert_allclose(after.bias, bias, rtol=1e-4, atol=1e-4)

    new = max(row["label"] for row in manifest_rows_of(data / "later.csv"))
    done(in_process("teach", "--forget", new, "--model", model, "--measured-on", data / "manifest.csv"))
    assert labels_of(model / "3") == labels_of(model / "1")
    forgotten, known = closed_form(model / "3"), np.array(labels_of(model / "2")) != new
    np.testing.assert_array_equal(forgotten.moments.counts, after.moments.counts[known])
    own = measure(features[classes == labels.index(new)], np.zeros(int((classes == labels.index(new)).sum()), int), 1)
    np.testing.assert_allclose(
        forgotten.moments.scatter, after.moments.scatter - own.scatter, atol=1e-5 * after.moments.scatter.max()
    )
    assert set(forgotten.photos).isdisjoint({row["sha256"] for row in taught_of_new(data)})


def manifest_rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def taught_of_new(data: Path):
    rows = manifest_rows_of(data / "later.csv")
    return (row for row in rows if row["label"] == max(row["label"] for row in rows))


def test_a_class_gets_another_name_or_joins_another(model, data):
    old, other, third = labels_of(model / "1")
    renamed, joined = ["--relabel", f"{old}=Renamed_Car"], ["--relabel", f"{other}={third}"]
    done(in_process("teach", *renamed, *joined, "--model", model, "--margin", "1"))
    assert labels_of(model / "2") == ["Renamed_Car", third]
    before, after = (closed_form(model / number).moments for number in ("1", "2"))
    assert after.counts.tolist() == [before.counts[0], before.counts[1:].sum()]
    np.testing.assert_allclose(after.means[0], before.means[0])
    both = (before.counts[1:, None] * before.means[1:]).sum(axis=0) / before.counts[1:].sum()
    np.testing.assert_allclose(after.means[1], both, rtol=1e-5)


@pytest.mark.parametrize("layer_weights", [(1.0, 0.0), (0.0, 1.0)], ids=["the finer layer", "the last layer"])
def test_a_head_of_one_layer_can_be_taught(layer_weights, data, weights, tmp_path, monkeypatch):
    monkeypatch.setattr(closed_form_head, "LAYER_WEIGHTS", (layer_weights,))
    model = trained(data, "few.csv", weights, tmp_path / "model")
    assert closed_form(model / "1").layer_weights == layer_weights
    done(in_process("teach", data / "later.csv", "--model", model, "--margin", "1"))
    assert len(labels_of(model / "2")) == len(labels_of(model / "1")) + 1


MISTAKES = {
    "nothing": ([], "Give photos to learn, or --forget LABEL, or --relabel OLD=NEW."),
    "unknown label": (["--forget", "Nobody"], "The model knows no Nobody. It knows "),
    "no pair": (["--relabel", "A"], "--relabel takes OLD=NEW"),
    "no photos": (["nowhere"], "nowhere"),
    "no manifest to measure on": (["--forget", "x", "--measured-on", "gone.csv"], "gone.csv"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_one_sentence_and_publish_nothing(mistake, model, tmp_path):
    arguments, words = MISTAKES[mistake]
    result = in_process("teach", *arguments, "--model", model)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert versions(model) == [1]
    assert not list(model.glob(".teaching-*"))


def test_a_photo_that_cannot_be_read_is_named(model, data, tmp_path):
    copy = shutil.copytree(data, tmp_path / "data")
    rows = manifest_rows_of(copy / "later.csv")
    broken = copy / rows[0]["file_name"]
    broken.write_bytes(b"no photo")
    rows[0]["sha256"] = "0" * 64  # its features are not known from another test
    write_rows(copy / "later.csv", rows)
    result = in_process("teach", copy / "later.csv", "--model", model)
    assert result.returncode == 2
    assert str(broken) in result.stderr
    assert "Traceback" not in result.stderr


def test_photos_are_not_learnt_twice(model, data):
    result = in_process("teach", data / "few.csv", "--model", model)
    assert result.returncode == 2
    assert "has learnt all of these photos already" in result.stderr


def test_a_head_that_was_trained_step_by_step_cannot_be_taught(demo_model_dir, data):
    result = in_process("teach", data / "later.csv", "--model", demo_model_dir)
    assert result.returncode == 2
    assert "its head is not in closed form" in result.stderr


def test_the_cache_is_listed_and_cleared(first, data):
    listed = done(in_process("data", "cache", "--data", data / "manifest.csv"))
    assert "MobileNetV2, 64×96" in listed
    copy = shutil.copytree(data, data.parent / "copy")
    assert "Deleted " in done(in_process("data", "cache", "--data", copy / "manifest.csv", "--clear"))
    assert "holds no features" in done(in_process("data", "cache", "--data", copy / "manifest.csv"))
