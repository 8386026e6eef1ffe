"""The names of ImageNet's classes, and their places in a net's output."""

import pytest

from car_classifier.errors import UserError
from car_classifier.prefilter.imagenet_classes import imagenet_classes, indices_of
from car_classifier.prefilter.scoring import CAR_CLASSES


def test_the_order_is_that_of_the_wordnet_ids():
    wnids = [entry.wnid for entry in imagenet_classes()]
    assert len(set(wnids)) == 1000
    assert wnids == sorted(wnids)


@pytest.mark.parametrize(
    ("name", "index"), [("tench", 0), ("goldfish", 1), ("minivan", 656), ("sports car", 817), ("toilet tissue", 999)]
)
def test_names_have_the_places_that_keras_gives_them(name, index):
    """As in Keras' own list, https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json."""
    assert indices_of([name]) == [index]


def test_a_name_of_two_classes_means_both():
    assert indices_of(["crane", "tench"]) == [0, 134, 517]


def test_every_car_class_is_there():
    assert len(indices_of(CAR_CLASSES)) == len(CAR_CLASSES)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["minivan", "mini van"], "no class named 'mini van'. Did you mean minivan"),
        (["qqqq"], "no class named 'qqqq'.$"),
        ([], "must name at least one class"),
    ],
)
def test_names_that_are_not_there(names, message):
    with pytest.raises(UserError, match=message):
        indices_of(names)
