import keras
import numpy as np
import pytest

from car_classifier.errors import UserError
from car_classifier.network.backbones import BACKBONES, build_backbone, check_backbone_input, find_backbone, normalise


@pytest.mark.long
@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_ends_in_the_activations_that_are_pooled(name):
    net = build_backbone(BACKBONES[name], (64, 96), "none")
    images = normalise(BACKBONES[name], np.full((2, 64, 96, 3), 128, np.float32))
    activations = net(images, training=False).numpy()
    assert activations.shape == (2, *net.output_shape[1:])
    assert activations.shape[1:3] == ((4, 6) if name == "VGG16" else (2, 3))
    assert np.isfinite(activations).all()


@pytest.mark.long
@pytest.mark.parametrize("name", ["ResNet50V2", "ResNet50"])
def test_a_finer_output_stride_gives_the_same_activations_at_twice_the_density(name, tmp_path):
    weights = tmp_path / "net.weights.h5"
    keras.utils.set_random_seed(0)
    coarse = build_backbone(BACKBONES[name], (64, 96), "none")
    coarse.save_weights(weights)
    fine = build_backbone(BACKBONES[name], (64, 96), str(weights), 16)
    images = np.random.default_rng(0).normal(size=(1, 64, 96, 3)).astype(np.float32)
    coarse, fine = (net(images, training=False).numpy() for net in (coarse, fine))
    assert fine.shape[1:3] == (4, 6)
    np.testing.assert_allclose(fine[:, ::2, ::2], coarse, atol=1e-4)
    assert build_backbone(BACKBONES[name], (64, 96), "none", 16).output_shape == (None, *fine.shape[1:])


@pytest.mark.parametrize(
    ("name", "size", "weights", "output_stride", "words"),
    [
        ("ResNet50V2", (31, 64), "none", 32, "at least 32 for ResNet50V2. Received: 31x64"),
        ("ResNet50V2", (64, 64), "nowhere.h5", 32, "imagenet, none or the path of a weights file"),
        ("ResNet50V2", (64, 64), "none", 8, "--output-stride must be 32 or 16. Received: 8"),
        ("MobileNetV2", (64, 64), "none", 16, "works with ResNet50V2, ResNet50, not with MobileNetV2"),
    ],
)
def test_says_what_cannot_be_built(name, size, weights, output_stride, words):
    with pytest.raises(UserError, match=words):
        check_backbone_input(BACKBONES[name], size, weights, output_stride)


def test_finds_a_backbone_in_any_case():
    assert find_backbone("resnet50v2").name == "ResNet50V2"
    with pytest.raises(UserError, match="Received: resnet"):
        find_backbone("resnet")
