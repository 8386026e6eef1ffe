"""Heatmaps lie where the map's extent says, in the colour of the evidence's sign."""

import json

import numpy as np
import pytest
from PIL import Image

from car_classifier.explanations.figures import most_confused
from car_classifier.explanations.pictures import explained_photo, overlay
from car_classifier.explanations.writing import file_stems
from car_classifier.network.map_extent import WHOLE, upsample_map
from tests.support.repository import ROOT

GREY = Image.new("RGB", (60, 40), (128, 128, 128))
CONTRIBUTIONS = np.array([[4.0, 0.0, -4.0]], np.float32)


def test_evidence_for_is_orange_and_against_blue_and_none_grey():
    heatmap = overlay(GREY, CONTRIBUTIONS, WHOLE)
    assert heatmap.shape == (40, 60, 3)
    for column, more, less in ((5, 0, 2), (55, 2, 0)):
        assert heatmap[20, column, more] > heatmap[20, column, less] + 0.2
    np.testing.assert_allclose(heatmap[20, 30], 128 / 255, atol=0.05)


@pytest.mark.parametrize("contributions", [np.zeros((2, 3), np.float32), np.zeros((1, 1), np.float32)])
def test_a_map_without_evidence_leaves_the_photo_grey(contributions):
    np.testing.assert_allclose(overlay(GREY, contributions, WHOLE), 128 / 255, atol=1e-6)
    figure = explained_photo(GREY, contributions, WHOLE, "Why?", ("for", "against"))
    assert "no evidence anywhere" in figure.get_suptitle()


def test_a_scale_is_shared_by_maps_that_are_compared():
    own, shared = (overlay(GREY, CONTRIBUTIONS / 4, WHOLE, scale)[20, 5, 0] for scale in (None, 4.0))
    assert own > shared + 0.05


def test_a_map_lies_where_its_extent_says():
    """Cells half a cell too far up and left, as a ResNet's are."""
    contributions = np.zeros((4, 6), np.float32)
    contributions[2, 3] = 1
    heatmap = upsample_map(contributions, (-0.125, -1 / 12, 0.875, 11 / 12), (400, 600))
    y, x = np.unravel_index(heatmap.argmax(), heatmap.shape)
    assert (y, x) == pytest.approx((200, 300), abs=2)


@pytest.mark.parametrize("case", json.loads((ROOT / "tests/support/enlarged_maps.json").read_text()))
def test_a_map_is_enlarged_where_it_is_scored_as_on_the_page(case):
    """`tests/scripts/heatmap.test.mjs` compares the page's script with the same numbers."""
    enlarged = upsample_map(np.array(case["cells"], np.float32), case["extent"], (case["height"], case["width"]))
    np.testing.assert_allclose(enlarged, case["enlarged"], atol=1e-5)


@pytest.mark.parametrize(
    ("logits", "truth", "expected"),
    [
        ([[5, 4, 0], [4, 5, 0], [0, 0, 5]], [0, 1, 2], (0, 1)),
        ([[5, 0, 4], [0, 5, 0], [4, 0, 5]], [0, 1, 2], (0, 2)),
        ([[5, 4, 0], [0, 1, 9]], [0, 1], (0, 1)),  # no photo of the third class to show
        ([[900, 0], [0, 900]], [0, 1], (0, 1)),
        ([[5, 4, 0], [5, 4, 0]], [0, 0], None),
        ([[3], [4]], [0, 0], None),
    ],
)
def test_the_pair_between_which_a_model_hesitates_most(logits, truth, expected):
    assert most_confused(np.array(logits, np.float32), np.array(truth)) == expected


@pytest.mark.parametrize(
    ("photos", "expected"),
    [
        (["/a/1.jpg", "/a/2.jpg"], ["1", "2"]),
        (["/a/1.jpg", "/b/1.jpg", "/b/2.jpg"], ["a-1", "b-1", "2"]),
        (["/x/a/1.jpg", "/y/a/1.jpg"], ["a-1", "a-1-2"]),
        (["/a/1.jpg", "/a/1.png"], ["a-1", "a-1-2"]),
        (["/c/a-1.jpg", "/a/1.jpg", "/b/1.jpg"], ["a-1", "a-1-2", "b-1"]),
    ],
)
def test_photos_of_one_name_get_names_of_their_own(photos, expected):
    from pathlib import Path

    assert file_stems([Path(photo) for photo in photos]) == expected
