"""Numbers in sentences."""

import pytest

from car_classifier.words import counted, noun


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((0, "photo"), "0 photos"),
        ((1, "photo"), "1 photo"),
        ((2, "class"), "2 classes"),
        ((1, "photo is", "photos are"), "1 photo is"),
        ((7, "photo is", "photos are"), "7 photos are"),
    ],
)
def test_a_number_and_its_noun(words, sentence):
    assert counted(*words) == sentence
    assert sentence.endswith(noun(*words))
