"""How often answers about as confident as one were right, and whether the stated intervals hold."""

import math
from dataclasses import replace

import numpy as np
import pytest

from car_classifier.evaluation import intervals
from car_classifier.words import SURE_ABOVE as SURE_ABOVE_OF_THE_COMMANDS
from dashboard.reports.track_record import LEAST, MOST, TrackRecord, wilson_interval
from dashboard.reports.versions import SURE_ABOVE, Version, VersionsFolder

HEADER = "file_name,label,label_1,probability_1"


def chance_at(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def calibrated(count: int, seed: int) -> list[tuple[float, bool]]:
    """Answers that are right as often as they say, most of them sure ones, as a good model gives them."""
    rng = np.random.default_rng(seed)
    chances = rng.beta(3, 1, count)
    return list(zip(chances.tolist(), (rng.uniform(size=count) < chances).tolist(), strict=True))


@pytest.mark.parametrize(
    ("probability", "count", "right"),
    [(0.5, 30, 10), (0.6, 30, 10), (0.9, 40, 36), (0.88, 40, 36), (0.75, 0, 0), (0.1, 0, 0)],
)
def test_answers_in_a_window_of_half_a_logit_count(probability, count, right):
    record = TrackRecord([(0.5, i < 10) for i in range(30)] + [(0.9, i < 36) for i in range(40)])
    found = record.about_as_confident(probability)
    assert (found.count, found.right) == (count, right)


def test_of_many_answers_the_nearest_count():
    logits = np.linspace(-0.5, 0.5, 1001)
    record = TrackRecord([(chance_at(logit), abs(logit) < 0.0495) for logit in logits])
    found = record.about_as_confident(0.5)
    assert MOST <= found.count <= MOST + 1
    assert found.right >= MOST - 1


def test_the_order_of_equal_answers_does_not_matter():
    """Files are sorted by class: the first of equal answers are those of one class."""
    ties = [(1.0, i < 150) for i in range(300)] + [(0.9999, i < 150) for i in range(300)]
    assert TrackRecord(ties).about_as_confident(0.99999) == TrackRecord(ties[::-1]).about_as_confident(1.0)
    assert TrackRecord(ties).about_as_confident(1.0).count == 600


@pytest.mark.parametrize("count", [0, LEAST - 1, LEAST])
def test_of_fewer_than_20_answers_no_interval_is_stated(count):
    told = TrackRecord([(0.7, True)] * count).about_as_confident(0.7).as_json()
    assert told["count"] == count
    assert (told["interval"] is None) == (count < 20)


@pytest.mark.parametrize(("hits", "count"), [(0, 20), (1, 20), (41, 63), (99, 100), (100, 100)])
def test_intervals_are_those_of_the_evaluation(hits, count):
    assert wilson_interval(hits, count) == pytest.approx(intervals.wilson_interval(hits, count), abs=1e-6)


def test_a_version_is_read_again_when_its_answers_change(tmp_path):
    assets = tmp_path / "7" / "assets.extra"
    assets.mkdir(parents=True)
    versions = VersionsFolder(tmp_path)
    assert len(versions.find(7).track_record) == 0
    rows = ["a.jpg,A,A,0.9", "b.jpg,A,B,0.9", "c.jpg,A,A,much", "d.jpg,A,A,1.5", "e.jpg,A,A,nan", "f.jpg"]
    (assets / "predictions.csv").write_text("\n".join([HEADER, *rows]))
    record = versions.find(7).track_record
    assert record.about_as_confident(0.9).as_json() == {"count": 2, "right": 1, "interval": None}
    assert versions.find(7).track_record is record


@pytest.mark.parametrize(
    ("config", "above"),
    [
        ('{"sure": {"above": 0.75}}', 0.75),
        ('{"sure": {"above": 1}}', 1.0),
        ('{"sure": {"above": null}}', 0.5),
        ('{"sure": {"above": 1.5}}', 0.5),
        ('{"sure": {"above": true}}', 0.5),
        ('{"sure": {"above": NaN}}', 0.5),
        ('{"sure": 0.75}', 0.5),
        ("[]", 0.5),
        ("{}", 0.5),
    ],
)
def test_a_version_has_its_own_threshold_or_the_usual_one(tmp_path, config, above):
    from car_classifier.registry.published_version import PublishedVersion

    assert SURE_ABOVE == SURE_ABOVE_OF_THE_COMMANDS
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "config.json").write_text(config)
    assert Version(1, tmp_path).sure_above == PublishedVersion(tmp_path).sure_above == above


# --- The claim against fresh photos ----------------------------------------------------------------------------------


def held_by_chance(answers: list[tuple[float, bool]]) -> tuple[int, int]:
    """Of the intervals stated for calibrated answers, each left out in turn: how many hold its chance, and all."""
    record, held, stated = TrackRecord(answers), 0, 0
    for chance, is_right in answers:
        found = record.about_as_confident(chance)
        others = replace(found, count=found.count - 1, right=found.right - is_right)
        interval = others.as_json()["interval"]
        if interval is not None:
            stated, held = stated + 1, held + (interval[0] <= chance <= interval[1])
    return held, stated


def held_by_other_half(answers: list[tuple[float, bool]], seed: int) -> tuple[int, int]:
    """Of the intervals that one half of some answers states for those of the other: how many agree with it, and all.

    The other half's share in the same window has an error of its own. So what must hold 0 is the 95 % interval of the
    difference of the two shares (Newcombe 1998, method 10, from both Wilson intervals).
    """
    order = np.random.default_rng(seed).permutation(len(answers))
    halves = [[answers[i] for i in part] for part in (order[::2], order[1::2])]
    held = stated = 0
    for speaking, fresh in (halves, halves[::-1]):
        speaker, witness = TrackRecord(speaking), TrackRecord(fresh)
        for probability, _ in fresh:
            one, other = speaker.about_as_confident(probability), witness.about_as_confident(probability)
            if min(one.count, other.count) < LEAST:
                continue
            (low, high), (low_2, high_2) = (wilson_interval(entry.right, entry.count) for entry in (one, other))
            share, share_2 = one.right / one.count, other.right / other.count
            below, above = math.hypot(share - low, high_2 - share_2), math.hypot(high - share, share_2 - low_2)
            stated, held = stated + 1, held + (share - share_2 - below <= 0 <= share - share_2 + above)
    return held, stated


def test_the_stated_intervals_hold_the_chance_95_times_in_100():
    held, stated = np.sum([held_by_chance(calibrated(2000, seed)) for seed in range(4)], axis=0)
    assert stated > 5000
    assert 0.92 <= held / stated <= 0.985


def test_the_stated_intervals_agree_with_fresh_photos():
    held, stated = np.sum([held_by_other_half(calibrated(600, seed), seed) for seed in range(12)], axis=0)
    assert stated > 5000
    assert held / stated >= 0.92


def test_the_check_finds_a_record_that_does_not_hold():
    """A model that became worse: the record of one half does not speak for the other."""
    worse = [(probability, right and i % 2 == 0) for i, (probability, right) in enumerate(calibrated(600, 0))]
    speaker, witness = TrackRecord(worse[::2]), TrackRecord(worse[1::2])
    one, other = (record.about_as_confident(0.9).as_json()["interval"] for record in (speaker, witness))
    assert one[0] > other[1]
