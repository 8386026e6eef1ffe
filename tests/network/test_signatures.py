import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from car_classifier.network.closed_form import contributions
from car_classifier.network.signatures import ServedClassifier
from tests.support.nets import tiny_classifier
from tests.support.odd_photos import odd_photos
from tests.support.pictures import UNUSABLE, encoded, picture

pytestmark = pytest.mark.slow

PHOTOS = [encoded(picture(40, 60)), encoded(picture(90, 30), "PNG")]


@pytest.fixture(scope="module", params=[1, 2], ids=["one layer", "two layers"])
def classifier(request):
    return tiny_classifier(layers=request.param)


@pytest.fixture(scope="module")
def served(classifier):
    return ServedClassifier(classifier).signatures_to_save


def explain(served, class_index: int = -1) -> dict[str, np.ndarray]:
    answer = served["explain"](tf.constant(PHOTOS), tf.constant([class_index] * len(PHOTOS)))
    return {name: value.numpy() for name, value in answer.items()}


def test_contributions_by_hand():
    activations = tf.constant([[[[1.0, 2.0], [3.0, 0.0]]]])  # one row of two cells, two channels
    columns = tf.constant([[[1.0, 0.5], [-1.0, 2.0]]])  # of two classes
    maps = contributions(activations, columns).numpy()
    np.testing.assert_allclose(maps, [[[[1.0, 1.5]], [[1.5, -1.5]]]])


def test_contributions_and_bias_are_the_logit(served):
    answer = explain(served, class_index=2)
    for maps, bias, logit in (
        (answer["contributions"], answer["biases"], answer["logits"]),
        (answer["asked_contributions"], answer["asked_bias"], answer["asked_logit"]),
    ):
        np.testing.assert_allclose(maps.sum(axis=(-2, -1)) + bias, logit, atol=1e-5)


def test_heatmaps_are_those_of_grad_cam_by_tape(classifier, served):
    """The closed form is the mean-gradient-weighted sum of activations, up to the constant 1 / cells."""
    from car_classifier.network.backbones import normalise
    from car_classifier.network.preprocessing import load_photos

    images = normalise(classifier.backbone, load_photos(tf.constant(PHOTOS), classifier.image_size))
    activations = classifier.net(images, training=False)
    answer = explain(served)
    for k in range(answer["class_indices"].shape[1]):
        with tf.GradientTape() as tape:
            tape.watch(activations)
            logits = classifier.head(activations)
            score = tf.gather(logits, answer["class_indices"][:, k], batch_dims=1)
        weights = tf.reduce_mean(tape.gradient(score, activations), [1, 2], keepdims=True)
        grad_cam = tf.nn.relu(tf.reduce_sum(weights * activations, -1))
        np.testing.assert_allclose(grad_cam, np.maximum(answer["contributions"][:, k], 0), atol=1e-6)


def test_all_signatures_agree(classifier, served):
    from car_classifier.network.backbones import normalise
    from car_classifier.network.preprocessing import load_photos

    images = normalise(classifier.backbone, load_photos(tf.constant(PHOTOS), classifier.image_size))
    everything = served["serving_default"](images)["probabilities"].numpy()
    assert everything.shape == (2, 6)
    np.testing.assert_allclose(everything.sum(axis=1), 1, atol=1e-6)
    classified = {name: value.numpy() for name, value in served["classify"](tf.constant(PHOTOS)).items()}
    all_classes = {name: value.numpy() for name, value in served["all_classes"](tf.constant(PHOTOS)).items()}
    np.testing.assert_allclose(all_classes["probabilities"], everything, atol=1e-6)
    explained = explain(served)
    in_order = np.take_along_axis(all_classes["logits"], explained["class_indices"], axis=1)
    np.testing.assert_allclose(in_order, explained["logits"], atol=1e-5)
    for name, value in classified.items():
        np.testing.assert_array_equal(explained[name], value)
    best_first = np.sort(everything, axis=1)[:, ::-1]
    np.testing.assert_allclose(classified["probabilities"], best_first[:, :5], atol=1e-7)
    for row in range(2):
        for label, index, probability in zip(
            classified["labels"][row], classified["class_indices"][row], classified["probabilities"][row], strict=True
        ):
            assert label.decode() == classifier.labels[index]
            assert probability == pytest.approx(everything[row, index])


