"""Photos whose label may be wrong, found in the answers of a model."""

import pytest

from dashboard.reports.label_suspects import find_suspects
from tests.dashboard.datasets import dataset, names, photo

A4, Q5, RIO = "Audi_A4", "Audi_Q5", "Kia_Rio"


def answer(name: str, **probabilities: float) -> dict[str, str]:
    """A row of predictions.csv: each label with its probability, in the order given."""
    row = {"file_name": name}
    for rank, (label, probability) in enumerate(probabilities.items(), start=1):
        row |= {f"label_{rank}": label, f"probability_{rank}": f"{probability:.6f}"}
    return row


# Photos labelled Audi A4 get 0.9 and 0.7 for it, so 0.8 on average; those labelled Kia Rio 0.6, 0.4 and 0.2, so 0.4.
PHOTOS = dataset(
    photo("a1", A4, split="test"),
    photo("a2", A4, split="test"),
    photo("k1", RIO, split="test"),
    photo("k2", RIO, split="test"),
    photo("k3", RIO, split="validation"),
)
CLEAN = [
    answer("a1", Audi_A4=0.9, Kia_Rio=0.1),
    answer("a2", Audi_A4=0.7, Kia_Rio=0.3),
    answer("k1", Kia_Rio=0.6, Audi_A4=0.4),
    answer("k2", Audi_A4=0.6, Kia_Rio=0.4),
]


@pytest.mark.parametrize(
    ("probability", "suspects"),
    [(0.79, ""), (0.8, "k3"), (0.99, "k3")],
)
def test_an_answer_counts_from_what_photos_of_that_class_get_on_average(probability, suspects):
    report = find_suspects(PHOTOS, [*CLEAN, answer("k3", Audi_A4=probability, Kia_Rio=0.01)])
    assert names(suspect.photo for suspect in report.suspects) == suspects
    assert report.looked_at == {"test": 4, "validation": 1}


def test_a_suspect_says_what_the_model_thinks_of_both_labels():
    (suspect,) = find_suspects(PHOTOS, [*CLEAN, answer("k3", Audi_A4=0.95, Kia_Rio=0.05)]).suspects
    assert (suspect.answer, suspect.probability, suspect.label_probability) == (A4, 0.95, 0.05)
    assert suspect.threshold == pytest.approx(0.8)


def test_the_surest_come_first_and_a_label_beyond_the_five_counts_as_nothing():
    rows = [answer("a1", Kia_Rio=0.9), answer("a2", Kia_Rio=0.95), answer("k1", Kia_Rio=0.8), answer("k2", Kia_Rio=0.9)]
    report = find_suspects(PHOTOS, rows)
    assert names(suspect.photo for suspect in report.suspects) == "a2 a1"
    assert {suspect.label_probability for suspect in report.suspects} == {0.0}


@pytest.mark.parametrize(
    ("photos", "row"),
    [
        (PHOTOS, answer("gone", Audi_A4=0.99)),
        (PHOTOS, answer("k3", Audi_Q5=0.99)),  # no photo is labelled so: nothing to compare with
        (PHOTOS, {"file_name": "k3", "label_1": A4}),
        (PHOTOS, {"file_name": "k3", "label_1": A4, "probability_1": "high"}),
        (PHOTOS, {"file_name": "k3"}),
        (PHOTOS, {"photo": "k3"}),
        (dataset(*PHOTOS.photos[:4], photo("k3", RIO, excluded="no car")), answer("k3", Audi_A4=0.99)),
        (dataset(*PHOTOS.photos[:4], photo("k3", A4)), answer("k3", Audi_A4=0.99)),  # the label was put right since
    ],
)
def test_what_cannot_be_judged_is_no_suspect(photos, row):
    assert find_suspects(photos, [*CLEAN, row]).suspects == []


def test_without_answers_nothing_was_looked_at():
    report = find_suspects(PHOTOS, [])
    assert (list(report.suspects), report.looked_at) == ([], {})
