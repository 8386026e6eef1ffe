"""The page "Model": from a version's files to numbers, sentences and figures."""

import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dashboard import Settings
from dashboard.components import model_classes, model_explanations
from dashboard.pages.model import layout
from dashboard.photos.dataset import DatasetFile
from dashboard.reports.comparison import HEADLINES, Measured, comparison_note, headline_texts
from dashboard.reports.explanation_scores import best_methods
from dashboard.reports.figures import calibration_figure, confusion_figure, confusion_words, curve_figure, curve_words
from dashboard.reports.predictions import HITS, Answer, answers_of, choose, mistakes, paired_difference, wall
from dashboard.reports.results import Calibration, Confusion, Epoch, Explanations, Report, history_of, reports_of
from dashboard.reports.runs import RunsFolder
from dashboard.reports.versions import Version, VersionsFolder
from dashboard.services import Services
from dashboard.web.markdown import embedded
from tests.dashboard.datasets import dataset, photo

BINS = [
    {"low": 0.0, "high": 0.5, "count": 0, "confidence": None, "accuracy": None},
    {"low": 0.5, "high": 1.0, "count": 4, "confidence": 0.9, "accuracy": 0.75},
]
METRICS = {
    "count": 4,
    "top1": 0.75,
    "top1_interval": [0.3, 0.95],
    "macro_f1": 0.7,
    "calibration": {"ece": 0.15, "ece_interval": [0.1, 0.3], "ece_before": 0.2, "bins": BINS, "bins_before": BINS},
    "per_class": [
        {
            "label": "Audi_A4",
            "make": "Audi",
            "support": 3,
            "precision": 1.0,
            "recall": 0.667,
            "recall_interval": [0.2, 0.94],
            "f1": 0.8,
            "most_confused_with": {"name": "Kia_Rio", "count": 1},
        },
        {"label": "Kia_Rio", "make": "Kia", "support": 1, "precision": 0.5, "recall": 1.0, "f1": 0.667},
        {"label": "Opel_Ampera", "make": "Opel", "support": 0, "precision": None, "recall": None, "f1": None},
    ],
    "confusion": {"labels": ["Audi_A4", "Kia_Rio", "Opel_Ampera"], "matrix": [[2, 1, 0], [0, 1, 0], [0, 0, 0]]},
    "confused_pairs": [{"labels": ["Audi_A4", "Kia_Rio"], "counts": [1, 0], "count": 1, "examples": ["a.jpg"]}],
    "explanations": {
        "test": {
            "photos": 4,
            "methods": {
                "exact": {
                    "title": "Exact map",
                    "scores": {"deletion": {"mean": 0.1001}, "insertion": {"mean": 0.5}},
                    "no_better_than": {"insertion": ["random"]},
                },
                "gradcam": {"title": "Grad-CAM", "scores": {"deletion": {"mean": 0.1002}, "new": {"mean": 3.0}}},
                "random": {"title": "Random map", "is_baseline": True, "scores": {"insertion": {"mean": 0.9}}},
            },
        }
    },
}
HISTORY = """stage,epoch,loss,accuracy,val_loss,val_accuracy
head,1,2.0,0.2,2.1,0.15
head,2,1.0,0.6,1.5,
all,1,0.5,0.9,1.2,0.5
"""
PREDICTIONS = """file_name,label,make,label_1,label_2,probability_1,probability_2,make_1
a.jpg,Audi_A4,Audi,Kia_Rio,Audi_A4,0.99991,0.00005,Kia
b.jpg,Audi_A4,Audi,Audi_A4,Kia_Rio,0.6,0.4,Audi
c.jpg,Kia_Rio,Kia,Kia_Rio,Audi_A4,0.9,0.1,Kia
d.jpg,Audi_A4,Audi,Audi_A4,Kia_Rio,0.8,0.2,Audi
"""


