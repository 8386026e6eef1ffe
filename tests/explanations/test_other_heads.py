"""A net with a hidden layer on its flattened activations, as VGG16 has, answers the same questions."""

import base64
import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from car_classifier.network.backbones import BACKBONES, build_backbone
from car_classifier.network.head import build_head
from car_classifier.network.signatures import Classifier, ServedClassifier, save
from tests.support import fresh_process
from tests.support.commands import done, in_process
from tests.support.nets import tiny_classifier
from tests.support.pictures import encoded, picture

pytestmark = pytest.mark.slow

PHOTOS = [encoded(picture(40, 60)), encoded(picture(90, 30), "PNG")]
ASK = """
import json, sys, urllib.request
url, request = sys.argv[1:]
with urllib.request.urlopen(urllib.request.Request(url, open(request, "rb").read())) as answer:
    print(answer.read().decode())
assert not any(name.startswith(("car_classifier", "tensorflow")) for name in sys.modules)
"""


def explained(classifier, index: int = -1) -> dict[str, np.ndarray]:
    explain = ServedClassifier(classifier).signatures_to_save["explain"]
    return {name: value.numpy() for name, value in explain(tf.constant(PHOTOS), tf.constant([index] * 2)).items()}


@pytest.mark.slow
def test_contributions_and_what_is_the_same_everywhere_are_the_logit():
    answer = explained(tiny_classifier(hidden_units=12), index=4)
    total = answer["contributions"].sum(axis=(-2, -1)) + answer["biases"]
    np.testing.assert_allclose(total, answer["logits"], atol=1e-4)
    np.testing.assert_allclose(
        answer["asked_contributions"].sum(axis=(-2, -1)) + answer["asked_bias"], answer["asked_logit"], atol=1e-4
    )


def test_the_bias_does_not_depend_on_where_something_is():
    """Around a photo the head is linear: activations that are a little stronger raise the logit by their share."""
    classifier = tiny_classifier(hidden_units=12)
    from car_classifier.network.closed_form import head_contributions

    activations = tf.constant(np.random.default_rng(0).random((1, 4, 6, 8)).astype(np.float32))
    maps = head_contributions(classifier.head, activations, tf.constant([[0, 3]])).numpy()
    logits = classifier.head(activations).numpy()[0, [0, 3]]
    for place in ((0, 0), (2, 5)):
        stronger = activations.numpy()
        stronger[0][place] *= 1.001
        gain = classifier.head(tf.constant(stronger)).numpy()[0, [0, 3]] - logits
        np.testing.assert_allclose(gain, 0.001 * maps[0][:, *place], rtol=0.05, atol=2e-6)


def test_a_map_of_such_a_head_is_hires_cam():
    import keras

    from car_classifier.explanations.methods import METHODS, explain
    from car_classifier.explanations.targets import ClassLogit
    from car_classifier.network.backbones import normalise
    from car_classifier.network.preprocessing import load_photos

    classifier = tiny_classifier(hidden_units=12)
    images = normalise(classifier.backbone, load_photos(tf.constant(PHOTOS), classifier.image_size))
    model = keras.Model(classifier.net.input, classifier.head(classifier.net.output))
    maps = explain(model, images, ClassLogit(2), METHODS["hirescam"].function)
    np.testing.assert_allclose(explained(classifier, index=2)["asked_contributions"], maps, atol=1e-4)


def test_of_a_pooled_head_both_ways_agree():
    from car_classifier.network.closed_form import contributions, head_contributions

    classifier, classes = tiny_classifier(), tf.constant([[1, 5], [0, 2]])
    activations = tf.constant(np.random.default_rng(0).random((2, 4, 6, 8)).astype(np.float32))
    columns = tf.gather(tf.transpose(classifier.head.layers[-1].kernel), classes)
    by_tape = head_contributions(classifier.head, activations, classes)
    np.testing.assert_allclose(by_tape, contributions(activations, columns), atol=1e-5)


