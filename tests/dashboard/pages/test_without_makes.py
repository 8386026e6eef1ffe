"""The pages of a data set whose classes have no makes, or only some."""

import secrets

import numpy as np
import pytest

from dashboard import create_app
from dashboard.components.data_filters import labels_by_make
from dashboard.components.model_classes import rows_of
from dashboard.game import engine
from dashboard.game.rules import Difficulty, points
from dashboard.model_server.client import ClassExplanation, Explanation
from dashboard.pages.data import layout as data_layout
from dashboard.pages.play import layout as play_layout
from dashboard.photos.dataset import read_dataset
from dashboard.reports.answers import describe
from dashboard.reports.results import Report
from dashboard.settings import Settings
from dashboard.subject import PHOTO
from dashboard.web.visitors import COOKIE
from tests.dashboard.pages.test_layout import parts, texts

ALONE = (("", "cats"), ("", "dogs"), ("", "Żubr bison"))
MIXED = (("", "cats"), ("Škoda", "Octavia"), ("Škoda", "Fabia"))


@pytest.fixture
def manifest(tmp_path):
    def write(classes):
        path = tmp_path / "manifest.csv"
        rows = [
            f"{i}.jpg,{make},{model},{make + '_' if make else ''}{model},test"
            for i, (make, model) in enumerate(classes)
        ]
        path.write_text("\n".join(["file_name,make,model,label,split", *rows]), encoding="utf-8")
        return path

    return write


def settings_of(manifest) -> Settings:
    folder = manifest.parent
    database = f"sqlite:///{folder}/dashboard.sqlite3"
    return Settings(manifest=manifest, model_folder=folder / "model", photo_folder=folder / "p", database_url=database)


def shown(page, component_id: str):
    return next(part for part in parts(page) if getattr(part, "id", None) == component_id)


def test_the_data_page_counts_classes_and_offers_no_make(manifest):
    path = manifest(ALONE)
    page = data_layout(settings_of(path), read_dataset(path), PHOTO, {})
    assert "3 photos of 3 classes." in texts(page)
    assert shown(page, "data-make").style == {"display": "none"}
    assert shown(page, "data-label").data == [
        {"value": "cats", "label": "cats"},
        {"value": "dogs", "label": "dogs"},
        {"value": "Żubr bison", "label": "Żubr bison"},
    ]


def test_classes_without_a_make_stand_beside_the_makes_of_others(manifest):
    labels = labels_by_make(read_dataset(manifest(MIXED)))
    assert labels[0] == {"value": "cats", "label": "cats"}
    assert [entry["group"] for entry in labels[1:]] == ["Škoda"]


@pytest.mark.parametrize(
    ("classes", "cars"),
    [
        (ALONE, [("", "cats", "cats"), ("", "dogs", "dogs"), ("", "Żubr bison", "Żubr bison")]),
        (MIXED, [("cats", "cats", "cats"), ("Škoda", "Fabia", "Škoda_Fabia"), ("Škoda", "Octavia", "Škoda_Octavia")]),
    ],
)
def test_what_can_be_named_in_a_hard_game(manifest, classes, cars):
    web = create_app(settings_of(manifest(classes))).server.test_client()
    web.set_cookie(COOKIE, secrets.token_hex(16))
    answer = web.get("/play/cars").json["cars"]
    assert [(car["make"], car["model"], car["label"]) for car in answer] == cars


def test_the_game_says_nothing_of_makes_and_gives_nothing_for_them(manifest):
    dataset = read_dataset(manifest(ALONE))
    assert "make" not in texts(play_layout(dataset, PHOTO))
    makes = engine.makes_of(dataset)
    assert points(Difficulty.HARD, "cats", "dogs", makes) == 0
    assert points(Difficulty.HARD, "cats", "cats", makes) == 1


def test_an_answer_names_no_make_that_is_only_a_class():
    maps = np.zeros((2, 2), np.float32)
    classes = tuple(ClassExplanation(name, i, 0.5, maps, 1.0, 0.0) for i, name in enumerate(("cats", "Škoda_Fabia")))
    explanation = Explanation(classes, (("cats", 0.5), ("Škoda", 0.5)), None, (0, 0, 1, 1))
    page = describe(explanation, model="cars", version="7", milliseconds=1)
    assert page["makes"] == [{"name": "Škoda", "probability": 0.5}]


def test_the_table_of_classes_has_no_makes_to_show():
    row = {"label": "cats", "support": 3, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    (shown_row,) = rows_of(Report({"per_class": [row]}), Report({}))
    assert shown_row["make"] == ""
    assert "make_top1" not in Report({"top1": 0.5}).headlines
