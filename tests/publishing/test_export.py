"""A published version is complete, gives the same answers wherever it is loaded, and does not crash a server."""

import base64
import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import requests
import tensorflow as tf

from car_classifier.data.manifest import read_manifest
from car_classifier.errors import UserError
from car_classifier.network.signatures import save
from car_classifier.publishing.export import export
from tests.support import fresh_process
from tests.support.datasets import runs_dir_of
from tests.support.embedded_server import RunningModelServer
from tests.support.nets import tiny_classifier
from tests.support.pictures import encoded, picture
from tests.support.runs import QUIET, run_of_few_photos

pytestmark = pytest.mark.slow

TINY_SIZE = (16, 24)


@pytest.fixture(scope="module")
def tiny_model_dir(tmp_path_factory) -> Path:
    """Version 1 is a tiny classifier's SavedModel."""
    folder = tmp_path_factory.mktemp("tiny")
    save(tiny_classifier(temperature=1.7), str(folder / "1"))
    return folder


def explain_request(photos: list[bytes]) -> dict[str, np.ndarray]:
    return {"image_bytes": fresh_process.as_bytes(photos), "class_index": np.full(len(photos), -1, np.int32)}


@pytest.mark.long
def test_one_photo_has_one_answer_wherever_it_is_asked(tiny_model_dir, tmp_path):
    """Training's own pipeline, the exported graph, fresh processes with either loader, and REST."""
    from scipy.special import softmax

    from car_classifier.network.backbones import normalise
    from car_classifier.training.photos import PhotoSource
    from tests.support.embedded_server import running

    photos = [encoded(picture(50, 80)), encoded(picture(300, 200)), encoded(picture(64, 64), "PNG")]
    paths = [tmp_path / f"{i}" for i in range(len(photos))]
    for path, photo in zip(paths, photos, strict=True):
        path.write_bytes(photo)
    classifier = tiny_classifier(temperature=1.7)
    images = normalise(classifier.backbone, next(iter(PhotoSource(paths, [0, 0, 0], TINY_SIZE, 3).plain()))[0])
    logits = classifier.head(classifier.net(images, training=False)).numpy()
    trained = softmax(logits / 1.7, axis=1)

    def in_class_order(answer) -> np.ndarray:
        everything = np.zeros((3, 6))
        np.put_along_axis(everything, np.array(answer["class_indices"]), np.array(answer["probabilities"]), axis=1)
        return everything

    expected = np.where(trained >= np.sort(trained, axis=1)[:, 1:2], trained, 0)  # the best five of six
    for loader in fresh_process.LOADERS:
        asked = {"classify": {"image_bytes": fresh_process.as_bytes(photos)}, "explain": explain_request(photos)}
        asked["serving_default"] = {"images": images.numpy()}
        asked["all_classes"] = asked["classify"]
        answers = fresh_process.ask(loader, tiny_model_dir / "1", asked, tmp_path)
        np.testing.assert_allclose(answers["serving_default"]["probabilities"], trained, atol=1e-5)
        np.testing.assert_allclose(answers["all_classes"]["probabilities"], trained, atol=1e-5)
        np.testing.assert_allclose(answers["all_classes"]["logits"], logits, atol=1e-4)
        for signature in ("classify", "explain"):
            np.testing.assert_allclose(in_class_order(answers[signature]), expected, atol=1e-5)
    with running(model_base_path=tiny_model_dir, model_name="tiny") as server:
        server.wait("1", "AVAILABLE", "tiny")
        instances = [{"image_bytes": {"b64": base64.b64encode(photo).decode()}} for photo in photos]
        response = server.predict({"signature_name": "classify", "instances": instances}, "tiny").json()["predictions"]
        named = {key: [row[key] for row in response] for key in response[0]}
        np.testing.assert_allclose(in_class_order(named), expected, atol=1e-5)
        plain = server.predict({"instances": images.numpy().tolist()}, "tiny").json()["predictions"]
        np.testing.assert_allclose(plain, trained, atol=1e-5)


def test_a_tensor_of_the_wrong_shape_is_an_error_and_not_the_end_of_the_process(tiny_model_dir, tmp_path):
    shapes = [(1, 16, 25, 3), (1, 16, 24, 1), (1, 8, 8, 3), (16, 24, 3), (3,), (), (1, 16, 24, 3)]
    requests = {f"serving_default:{shape}": {"images": np.zeros(shape, np.float32)} for shape in shapes}
    *wrong, right = fresh_process.ask("v1", tiny_model_dir / "1", requests, tmp_path).values()
    assert len(wrong) == 6
    assert all(b"shape" in answer["error"].item() for answer in wrong)
    assert right["probabilities"].shape == (1, 6)


def test_a_failure_leaves_no_half_export(tmp_path):
    run = run_of_few_photos(tmp_path)
    before = set(run.folder.iterdir())
    for row in run.manifest.split("test"):
        run.manifest.photo_path(row).unlink()
    with pytest.raises(UserError, match=r"cannot be used \(no such file\)"):
        export(tiny_classifier(), run, QUIET)
    assert set(run.folder.iterdir()) == before


@pytest.fixture(scope="module")
def version(demo_model_dir) -> Path:
    return demo_model_dir / "1"


@pytest.fixture(scope="module")
def explained(version, demo_data) -> dict[str, np.ndarray]:
    """The answers of `explain` for every test photo."""
    manifest = read_manifest(demo_data / "manifest.csv")
    photos = [manifest.photo_path(row).read_bytes() for row in manifest.split("test")]
    signature = tf.saved_model.load(str(version)).signatures["explain"]
    answer = signature(image_bytes=tf.constant(photos), class_index=tf.constant([-1] * len(photos)))
    return {name: value.numpy() for name, value in answer.items()}


