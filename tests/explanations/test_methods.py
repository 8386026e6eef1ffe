"""Every method follows its formula, and handles every photo."""

from functools import cache, partial

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from car_classifier.errors import UserError
from car_classifier.explanations import class_activation_maps, perturbations, pixel_gradients
from car_classifier.explanations.methods import METHODS, explain, find_method, positive_part
from car_classifier.explanations.sanity import randomised, similarity
from car_classifier.explanations.targets import ClassLogit, Contrast
from car_classifier.network.preprocessing import load_photo
from tests.explanations.nets import IMAGE, images, pencil_net, tiny_net
from tests.support.pictures import encoded, picture

pytestmark = pytest.mark.slow

KNOWING = [method for method in METHODS.values() if not method.is_baseline]


# The logit of class 0 is 0.5 · sum of ReLU(x) - sum of ReLU(-x) + 0.5 = 2.5; the photo's mean is 1.25.
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (class_activation_maps.exact_map, [[0.5, 1.0], [1.5, -1.0]]),
        (class_activation_maps.grad_cam, [[0.5, 1.0], [1.5, 0.0]]),
        # g = 0.5, sum of A = 6: a = 0.25 / (0.5 + 6 · 0.125) = 0.2; four places weigh 0.2 · 0.5 each. g of the other
        # channel is negative.
        (class_activation_maps.grad_cam_plus_plus, [[0.4, 0.8], [1.2, 0.0]]),
        (class_activation_maps.hires_cam, [[0.5, 1.0], [1.5, -1.0]]),
        (class_activation_maps.layer_cam, [[0.5, 1.0], [1.5, 0.0]]),
        (class_activation_maps.activation_map, [[0.5, 1.0], [1.5, 0.5]]),
        # Masked by the first channel, [1/3, 2/3, 1, 0], the logit is 4.0833; by the second, 1.375; with nothing left,
        # 3. The weights are softmax(1.0833, -1.625).
        (perturbations.score_cam, [[0.93752, 1.87505], [2.81257, 0.06248]]),
        # Windows of one pixel: 0.5 · (x - 1.25) where x is positive.
        (partial(perturbations.occlusion, window=0.5, step=0.5), [[-0.125, 0.375], [0.875, -1.625]]),
        (pixel_gradients.vanilla_gradients, [[0.5, 0.5], [0.5, 1.0]]),
        (pixel_gradients.gradient_x_input, [[0.5, 1.0], [1.5, -1.0]]),
        (partial(pixel_gradients.smooth_grad, noise=0.0), [[0.5, 0.5], [0.5, 1.0]]),
        (partial(pixel_gradients.integrated_gradients, baseline=0.0), [[0.5, 1.0], [1.5, -1.0]]),
    ],
)
def test_by_hand(function, expected):
    maps = explain(pencil_net(), IMAGE, ClassLogit(0), function)
    np.testing.assert_allclose(maps[0], expected, atol=1e-4)


def test_a_contrast_is_the_difference_of_two_maps():
    net = tiny_net()
    of_a, of_b, contrast = (
        explain(net, images(3), target) for target in (ClassLogit(0), ClassLogit(2), Contrast(0, 2))
    )
    np.testing.assert_allclose(contrast, of_a - of_b, atol=1e-6)
    logits, bias = net(images(3)).numpy(), net.get_layer("head").layers[-1].bias.numpy()
    np.testing.assert_allclose(contrast.sum(axis=(1, 2)) + bias[0] - bias[2], logits[:, 0] - logits[:, 2], atol=1e-5)


@pytest.mark.parametrize("target", [ClassLogit(1), Contrast(1, 2), lambda logits: 2 * logits[..., 0] - logits[..., 1]])
def test_of_a_pooled_head_grad_cam_hires_cam_and_the_closed_form_are_one(target):
    exact, hires_cam, grad_cam = (
        explain(tiny_net(), images(4), target, METHODS[name].function) for name in ("exact", "hirescam", "gradcam")
    )
    np.testing.assert_allclose(hires_cam, exact, atol=1e-6)
    np.testing.assert_allclose(grad_cam, np.maximum(exact, 0), atol=1e-6)


def test_of_a_flattened_head_grad_cam_is_another_map():
    hires_cam, grad_cam = (
        explain(tiny_net(hidden_units=10), images(2), ClassLogit(0), METHODS[name].function)
        for name in ("hirescam", "gradcam")
    )
    assert np.abs(np.maximum(hires_cam, 0) - grad_cam).max() > 1e-3


@pytest.mark.parametrize("target", [ClassLogit(0), Contrast(2, 1)])
@pytest.mark.parametrize(("hidden_units", "off"), [(0, 1e-4), (10, 0.02)])  # the hidden units have kinks
def test_integrated_gradients_are_complete(target, hidden_units, off):
    net, photos = tiny_net(hidden_units=hidden_units, smooth=True), images(3)
    maps = explain(net, photos, target, pixel_gradients.integrated_gradients)
    means = np.broadcast_to(photos.mean(axis=(1, 2), keepdims=True), photos.shape)
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), target(net(photos)) - target(net(means)), atol=off)


