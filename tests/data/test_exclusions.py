"""Excluded rows of a manifest: their reasons, and how they come back."""

import pytest

from car_classifier.data.exclusions import BY_FREQUENCY, BY_SCORE, exclude_low_scores, keep_most_frequent, lift
from car_classifier.data.manifest import ManifestRow
from car_classifier.errors import UserError


def row(label: str = "Kia_Rio", score: float | None = 0.5, split="train", excluded: str = "") -> ManifestRow:
    make, model = label.split("_")
    return ManifestRow(f"{label}.jpg", "ab", make, model, label, None, 64, 48, split, "", excluded, score)


def reasons(rows) -> list[str]:
    return [row.excluded for row in rows]


def test_scores_below_the_threshold():
    rows = [row(score=0.0999), row(score=0.1), row(score=1), row(score=0, excluded="blurred")]
    assert reasons(exclude_low_scores(rows, 0.1)) == ["prefilter: 0.0999 is below 0.1", "", "", "blurred"]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_class_without_a_training_photo_goes_as_a_whole(split):
    rows = [row("Kia_Rio", 0), row("Kia_Rio", 1, split), row("Audi_A4", 0), row("Audi_A4", 1), row("Audi_A4", 1, split)]
    assert reasons(exclude_low_scores(rows, 0.1)) == [
        "prefilter: 0.0000 is below 0.1", "prefilter: no training photo of its class is left",
        "prefilter: 0.0000 is below 0.1", "", "",
    ]  # fmt: skip


def test_a_class_that_never_had_a_training_photo_is_left_to_training_to_refuse():
    assert reasons(exclude_low_scores([row(split="test"), row("Audi_A4")], 0.1)) == ["", ""]


@pytest.mark.parametrize(
    ("labels", "top", "kept"),
    [
        ("a_1 a_1 b_1 c_1 c_1 c_1", 2, {"c_1", "a_1"}),
        ("b_1 a_1 c_1", 2, {"a_1", "b_1"}),
        ("a_1 b_1", 9, {"a_1", "b_1"}),
    ],
)
def test_the_most_frequent_classes(labels, top, kept):
    rows = keep_most_frequent([row(label) for label in labels.split()], top)
    assert {row.label for row in rows if not row.excluded} == kept
    assert set(reasons(rows)) - {""} <= {f"top: not among the {top} most frequent classes"}


def test_excluded_photos_do_not_make_a_class_frequent():
    rows = [row("a_1", excluded="blurred")] * 3 + [row("b_1")] * 2 + [row("c_1")] * 2
    assert reasons(keep_most_frequent(rows, 2)) == ["blurred"] * 3 + [""] * 4


def test_only_one_kind_of_reason_is_lifted():
    rows = [row(excluded=reason) for reason in ("prefilter: low", "top: rare", "blurred", "")]
    assert reasons(lift(rows, BY_SCORE)) == ["", "top: rare", "blurred", ""]
    assert reasons(lift(rows, BY_FREQUENCY)) == ["prefilter: low", "", "blurred", ""]


def test_one_class_is_not_enough():
    with pytest.raises(UserError, match="--top must be at least 2.* Received: 1"):
        keep_most_frequent([row()], 1)