@pytest.mark.slow
class TestDemoModel:
    """The demo model, trained and published through the command line."""

    def test_is_complete(self, version):
        assert {path.name for path in version.iterdir()} >= {"saved_model.pb", "variables", "assets.extra"}
        assert {path.name for path in (version / "assets.extra").iterdir()} == {
            "SHA256SUMS", "architecture.json", "config.json", "golden", "history.csv", "known_photos.npz",
            "labels.json", "metrics.json", "model_card.md", "predictions.csv", "tf_serving_warmup_requests",
        }  # fmt: skip

    def test_says_that_its_photos_were_drawn(self, version):
        assert json.loads((version / "assets.extra" / "config.json").read_text())["drawn"] is True

    def test_checksums_hold_for_every_file(self, version):
        lines = (version / "assets.extra" / "SHA256SUMS").read_text().splitlines()
        listed = dict(reversed(line.split("  ")) for line in lines)
        files = [path for path in version.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
        assert sorted(listed) == sorted(path.relative_to(version).as_posix() for path in files)
        for name, digest in listed.items():
            assert hashlib.sha256((version / name).read_bytes()).hexdigest() == digest

    def test_nothing_of_the_run_is_left(self, demo_model_dir):
        assert {path.name for path in demo_model_dir.iterdir()} == {"1", "models.config"}
        (run,) = runs_dir_of(demo_model_dir).iterdir()
        kept = {"config.json", "history.csv", "metrics.json", "progress.json", "tensorboard", "watch"}
        assert {path.name for path in run.iterdir()} == kept

    def test_stores_the_weights_once(self, version):
        """ResNet50V2 has 23.6 million parameters of 4 bytes."""
        size = sum(path.stat().st_size for path in (version / "variables").iterdir())
        assert 94e6 < size < 96e6

    def test_contributions_add_up_to_the_logits(self, explained):
        total = explained["contributions"].sum(axis=(-2, -1)) + explained["biases"]
        np.testing.assert_allclose(total, explained["logits"], atol=1e-4)

    def test_heatmaps_of_different_classes_differ(self, explained):
        maps = explained["contributions"]
        classes = maps.shape[1]
        correlations = []
        for photo in maps.reshape(len(maps), classes, -1):
            correlations.append(np.corrcoef(photo)[np.triu_indices(classes, 1)].mean())
        assert np.mean(correlations) < 0.5

    def test_metrics_are_those_of_its_predictions(self, version):
        metrics = json.loads((version / "assets.extra" / "metrics.json").read_text())
        with (version / "assets.extra" / "predictions.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert metrics["split"] == "test"
        assert metrics["count"] == len(rows)
        assert metrics["top1"] == pytest.approx(np.mean([row["label"] == row["label_1"] for row in rows]))
        assert metrics["top1_interval"][0] < metrics["top1"] <= metrics["top1_interval"][1]
        assert [row["label"] for row in metrics["per_class"]] == metrics["confusion"]["labels"]
        assert [row["support"] for row in metrics["per_class"]] == [sum(row) for row in metrics["confusion"]["matrix"]]

    def test_answers_its_golden_photos_as_recorded(self, version, model_server: RunningModelServer):
        golden = version / "assets.extra" / "golden"
        answers = json.loads((golden / "answers.json").read_text())
        assert len(answers) == 4
        photos = [base64.b64encode((golden / answer["file"]).read_bytes()).decode() for answer in answers]
        body = {
            "signature_name": "explain",
            "instances": [{"image_bytes": {"b64": p}, "class_index": -1} for p in photos],
        }
        url = f"{model_server.url}/v1/models/{model_server.model_name}:predict"
        for got, expected in zip(requests.post(url, json=body, timeout=60).json()["predictions"], answers, strict=True):
            assert got["labels"] == expected["labels"]
            for name in ("probabilities", "logits", "contributions"):
                np.testing.assert_allclose(got[name], expected[name], atol=1e-4)

    def test_warm_up_requests_ask_every_photo_signature(self, version):
        from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

        path = version / "assets.extra" / "tf_serving_warmup_requests"
        logs = [PredictionLog.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(path))]
        asked = {log.predict_log.request.model_spec.signature_name for log in logs}
        assert asked == {"classify", "explain"}

    @pytest.mark.long
    @pytest.mark.parametrize("loader", fresh_process.LOADERS)
    def test_a_server_can_load_it(self, loader, version, demo_data, tmp_path):
        """The loader that TensorFlow Serving uses finds every variable, and all signatures run."""
        photos = [next((demo_data / "images").iterdir()).read_bytes()]
        asked = {"classify": {"image_bytes": fresh_process.as_bytes(photos)}, "explain": explain_request(photos)}
        asked["serving_default"] = {"images": np.zeros((1, 64, 96, 3), np.float32)}
        asked["all_classes"] = asked["classify"]
        answers = fresh_process.ask(loader, version, asked, tmp_path)
        assert answers["explain"]["contributions"].shape == (1, 4, 4, 6)
        assert np.isfinite(answers["serving_default"]["probabilities"]).all()
        np.testing.assert_array_equal(answers["explain"]["labels"], answers["classify"]["labels"])
        best = answers["all_classes"]["probabilities"].max(axis=1)
        np.testing.assert_allclose(best, answers["classify"]["probabilities"][:, 0], atol=1e-6)
