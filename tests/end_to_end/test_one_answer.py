"""One photo, one answer: every entrance gives the same probabilities for the same file.

`python -m tests.end_to_end.test_one_answer` prints how far each entrance is from the answer for the pixels that
everybody should see.
"""

import base64
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from car_classifier.data.indexing import index_photos
from car_classifier.evaluation import predictions
from car_classifier.explanations.photo_explanation import Explainer
from car_classifier.network.backbones import normalise
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.training.photos import PhotoSource
from dashboard import Settings, create_app
from dashboard.photos.dataset import read_dataset
from tests.support.commands import done, in_process
from tests.support.datasets import kept_in
from tests.support.embedded_server import running
from tests.support.nets import tiny_classifier
from tests.support.odd_photos import OddPhoto, odd_photos, phone_photo
from tests.support.pictures import encoded
from tests.support.runs import exported_run

pytestmark = pytest.mark.long

Answers = dict[str, dict[str, dict[str, float]]]
"""Probabilities of labels, by entrance and photo."""

EXACT, CLOSE = 1e-5, 0.01

TEMPERATURE = 0.1
"""So low that the answers of a classifier with random weights depend much on the pixels."""


def all_answers(photos: dict[str, OddPhoto], folder: Path) -> Answers:
    """The answers of every entrance about every photo, and of one about the pixels that everybody should see."""
    files = write(photos, folder / "data")
    run = exported_run(folder / "trained", tiny_classifier(temperature=TEMPERATURE))
    version = PublishedVersion(folder / "model" / "1")
    version.folder.parent.mkdir()
    next(run.glob("*/saved_model.pb")).parent.rename(version.folder)
    contents = {name: path.read_bytes() for name, path in files.items()}
    wanted = {name: encoded(Image.fromarray(photo.pixels), "PNG") for name, photo in photos.items()}
    explainer = Explainer(version.folder)
    answers = {
        "training": in_training(files),
        "predict": by_predict(version, files),
        "evaluate": by_evaluation(version, files, folder / "data"),
        "explain": {name: explained(explainer, content) for name, content in contents.items()},
    }
    with running(model_base_path=version.folder.parent, model_name="m", port=0) as server:
        server.wait("1", "AVAILABLE")
        answers["wanted"] = over_rest(server.url, wanted, "classify")
        answers["REST"] = over_rest(server.url, contents, "classify")
        answers["REST, explain"] = over_rest(server.url, contents, "explain")
        answers["gRPC"] = over_grpc(server.server.grpc_address, contents)
        with on_the_page(server.url, version, folder) as ask:
            answers["page"] = {name: ask(content=content) for name, content in contents.items()}
            answers["page of the data set"] = {name: ask(file=path.name) for name, path in files.items()}
    return answers


def write(photos: dict[str, OddPhoto], folder: Path) -> dict[str, Path]:
    (folder / "images").mkdir(parents=True)
    files = {}
    for number, (name, photo) in enumerate(photos.items()):
        suffix = "png" if photo.content.startswith(b"\x89PNG") else "jpg"
        files[name] = folder / "images" / f"Make0_Model{number % 2}_{number}.{suffix}"
        files[name].write_bytes(photo.content)
    return files


def in_training(files: dict[str, Path]) -> dict[str, dict[str, float]]:
    classifier = tiny_classifier(temperature=TEMPERATURE)
    source = PhotoSource(list(files.values()), [0] * len(files), classifier.image_size, 8)
    images = np.concatenate([batch for batch, _ in source.plain()])
    logits = classifier.head(classifier.net(normalise(classifier.backbone, images), training=False))
    rows = tf.nn.softmax(logits / classifier.temperature).numpy()
    return {
        name: dict(zip(classifier.labels, row.tolist(), strict=True)) for name, row in zip(files, rows, strict=True)
    }


def by_predict(version: PublishedVersion, files: dict[str, Path]) -> dict[str, dict[str, float]]:
    output = done(in_process("predict", *files.values(), "--model", version.folder, "--json", "-"))
    return {
        name: {entry["label"]: entry["probability"] for entry in answer["answers"]}
        for name, answer in zip(files, json.loads(output), strict=True)
    }


def by_evaluation(version: PublishedVersion, files: dict[str, Path], folder: Path) -> dict[str, dict[str, float]]:
    manifest = index_photos(folder / "images", folder / "manifest.csv").manifest
    rows = {Path(row.file_name).name: row for row in manifest.rows}
    result = predictions.predict(version, manifest, [rows[path.name] for path in files.values()])
    return {
        name: dict(zip(version.names.labels, row.tolist(), strict=True))
        for name, row in zip(files, result.probabilities, strict=True)
    }