@pytest.fixture
def version(tmp_path: Path) -> Version:
    """A version with small files of every kind."""
    assets = tmp_path / "2" / "assets.extra"
    (assets / "evaluations").mkdir(parents=True)
    (assets / "metrics.json").write_text(json.dumps(METRICS))
    (assets / "evaluations" / "street-test.json").write_text('{"count": 9, "top1": 0.5}')
    (assets / "history.csv").write_text(HISTORY)
    (assets / "predictions.csv").write_text(PREDICTIONS)
    return Version(2, tmp_path / "2")


def answer(file_name: str, label: str, *ranked: str, confidence: float = 0.5) -> Answer:
    probabilities = (confidence, *[0.01] * (len(ranked) - 1))
    return Answer(file_name, label, label.split("_")[0], ranked, probabilities, ranked[0].split("_")[0])


def file_names(answers) -> str:
    return " ".join(answer.file_name for answer in answers)


def test_the_numbers_of_a_report_are_those_of_its_file(version):
    report = reports_of(version)[""]
    assert report.count == 4
    assert {key: (one.value, one.interval) for key, one in report.headlines.items()} == {
        "top1": (0.75, (0.3, 0.95)),
        "macro_f1": (0.7, None),
        "ece": (0.15, (0.1, 0.3)),
    }
    assert [row.f1 for row in report.classes] == [0.8, 0.667, None]
    assert report.confusion.matrix[0] == [2, 1, 0]
    assert report.pairs[0].counts == (1, 0)
    assert report.calibration.bins[1].accuracy == 0.75


def test_figures_for_other_photos_stand_beside_those_of_the_test_photos(version):
    reports = reports_of(version)
    assert list(reports) == ["", "street-test"]
    assert (reports["street-test"].count, reports["street-test"].headlines["top1"].value) == (9, 0.5)


def test_an_evaluation_that_comes_later_is_seen(version):
    folder = VersionsFolder(version.folder.parent)
    assert len(reports_of(folder.find("2"))) == 2
    (version.assets / "evaluations" / "night-test.json").write_text('{"count": 1}')
    os.utime(version.assets / "evaluations", (2e9, 2e9))  # within one tick of the clock a folder looks the same
    assert len(reports_of(folder.find("2"))) == 3


@pytest.mark.parametrize(
    ("section", "damaged"),
    [
        ("headlines", {"top1": "high", "macro_f1": 1.5, "calibration": [1]}),
        ("headlines", {"top1": float("nan"), "macro_f1": None, "calibration": {"ece": -1}}),
        ("count", {"count": "many"}),
        ("calibration", {"calibration": {"ece": 0.1, "bins": [{"low": 0}]}}),
        ("classes", {"per_class": {"Audi_A4": 1}}),
        ("classes", {"per_class": [{"label": "Audi_A4"}]}),
        ("confusion", {"confusion": {"labels": ["Audi_A4"], "matrix": [[1, 2]]}}),
        ("confusion", {"confusion": {"labels": [], "matrix": []}}),
        ("pairs", {"confused_pairs": [{"labels": ["Audi_A4"]}]}),
        ("explanations", {"explanations": {"test": {"photos": 3}, "other": 5}}),
    ],
)
def test_a_damaged_section_is_as_if_it_were_not_there(section, damaged):
    assert getattr(Report(METRICS), section), "what is whole is there"
    assert not getattr(Report(METRICS | damaged), section)
    assert not getattr(Report({}), section)


def test_no_confusion_and_no_figures_are_told_apart():
    assert Report(METRICS | {"confused_pairs": []}).pairs == []
    assert Report({}).pairs is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"stage,epoch\nall,x\n", b'file_name\n"a\n'])
def test_files_that_cannot_be_read_are_empty(version, content):
    for name in ("metrics.json", "history.csv", "predictions.csv", "evaluations/street-test.json"):
        (version.assets / name).write_bytes(content)
    assert (history_of(version), answers_of(version)) == ([], [])
    assert {name: dict(report.metrics) for name, report in reports_of(version).items()} == {"": {}}