@pytest.mark.parametrize("layer", ["first", "last"])
@pytest.mark.parametrize("name", ["grad_cam", "grad_cam_plus_plus", "hires_cam", "layer_cam", "activation_map"])
def test_any_layer_can_be_asked(name, layer):
    net = tiny_net()
    maps = explain(net, images(1), ClassLogit(0), partial(getattr(class_activation_maps, name), layer=layer))
    assert maps.shape[1:] == net.get_layer(layer).output.shape[1:3]
    assert np.ptp(maps) > 0


@pytest.mark.parametrize("method", KNOWING, ids=lambda method: method.name)
def test_a_net_with_random_weights_gives_another_map(method):
    net, photos = tiny_net(), images(4)
    own, random = (explain(model, photos, ClassLogit(0), method.function) for model in (net, random_net()))
    assert np.mean([similarity(a, b) for a, b in zip(own, random, strict=True)]) < 0.9


@pytest.mark.parametrize("name", ["random", "gaussian"])
def test_a_baseline_knows_nothing_of_the_net(name):
    net, photos = tiny_net(), images(2)
    own, random = (explain(model, photos, ClassLogit(0), METHODS[name].function) for model in (net, random_net()))
    np.testing.assert_array_equal(own, random)
    assert np.ptp(own[0]) > 0


PHOTOS = {
    "4000 pixels": encoded(picture(2600, 4000)),
    "grey": encoded(picture(40, 60, "L")),
    "white": encoded(Image.new("RGB", (50, 30), "white")),
    "one pixel": encoded(Image.new("RGB", (1, 1)), "PNG"),
}


def loaded(photo: bytes) -> np.ndarray:
    return load_photo(tf.constant(photo), (16, 24)).numpy() / 127.5 - 1


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
@pytest.mark.parametrize(
    ("count", "photo", "classes"),
    [(1, "4000 pixels", 3), (1, "grey", 1), (1, "white", 3), (1, "one pixel", 1), (9, "grey", 3)],
)
def test_every_photo_and_batch_has_finite_maps(method, count, photo, classes):
    net, batch = tiny_net(classes), np.repeat(loaded(PHOTOS[photo])[None], count, axis=0)
    function = partial(perturbations.occlusion, window=0.5, step=0.5) if method.name == "occlusion" else method.function
    seen = []
    maps = explain(net, batch, ClassLogit(classes - 1), function, report=lambda done, total: seen.append((done, total)))
    assert maps.shape == (count, *((4, 6) if method.resolution == "layer" else (16, 24)))
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()
    np.testing.assert_allclose(maps, np.repeat(maps[:1], count, axis=0), atol=1e-5)
    assert seen[-1] == (count, count)


@cache
def blind_net():
    net = randomised(tiny_net())
    for layer in (net.get_layer("last"), net.get_layer("head")):
        layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])
    return net


@cache
def random_net():
    return randomised(tiny_net(), seed=1)


@pytest.mark.parametrize("method", KNOWING, ids=lambda method: method.name)
def test_a_net_that_sees_nothing_gives_zeros(method):
    net = blind_net()
    maps = explain(net, images(2), ClassLogit(0), method.function)
    np.testing.assert_array_equal(maps, np.zeros_like(maps))
    np.testing.assert_array_equal(positive_part(maps), np.zeros_like(maps))


def test_a_maps_positive_part_goes_from_0_to_1():
    maps = np.array([[[-2.0, 4.0]], [[-1.0, -3.0]], [[0.0, 0.5]]], np.float32)
    np.testing.assert_array_equal(positive_part(maps), [[[0, 1]], [[0, 0]], [[0, 1]]])


def test_each_photo_can_have_a_target_of_its_own():
    net, photos = tiny_net(), images(2)
    maps = explain(net, photos, [ClassLogit(0), ClassLogit(2)], batch_size=1)
    np.testing.assert_allclose(maps[0], explain(net, photos[:1], ClassLogit(0))[0], atol=1e-6)
    np.testing.assert_allclose(maps[1], explain(net, photos[1:], ClassLogit(2))[0], atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"images": images(2)[:, :8]}, r"`images` must be float32 \[n, 16, 24, 3\]. Received: \(2, 8, 24, 3\)"),
        ({"images": images(0)}, r"`images` must be"),
        ({"target": [ClassLogit(0)] * 3}, "`target` must be one target, or one for each of 2 images. Received: 3"),
        (
            {"method": partial(class_activation_maps.grad_cam, layer="head")},
            "head gives .*needs a layer with height and width",
        ),
        ({"method": partial(class_activation_maps.grad_cam, layer="nothing")}, "nothing"),
    ],
)
def test_what_cannot_be_explained_is_said(arguments, words):
    with pytest.raises(ValueError, match=words):
        explain(tiny_net(), **({"images": images(2), "target": ClassLogit(0)} | arguments))


def test_the_exact_map_of_another_head_is_hires_cam():
    net, photos = tiny_net(hidden_units=4), images(2)
    exact, hires_cam = (explain(net, photos, ClassLogit(0), METHODS[name].function) for name in ("exact", "hirescam"))
    np.testing.assert_array_equal(exact, hires_cam)


def test_an_unknown_method_is_refused():
    with pytest.raises(UserError, match=r"no method lime. Take one of exact, gradcam"):
        find_method("lime")