def explained(explainer: Explainer, content: bytes) -> dict[str, float]:
    explanation = explainer.explain(content)
    return {explanation.label: explanation.probability}


def ranked(answer: dict) -> dict[str, float]:
    return dict(zip(answer["labels"], answer["probabilities"], strict=True))


def over_rest(url: str, contents: dict[str, bytes], signature: str) -> dict[str, dict[str, float]]:
    more = {"class_index": -1} if signature == "explain" else {}
    instances = [{"image_bytes": {"b64": base64.b64encode(content).decode()}} | more for content in contents.values()]
    body = {"signature_name": signature, "instances": instances}
    response = requests.post(f"{url}/v1/models/m:predict", json=body, timeout=120)
    assert response.status_code == 200, response.text
    return {name: ranked(answer) for name, answer in zip(contents, response.json()["predictions"], strict=True)}


def over_grpc(address: str, contents: dict[str, bytes]) -> dict[str, dict[str, float]]:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "m", "classify"
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(list(contents.values())))
    with grpc.insecure_channel(address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        outputs = stub.Predict(request, timeout=60, wait_for_ready=True).outputs
    labels = tf.make_ndarray(outputs["labels"]).astype(str).tolist()
    rows = tf.make_ndarray(outputs["probabilities"]).tolist()
    return {
        name: dict(zip(*pair, strict=True)) for name, pair in zip(contents, zip(labels, rows, strict=True), strict=True)
    }


@contextlib.contextmanager
def on_the_page(url: str, version: PublishedVersion, folder: Path) -> Iterator[Callable[..., dict[str, float]]]:
    """A function that asks the page about a file that a visitor sends, or about one of the data set."""
    settings = Settings(
        model_server_url=url,
        model_name="m",
        manifest=folder / "data" / "manifest.csv",
        model_folder=version.folder.parent,
        **kept_in(folder),
    )
    web = create_app(settings).server.test_client()
    ids = {photo.path.name: photo.id for photo in read_dataset(settings.manifest).photos}

    def ask(content: bytes = b"", file: str = "") -> dict[str, float]:
        photo = f"/dataset/{ids[file]}" if file else f"/photos/{web.post('/photos', data=content).json['id']}"
        answer = web.post(f"{photo}/answer").json
        return {entry["label"]: entry["probability"] for entry in answer["classes"]}

    yield ask


PHOTOS = odd_photos() | {"a phone's photo": phone_photo()}


def distance(one: dict[str, float], other: dict[str, float]) -> float:
    """The largest difference of the probabilities that both have, and more than 1 for another first label."""
    first = max(one, key=lambda label: one[label])
    if first != max(other, key=lambda label: other[label]):
        return 2.0
    return max(abs(one[label] - other[label]) for label in one.keys() & other.keys())


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> Answers:
    return all_answers(PHOTOS, tmp_path_factory.mktemp("answers"))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow says so, and that is all
@pytest.mark.parametrize("name", PHOTOS)
def test_every_entrance_gives_the_answer_for_what_the_photo_shows(answers, name):
    for entrance, given in answers.items():
        assert distance(given[name], answers["wanted"][name]) <= EXACT, entrance


def test_photos_have_answers_of_their_own(answers):
    """Otherwise all entrances would agree on whatever they decode."""
    wanted = answers["wanted"]
    for one, other in (("EXIF 1 MM", "EXIF 3 MM"), ("EXIF 1 MM", "EXIF 6 MM"), ("plain PNG", "RGBA PNG")):
        assert distance(wanted[one], wanted[other]) > 4 * CLOSE


def main() -> None:
    """Print how far each entrance is from the answer that it should give."""
    with tempfile.TemporaryDirectory() as folder:
        answers = all_answers(PHOTOS, Path(folder))
    wanted = answers.pop("wanted")
    write_line = sys.stdout.write
    write_line(f"{'':42}" + "".join(f"{entrance[:12]:>13}" for entrance in answers) + "\n")
    for name in PHOTOS:
        distances = [distance(given[name], wanted[name]) for given in answers.values()]
        shown = ["other label" if value > 1 else f"{value:.5f}" for value in distances]
        write_line(f"{name[:41]:42}" + "".join(f"{text:>13}" for text in shown) + "\n")


if __name__ == "__main__":
    main()