def test_a_training_curve_has_every_epoch_and_marks_where_a_stage_begins(version):
    history = history_of(version)
    assert [(epoch.stage, epoch.epoch, epoch.val_accuracy) for epoch in history] == [
        ("head", 1, 0.15),
        ("head", 2, None),
        ("all", 1, 0.5),
    ]
    figure = curve_figure("accuracy", {"Version 2": history})
    assert {line.name: list(line.y) for line in figure.data} == {
        "training": [0.2, 0.6, 0.9],
        "validation": [0.15, None, 0.5],
    }
    assert [line.x0 for line in figure.layout.shapes] == [2.5]
    assert [note.text.strip() for note in figure.layout.annotations] == ["all"]
    assert curve_words("accuracy", {"Version 2": history}) == (
        "Curve of the accuracy. Version 2: after 3 epochs (head then all) 90.0% on training and 50.0% on validation "
        "photos."
    )


def test_the_curves_of_two_versions_are_told_apart():
    epochs = [Epoch(epoch=1, loss=1, accuracy=0.5)]
    figure = curve_figure("loss", {"Version 2": epochs, "Version 1": epochs * 3})
    assert [line.name for line in figure.data if line.line.dash == "solid"] == [
        "Version 2, validation",
        "Version 1, validation",
    ]
    assert len({line.line.color for line in figure.data}) == 2


def test_the_confusion_matrix_leaves_empty_cells_out_and_shows_rare_mistakes():
    confusion = Confusion(labels=["Audi_A4", "Kia_Rio"], matrix=[[99, 1], [0, 100]])
    right, wrong = confusion_figure(confusion).data
    np.testing.assert_allclose(right.z, [[0.99**0.5, np.nan], [np.nan, 1]], rtol=1e-5)
    np.testing.assert_allclose(wrong.z, [[np.nan, 0.1], [np.nan, np.nan]], rtol=1e-5)
    assert wrong.colorscale[0][1].endswith("0.5)"), "one photo of many is half opaque"
    assert "199 of 200 photos" in confusion_words(confusion)


def test_the_calibration_plot_has_a_point_for_each_bin_with_photos():
    figure = calibration_figure(Calibration(**METRICS["calibration"]))
    points = {trace.name: (list(trace.x), list(trace.y)) for trace in figure.data if trace.type == "scatter"}
    assert points["as published"] == ([0.9], [0.75])
    assert points["before scaling"] == ([0.9], [0.75])
    assert [list(trace.y) for trace in figure.data if trace.type == "bar"] == [[4], [4]]


@pytest.mark.parametrize(
    ("truth", "answered", "both_ways", "found"),
    [
        ("Audi_A4", "Kia_Rio", False, "a.jpg"),
        ("Kia_Rio", "Audi_A4", False, ""),
        ("Kia_Rio", "Audi_A4", True, "a.jpg"),
        ("Audi_A4", None, False, "a.jpg d.jpg b.jpg"),
        (None, "Kia_Rio", False, "a.jpg c.jpg"),
        (None, None, False, "a.jpg c.jpg d.jpg b.jpg"),
    ],
)
def test_photos_of_a_cell_a_row_a_column_or_a_pair(version, truth, answered, both_ways, found):
    """Wrong answers come first, then the sure ones."""
    assert file_names(choose(answers_of(version), truth, answered, both_ways)) == found


def test_mistakes_begin_with_the_surest():
    some = [
        answer("sure.jpg", "A_1", "B_2", confidence=0.9),
        answer("right.jpg", "A_1", "A_1", confidence=1.0),
        answer("surest.jpg", "A_1", "B_2", confidence=0.95),
    ]
    assert file_names(mistakes(some)) == "surest.jpg sure.jpg"


