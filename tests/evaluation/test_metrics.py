"""The metrics, against values worked out by hand and against rules that hold for any answers."""

import json

import numpy as np
import pytest

from car_classifier.evaluation.intervals import bootstrap_interval, wilson_interval
from car_classifier.evaluation.metrics import (
    abstention,
    calibration,
    class_scores,
    confused_pairs,
    confusion_matrix,
    guessing,
    macro_figures,
    score_table,
    share,
    sure_above,
    top_classes,
)

TRUTH = np.array([0, 0, 0, 1, 1, 2])
ANSWERS = np.array([0, 0, 1, 1, 0, 1])
NAMES = ["Audi_A4", "BMW_X5", "Kia_Rio", "Fiat_500"]  # nobody photographed the Fiat


def drawn_answers(classes: int, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, count)
    return truth, np.where(rng.random(count) < 0.7, truth, rng.integers(0, classes, count))


def drawn_probabilities(count: int, classes: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and true classes drawn with them: perfect calibration."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(classes, 0.3), count).astype(np.float32)
    truth = (probabilities.cumsum(axis=1) > rng.random((count, 1)) * 0.999999).argmax(axis=1)
    return probabilities, truth


class TestClasses:
    def test_by_hand(self):
        table = score_table(TRUTH, ANSWERS, NAMES)
        audi, bmw, kia, fiat = table
        assert (audi["support"], audi["precision"], audi["recall"]) == (3, pytest.approx(2 / 3), pytest.approx(2 / 3))
        assert audi["most_confused_with"] == {"name": "BMW_X5", "count": 1}
        assert (bmw["precision"], bmw["recall"], bmw["f1"]) == (pytest.approx(1 / 3), 0.5, pytest.approx(0.4))
        assert (kia["precision"], kia["recall"], kia["f1"]) == (None, 0, 0)  # never the answer
        assert kia["most_confused_with"] == {"name": "BMW_X5", "count": 1}
        assert (fiat["support"], fiat["recall"], fiat["f1"], fiat["recall_interval"]) == (0, None, None, None)
        assert fiat["most_confused_with"] is None

    def test_macro_figures_are_of_the_classes_with_photos(self):
        figures = macro_figures(TRUTH, ANSWERS, len(NAMES))
        assert figures["macro_f1"] == pytest.approx((2 / 3 + 0.4 + 0) / 3)
        assert figures["balanced_accuracy"] == pytest.approx((2 / 3 + 0.5 + 0) / 3)

    def test_an_answer_that_nobody_photographed_has_a_precision_and_no_f1(self):
        fiat = score_table(np.array([0, 0]), np.array([0, 3]), NAMES)[3]
        assert (fiat["support"], fiat["precision"], fiat["recall"], fiat["f1"]) == (0, 0, None, None)

    def test_the_matrix_has_truth_in_rows_and_answers_in_columns(self):
        expected = [[2, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
        assert confusion_matrix(TRUTH, ANSWERS, 4).tolist() == expected

    def test_do_not_depend_on_the_order_of_the_photos(self):
        truth, answers = drawn_answers(12, 500)
        order = np.random.default_rng(1).permutation(500)
        names = [str(i) for i in range(12)]
        assert score_table(truth, answers, names) == score_table(truth[order], answers[order], names)

    def test_of_renamed_classes_are_the_same_ones_in_another_order(self):
        truth, answers = drawn_answers(12, 500)
        renamed = np.random.default_rng(1).permutation(12)
        one, other = class_scores(truth, answers, 12), class_scores(renamed[truth], renamed[answers], 12)
        for before, after in zip(one, other, strict=True):
            np.testing.assert_array_equal(before, after[renamed])

    def test_many_classes_and_few_photos(self):
        truth, answers = drawn_answers(400, 7)
        table = score_table(truth, answers, [str(i) for i in range(400)])
        assert sum(row["support"] for row in table) == 7
        assert 0 <= macro_figures(truth, answers, 400)["macro_f1"] <= 1

    def test_of_equal_probabilities_the_first_class_is_the_answer(self):
        probabilities = np.array([[0.2, 0.4, 0.4], [0.4, 0.2, 0.4]])
        assert top_classes(probabilities, 2).tolist() == [[1, 2], [0, 2]]
        assert top_classes(probabilities, 5).shape == (2, 3)


class TestConfusedPairs:
    def test_by_hand(self):
        confidences = np.array([0.9, 0.8, 0.6, 0.9, 0.7, 0.5])
        pairs = confused_pairs(TRUTH, ANSWERS, confidences, NAMES, list("abcdef"))
        assert pairs == [
            {"labels": ["Audi_A4", "BMW_X5"], "counts": [1, 1], "count": 2, "examples": ["e", "c"]},
            {"labels": ["BMW_X5", "Kia_Rio"], "counts": [0, 1], "count": 1, "examples": ["f"]},
        ]

    def test_are_the_20_most_frequent_with_5_examples(self):
        truth, answers = drawn_answers(10, 2000)
        pairs = confused_pairs(
            truth, answers, np.zeros(2000), [str(i) for i in range(10)], [str(i) for i in range(2000)]
        )
        counts = [pair["count"] for pair in pairs]
        assert len(pairs) == 20
        assert counts == sorted(counts, reverse=True)
        assert all(len(pair["examples"]) == 5 and sum(pair["counts"]) == pair["count"] for pair in pairs)

    def test_there_are_none_where_all_is_right(self):
        assert confused_pairs(TRUTH, TRUTH, np.ones(6), NAMES, list("abcdef")) == []


class TestCalibration:
    def test_by_hand(self):
        """Three photos at 80 %, two of them right, and one at 50 %, right: gaps of both signs do not cancel out."""
        probabilities = np.array([[0.8, 0.2], [0.8, 0.2], [0.2, 0.8], [0.5, 0.5]])
        figures = calibration(probabilities, np.array([0, 0, 0, 0]))
        assert figures["ece"] == pytest.approx((3 * abs(0.8 - 2 / 3) + 0.5) / 4)
        assert figures["nll"] == pytest.approx(-np.log([0.8, 0.8, 0.2, 0.5]).mean())
        filled = [(i, bin_["count"]) for i, bin_ in enumerate(figures["bins"]) if bin_["count"]]
        assert filled == [(7, 1), (11, 3)]
        assert figures["bins"][11]["accuracy"] == pytest.approx(2 / 3)
        assert figures["bins"][0]["confidence"] is None

    def test_the_error_of_perfect_calibration_is_near_0_and_that_of_overconfidence_is_not(self):
        probabilities, truth = drawn_probabilities(20_000)
        sharper = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
        good, bad = calibration(probabilities, truth), calibration(sharper, truth)
        assert good["ece"] < 0.015
        assert good["ece_interval"][0] < 0.005
        assert bad["ece_interval"][0] > 0.05
        assert good["nll"] < bad["nll"]

    @pytest.mark.parametrize("right", [True, False])
    def test_certainty(self, right):
        figures = calibration(np.array([[1.0, 0.0]], np.float32), np.array([0 if right else 1]))
        assert figures["ece"] == (0 if right else 1)
        assert np.isfinite(figures["nll"])
        assert figures["bins"][-1]["count"] == 1


class TestAbstention:
    CONFIDENCES = np.array([0.95, 0.9, 0.6, 0.6, 0.3], np.float32)

    def test_by_hand(self):
        found = abstention(self.CONFIDENCES, np.array([True, True, True, False, True]))
        of = {point["threshold"]: point for point in found["curve"]}
        assert (of[0.0]["share_answered"], of[0.0]["accuracy"]) == (1, 0.8)
        assert (of[0.5]["answered"], of[0.5]["accuracy"]) == (4, 0.75)
        assert (of[0.99]["answered"], of[0.99]["accuracy"], of[0.99]["accuracy_interval"]) == (0, None, None)
        # The two photos at 60 % are answered together or not at all.
        assert found["at_95"]["answered"] == 2
        assert found["at_95"]["threshold"] == pytest.approx(0.9)

    def test_answers_all_if_all_are_right_and_none_if_none_is(self):
        assert abstention(self.CONFIDENCES, np.ones(5, bool))["at_95"]["share_answered"] == 1
        assert abstention(self.CONFIDENCES, np.zeros(5, bool))["at_95"] is None

    def test_a_worse_stretch_does_not_end_the_search(self):
        right = np.ones(100, bool)
        right[0] = False  # the surest answer is wrong
        at_95 = abstention(np.linspace(0.99, 0.2, 100), right)["at_95"]
        assert (at_95["answered"], at_95["accuracy"]) == (100, 0.99)


class TestIntervals:
    @pytest.mark.parametrize(
        ("hits", "count", "interval"),
        [(8, 10, [0.4902, 0.9433]), (0, 10, [0, 0.2775]), (10, 10, [0.7225, 1]), (50, 100, [0.4038, 0.5962])],
    )
    def test_wilson(self, hits, count, interval):
        """Against z = 1.96 put into the formula by hand."""
        assert wilson_interval(hits, count) == pytest.approx(interval, abs=1e-4)

    def test_no_photos_have_none(self):
        assert wilson_interval(0, 0) is None

    def test_the_bootstrap_agrees_with_wilson_where_both_apply(self):
        hits = np.arange(1000) < 700
        high = bootstrap_interval(lambda chosen: (chosen < 9).mean(), 10)[1]
        assert high == 1
        assert bootstrap_interval(lambda chosen: hits[chosen].mean(), 1000) == pytest.approx(
            wilson_interval(700, 1000), abs=0.005
        )

    def test_the_bootstrap_covers_a_macro_f1_that_percentiles_would_miss(self):
        """300 classes with 5 photos each: resampling loses photos and thereby lowers F1."""
        of_very_many = class_scores(*drawn_answers(300, 300_000), 300).f1.mean()
        covered = 0
        for seed in range(1, 6):
            low, high = macro_figures(*drawn_answers(300, 1500, seed), 300)["macro_f1_interval"]
            covered += low <= of_very_many <= high
        assert covered >= 3

    def test_one_photo_is_enough(self):
        assert bootstrap_interval(lambda chosen: float(len(chosen)), 1) == [1, 1]
        assert share("top1", np.array([True])) == {"top1": 1, "top1_interval": pytest.approx([0.2065, 1], abs=1e-4)}


def test_everything_can_be_written_as_json():
    probabilities, truth = drawn_probabilities(50)
    answers = probabilities.argmax(axis=1)
    figures = [
        calibration(probabilities, truth),
        abstention(probabilities.max(axis=1), answers == truth),
        score_table(truth, answers, list("abcdefgh")),
        confused_pairs(truth, answers, probabilities.max(axis=1), list("abcdefgh"), [""] * 50),
        macro_figures(truth, answers, 8),
        share("top1", answers == truth),
    ]
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


class TestSureAbove:
    @pytest.mark.parametrize(
        ("confidences", "wrong", "wish", "above"),
        [
            ([0.9] * 8, 0, 0.1, 0.5),  # (0 + 1) of (8 + 2)
            ([0.9] * 7, 0, 0.1, None),
            ([0.9] * 8, 0, 0.05, None),
            ([0.6] * 4 + [0.9] * 20, 4, 0.1, 0.9),
            ([0.6] * 4 + [0.9] * 20, 0, 0.1, 0.5),
            ([0.2] * 4 + [0.9] * 20, 4, 0.1, 0.5),  # below one half no answer is sure anyway
            ([0.2] * 30, 0, 0.1, None),
            ([], 0, 0.1, None),
        ],
    )
    def test_the_lowest_that_meets_the_wish(self, confidences, wrong, wish, above):
        right = np.arange(len(confidences)) >= wrong
        assert sure_above(np.array(confidences), right, wish, 0.5) == above


def test_guessing_is_measured_by_the_most_frequent_class():
    assert guessing(np.array([2, 0, 2, 2]), ["a", "b", "c", "d"]) == {
        "by_chance": 0.25,
        "most_frequent": 0.75,
        "label": "c",
    }


def test_each_bin_has_an_interval_of_its_accuracy():
    bins = calibration(np.array([[0.95, 0.05]] * 10), np.array([0] * 8 + [1] * 2))["bins"]
    assert bins[-1]["accuracy_interval"] == wilson_interval(8, 10)
    assert bins[0]["accuracy_interval"] is None