@pytest.fixture(scope="module")
def vgg16(tmp_path_factory):
    """A model folder with a VGG16 of random weights and its own kind of head."""
    net = build_backbone(BACKBONES["VGG16"], (48, 64), "none")
    head = build_head(net.output_shape[1:], 3, hidden_units=16)
    labels = ["A_1", "A_2", "B_1"]
    folder = tmp_path_factory.mktemp("vgg16")
    makes = {label: label[0] for label in labels}
    save(Classifier(BACKBONES["VGG16"], net, head, labels, makes, 1.0, (48, 64)), str(folder / "1"))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("loader", ["v1", pytest.param("v2", marks=pytest.mark.long)])
def test_vgg16_explains_itself_without_the_projects_code(loader, vgg16, tmp_path):
    photos = {"image_bytes": fresh_process.as_bytes(PHOTOS)}
    requests = {"explain": photos | {"class_index": np.array([-1, 2], np.int32)}}
    requests |= {"classify": photos, "all_classes": photos}
    requests["serving_default"] = {"images": np.zeros((2, 48, 64, 3), np.float32)}
    answers = fresh_process.ask(loader, vgg16 / "1", requests, tmp_path)
    answer = answers["explain"]
    assert answer["contributions"].shape == (2, 3, 3, 4)
    total = answer["contributions"].sum(axis=(-2, -1)) + answer["biases"]
    np.testing.assert_allclose(total, answer["logits"], atol=1e-4)
    assert np.ptp(answer["contributions"][0, 0]) > 0
    np.testing.assert_array_equal(answers["classify"]["labels"], answer["labels"])
    np.testing.assert_allclose(answers["all_classes"]["probabilities"].max(axis=1), answer["probabilities"][:, 0])
    np.testing.assert_allclose(answers["serving_default"]["probabilities"].sum(axis=1), 1, atol=1e-6)


@pytest.mark.slow
def test_a_stranger_asks_vgg16_over_the_embedded_server(vgg16, tmp_path):
    from tests.support.embedded_server import running

    instances = [{"image_bytes": {"b64": base64.b64encode(photo).decode()}, "class_index": 1} for photo in PHOTOS]
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"signature_name": "explain", "instances": instances}))
    with running(model_base_path=vgg16, model_name="vgg16") as server:
        server.wait("1", "AVAILABLE", "vgg16")
        command = [sys.executable, "-I", "-c", ASK, f"{server.url}/v1/models/vgg16:predict", str(request)]
        result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    for row in json.loads(done(result))["predictions"]:
        assert row["asked_label"] == "A_2"
        assert np.sum(row["asked_contributions"]) + row["asked_bias"] == pytest.approx(row["asked_logit"], abs=1e-4)


@pytest.mark.long
def test_such_a_head_is_trained_and_explained_from_the_command_line(demo_data, tmp_path):
    import keras

    keras.utils.set_random_seed(1)
    weights = tmp_path / "vgg16.weights.h5"
    keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 48, 3)).save_weights(weights)
    training = ("--base", "VGG16", "--weights", weights, "--image-size", "32x48", "--unfreeze", "block5_conv3")
    settings = ("--set", "hidden_units=16", "--set", "head_epochs=2", "--epochs", 1)
    places = ("--model-dir", tmp_path / "model", "--runs-dir", tmp_path / "runs")
    done(in_process("train", "--data", demo_data / "manifest.csv", *training, *settings, *places))
    photo = next((demo_data / "images").iterdir())
    explain = ("explain", photo, "--model", tmp_path / "model", "--out", tmp_path / "out")
    output = done(in_process(*explain))
    assert "contributions" in output
    by_tape = done(in_process(*explain, "--method", "hirescam"))
    exact, hires_cam = (np.load(next((tmp_path / "out").glob(f"*-{name}.npy"))) for name in ("exact", "hirescam"))
    np.testing.assert_allclose(exact, hires_cam, atol=1e-4)
    assert "contributions" not in by_tape