@pytest.mark.parametrize(
    ("evidence", "of_mistake", "of_right"),
    [
        ("none", {}, {}),
        ("answer", {"explain": "Kia_Rio"}, {"explain": "Kia_Rio"}),
        ("truth", {"explain": "Audi_A4"}, {"explain": "Kia_Rio"}),
        ("contrast", {"explain": "Kia_Rio", "against": "Audi_A4"}, {"explain": "Kia_Rio"}),
    ],
)
def test_a_wall_says_what_was_answered_and_what_is_to_be_explained(version, evidence, of_mistake, of_right):
    known = dataset(photo("a.jpg"), photo("c.jpg"))
    mistake, right = wall(answers_of(version), known, evidence, "None.")["photos"]
    assert mistake == {
        "id": "id-a.jpg",
        "title": "Kia Rio, >\u00a099.9%",
        "lines": ["Really Audi A4, <\u00a00.1%"],
        "href": "/?sample=id-a.jpg",
        **of_mistake,
    }
    assert right == {
        "id": "id-c.jpg",
        "title": "Kia Rio, 90.0%",
        "lines": ["Right"],
        "href": "/?sample=id-c.jpg",
        **of_right,
    }


def test_photos_that_the_manifest_does_not_list_are_explained(version):
    assert "Set DASHBOARD_MANIFEST" in wall(answers_of(version), dataset(), "none", "None.")["empty"]
    assert wall([], dataset(), "none", "None.")["empty"] == "None."


def series(hits: str, version: str = "") -> list[Answer]:
    """Answers, one per letter: r for right, w for wrong."""
    return [answer(f"{version}{i}.jpg", "A_1", "A_1" if hit == "r" else "B_2") for i, hit in enumerate(hits)]


@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [
        # By hand: 0.21 - 0.01 = 0.2, and 1.96 * sqrt((0.22 - 0.2 ** 2) / 100) = 0.0832 around it.
        ("r" * 98, "r" * 98, -0.0277, 0.0277),
        ("r" * 98, "r" * 78 + "w" * 20, 0.1168, 0.2832),
        ("r" * 78 + "w" * 20, "r" * 98, -0.2832, -0.1168),
    ],
)
def test_two_versions_are_compared_photo_by_photo(ours, theirs, low, high):
    assert paired_difference(series(ours), series(theirs), HITS["top1"]) == pytest.approx((low, high), abs=1e-4)


def test_versions_that_answered_other_photos_are_not_compared_photo_by_photo():
    assert paired_difference(series("rr"), series("rr", "other-"), HITS["top1"]) is None
    assert paired_difference([], [], HITS["top1"]) is None


@pytest.mark.parametrize(
    ("theirs", "answers", "difference", "verdict"),
    [
        ({"top1": 0.55}, series("r" * 78 + "w" * 20), "+20.0 points (+11.7 to +28.3), better", "better"),
        ({"top1": 0.75}, series("r" * 98), "+0.0 points (-2.8 to +2.8), may be chance", "unclear"),
        ({"top1": 0.55}, [], "+20.0 points", "none"),
        ({}, [], "", "none"),
    ],
)
def test_a_difference_is_called_one_only_if_it_surely_is(theirs, answers, difference, verdict):
    version = Measured("Version 2", Report(METRICS), series("r" * 98))
    text = headline_texts(version, Measured("Version 1", Report(theirs), answers))[0]
    assert (text.value, text.interval) == ("75.0%", "30.0% to 95.0%")
    assert (text.difference, text.verdict) == (difference, verdict)


def test_less_is_better_for_the_calibration_error():
    version = Measured("Version 2", Report(METRICS))
    other = Measured("Version 1", Report({"calibration": {"ece": 0.05}}))
    texts = dict(zip(HEADLINES, headline_texts(version, other), strict=True))
    assert (texts["ece"].other, texts["ece"].difference) == ("Version 1: 5.0%", "+10.0 points")
    assert not HEADLINES["ece"].is_better_high
    assert texts["top5"].value == "not known"


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (None, ""),
        (Measured("Version 1", Report({})), "was not measured on these photos"),
        (Measured("Version 1", Report(METRICS), series("r", "other-")), "not known whether"),
        (Measured("Version 1", Report(METRICS), series("r")), "on the same photos"),
    ],
)
def test_the_page_says_what_to_keep_in_mind_when_versions_are_compared(other, words):
    note = comparison_note(Measured("Version 2", Report(METRICS), series("r")), other)
    assert words in note
    assert bool(note) == bool(words)