def test_a_makes_probability_is_the_sum_over_its_models(classifier, served):
    answer = {name: value.numpy() for name, value in served["classify"](tf.constant(PHOTOS)).items()}
    assert [label.decode() for label in answer["make_labels"][0]] == ["Make0", "Make1", "Make2"]
    np.testing.assert_allclose(answer["make_probabilities"].sum(axis=1), 1, atol=1e-6)
    only_two = ServedClassifier(tiny_classifier(classes=2)).signatures_to_save["classify"](tf.constant(PHOTOS))
    np.testing.assert_allclose(only_two["make_probabilities"], [[1.0], [1.0]], atol=1e-6)


@pytest.mark.parametrize("name", ["EXIF 6 MM", "EXIF 3 II", "RGBA PNG with EXIF"])
def test_a_photo_that_is_turned_has_the_answer_and_the_maps_of_the_upright_one(served, name):
    photo = odd_photos()[name]
    upright = encoded(Image.fromarray(photo.pixels), "PNG")
    answer = served["explain"](tf.constant([photo.content, upright]), tf.constant([1, 1]))
    assert answer.pop("orientation").numpy().tolist() == [photo.orientation, 1]
    for name, (turned, expected) in answer.items():
        if turned.dtype.is_floating:  # the rows of a batch are not always added up in the same order
            np.testing.assert_allclose(turned, expected, rtol=1e-5, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(turned, expected, name)


@pytest.mark.parametrize(("asked", "index"), [(-1, None), (0, 0), (5, 5)])
def test_the_class_that_is_asked_for(classifier, served, asked, index):
    answer = explain(served, class_index=asked)
    for row in range(2):
        expected = answer["class_indices"][row, 0] if index is None else index
        assert answer["asked_label"][row].decode() == classifier.labels[expected]
        place = np.flatnonzero(answer["class_indices"][row] == expected)
        if len(place):
            np.testing.assert_array_equal(answer["asked_contributions"][row], answer["contributions"][row, place[0]])
            assert answer["asked_probability"][row] == answer["probabilities"][row, place[0]]


def test_temperature_softens_probabilities_and_leaves_logits():
    sharp, soft = (
        {
            name: value.numpy()
            for name, value in ServedClassifier(tiny_classifier(temperature=temperature))
            .signatures_to_save["explain"](tf.constant(PHOTOS), tf.constant([-1, -1]))
            .items()
        }
        for temperature in (1.0, 3.0)
    )
    np.testing.assert_array_equal(sharp["logits"], soft["logits"])
    assert (soft["probabilities"][:, 0] < sharp["probabilities"][:, 0]).all()


@pytest.mark.parametrize("classes", [2, 4, 5, 6])
def test_gives_five_classes_or_as_many_as_there_are(classes):
    answer = ServedClassifier(tiny_classifier(classes)).signatures_to_save["classify"](tf.constant(PHOTOS))
    assert answer["labels"].shape == (2, min(classes, 5))


@pytest.mark.parametrize(
    ("class_index", "words"),
    [([6, 0], "from 0 to 5"), ([-2, 0], "from 0 to 5"), ([0], "one value for each photo"), ([0, 0, 0], "one value")],
)
def test_refuses_a_class_that_there_is_not(served, class_index, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        served["explain"](tf.constant(PHOTOS), tf.constant(class_index))


@pytest.mark.parametrize("signature", ["classify", "all_classes"])
@pytest.mark.parametrize("name", UNUSABLE)
def test_refuses_bytes_that_are_no_photo(served, name, signature):
    data, words = UNUSABLE[name]
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        served[signature](tf.constant([PHOTOS[0], data]))