def test_the_best_methods_share_the_first_place_and_baselines_take_no_part():
    report = Explanations(**METRICS["explanations"]["test"])
    assert best_methods(report) == {"deletion": ["exact", "gradcam"], "insertion": ["exact"]}


def test_the_table_of_explanations_marks_winners_and_what_is_unsure():
    report = Explanations(**METRICS["explanations"]["test"])
    rows = {row["method"]: row for row in model_explanations.rows_of(report)}
    assert list(rows) == ["exact", "gradcam", "random"]
    assert (rows["exact"]["best"], rows["exact"]["unsure"]) == (["deletion", "insertion"], ["insertion"])
    assert rows["random"]["title"] == "Random map (baseline)"
    assert [column["headerName"] for column in model_explanations.columns_of(report)] == [
        "Method",
        "Deletion ↓",
        "Insertion ↑",
        "new",
    ]


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        ("test", "Measured on 1,200 photos of the test split."),
        ("all", "Measured on 1,200 photos."),
        (None, "Measured on 1,200 photos."),
    ],
)
def test_the_photos_of_the_explanations_are_named(split, sentence):
    assert model_explanations.measured_on(Explanations(photos=1200, split=split, methods={})) == sentence


def test_the_table_of_classes_begins_with_the_weakest():
    before = Report({"per_class": [{**METRICS["per_class"][0], "f1": 0.6}]})
    rows = model_classes.rows_of(Report(METRICS), before)
    assert [(row["name"], row["f1"], row["gain"]) for row in rows] == [
        ("Kia Rio", 0.667, None),
        ("Audi A4", 0.8, pytest.approx(0.2)),
        ("Opel Ampera", None, None),
    ]
    assert (rows[1]["interval"], rows[1]["confused"]) == ("20% to 94%", "Kia Rio (1)")


@pytest.mark.parametrize("asked", ["2", "9", None])
def test_the_skeleton_of_the_page_is_the_same_whatever_was_published(settings, version, tmp_path, asked):
    """Dash reports an error on every page if the layout lacks an id of a callback."""

    def ids(folder: Path) -> list[str]:
        page = layout(services_of(settings, VersionsFolder(folder)), asked)
        return [str(part.id) for part in page._traverse() if getattr(part, "id", None) is not None]

    found = ids(version.folder.parent)
    assert found == ids(tmp_path / "none")
    assert len(found) == len(set(found))


def services_of(settings: Settings, versions: VersionsFolder) -> Services:
    """The services of a page that reads files alone."""
    nobody: Any = None
    watch: Any = SimpleNamespace(last_version=None)
    dataset, runs = DatasetFile(lambda: settings.manifest), RunsFolder(settings.runs_dir, settings.demo_folder)
    return Services(settings, nobody, watch, nobody, dataset, versions, runs, nobody)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("# Car classifier\n\n## Use", "### Car classifier\n\n#### Use"),
        ("no #heading", "no #heading"),
        ("![logo](https://example.org/x.png)", "[logo](https://example.org/x.png)"),
        ("| | | 95 % |\n|---|---|---|\n| a | | c |", "|What|Value|95 %|\n|---|---|---|\n| a | | c |"),
    ],
)
def test_a_model_card_fits_into_the_page(markdown, shown):
    assert embedded(markdown) == shown


def test_an_answer_is_right_for_its_make_even_if_the_model_is_wrong():
    wrong = answer("a.jpg", "Audi_A4", "Audi_A5", "Audi_A4")
    assert [name for name, hit in HITS.items() if hit(wrong)] == ["top5", "make_top1"]
    assert [name for name, hit in HITS.items() if hit(replace(wrong, answers=("Kia_Rio",)))] == ["make_top1"]
