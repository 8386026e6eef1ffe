"""The subject of the photos: the words of every page follow it, and it follows the files of data set and version."""

import json
import re

import dash
import pytest
from plotly.utils import PlotlyJSONEncoder

import car_classifier.subject
from dashboard import create_app
from dashboard.components.play_start import start
from dashboard.game.rules import Difficulty
from dashboard.photos.dataset import DatasetFile
from dashboard.reports.versions import VersionsFolder
from dashboard.subject import CAR, FILE, PHOTO, Subject, default_subject, read_subject, subject_from_json
from tests.dashboard.pages.test_layout import texts

BIRD = Subject("bird", "birds")
NOUNS = {"singular": "bird", "plural": "birds"}


WORDS = ("title", "question", "correction", "contest", "photos", "one", "many", "it_is")


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (
            CAR,
            "Car classification|Which car is this?|Which car is it?|Who knows the car?|photos of cars|car|cars|"
            "it is the",
        ),
        (
            BIRD,
            "Bird classification|Which bird is this?|Which bird is it?|Who knows the bird?|photos of birds|bird|birds|"
            "it is the",
        ),
        (
            PHOTO,
            "Photo classification|What does this photo show?|What does it show?|Who knows what it shows?|photos|class|"
            "classes|it is",
        ),
    ],
)
def test_the_words_of_sentences(subject, words):
    assert {name: getattr(subject, name) for name in WORDS} == dict(zip(WORDS, words.split("|"), strict=True))
    assert list(subject.attributes.values()) == words.split("|")[-3:]


@pytest.mark.parametrize(
    "content", [None, [], {}, "bird", {"singular": "bird"}, NOUNS | {"singular": "<b>"}, NOUNS | {"plural": 1},
                NOUNS | {"plural": ""}, NOUNS | {"singular": "b" * 41}, NOUNS | {"singular": "bi\nrd"}],
)  # fmt: skip
def test_json_that_names_nothing(content):
    assert subject_from_json(content) is None
    assert car_classifier.subject.subject_from_json(content) is None


@pytest.mark.parametrize("text", ["bird", "road sign/road signs", "T-shirt", "Vogel/Vögel", "पक्षी/पक्षी"])
def test_both_programs_read_what_indexing_writes(tmp_path, text):
    written = car_classifier.subject.parse_subject(text)
    car_classifier.subject.write_subject(tmp_path, written)
    assert read_subject(tmp_path / FILE) == Subject(written.singular, written.plural)
    assert FILE == car_classifier.subject.FILE


@pytest.mark.parametrize("has_makes", [True, False])
def test_both_programs_have_the_same_default(has_makes):
    other = car_classifier.subject.default_subject(has_makes)
    assert default_subject(has_makes) == Subject(other.singular, other.plural)


def test_the_data_set_has_the_subject_beside_its_manifest(small_manifest):
    dataset = DatasetFile(lambda: small_manifest)
    assert dataset.subject() == CAR
    (small_manifest.parent / FILE).write_text(json.dumps(NOUNS))
    assert dataset.subject() == BIRD
    (small_manifest.parent / FILE).write_text("{")
    assert dataset.subject() == CAR
    small_manifest.write_text("file_name,make,model,label\na.jpg,,robin,robin\n")
    assert dataset.subject() == PHOTO


def write_version(folder, number, labels, config=None):
    assets = folder / str(number) / "assets.extra"
    assets.mkdir(parents=True)
    (assets / "labels.json").write_text(json.dumps(labels))
    if config is not None:
        (assets / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("labels", "config", "subject"),
    [
        ({"labels": ["a_b", "c"], "makes": {"a_b": "a", "c": "c"}}, {"subject": NOUNS}, BIRD),
        ({"labels": ["a_b", "c"], "makes": {"a_b": "a", "c": "c"}}, {}, CAR),
        ({"labels": ["a_b", "c"], "makes": {"a_b": "a_b", "c": "c"}}, {}, PHOTO),
        ({"labels": ["a_b"]}, None, CAR),
        ({"labels": ["a"]}, {"subject": "<b>"}, PHOTO),
    ],
)
def test_a_version_has_a_subject(tmp_path, labels, config, subject):
    write_version(tmp_path, 1, labels, config)
    assert VersionsFolder(tmp_path).find(1).subject == subject


@pytest.fixture
def birds(settings, small_manifest):
    """The settings of a dashboard whose model and photos are about birds, without makes."""
    rows = small_manifest.read_text().splitlines()
    renamed = [re.sub(r",(\w+),(\w+),\w+,test$", r",,\1\2,\1\2,test", row) for row in rows]
    small_manifest.write_text("\n".join(renamed) + "\n")
    (small_manifest.parent / FILE).write_text(json.dumps(NOUNS))
    names = ["AurelioVela", "MakiHoshi", "OrsiniLince"]
    write_version(
        settings.model_folder, 3, {"labels": names, "makes": dict(zip(names, names, strict=True))}, {"subject": NOUNS}
    )
    return settings


def said(app) -> dict[str, str]:
    """All that the app gives a browser to show, by page; without the name of the command."""
    web = app.server.test_client()
    given = {page["path"]: json.dumps(page["layout"](), cls=PlotlyJSONEncoder) for page in dash.page_registry.values()
             if callable(page["layout"])}  # fmt: skip
    for path in given:
        document = web.get(path).get_data(as_text=True)
        given[path] += " ".join(re.findall(r"<title>.*?</title>|<meta[^>]*>|<link rel=.icon[^>]*>", document))
    given["shell"] = web.get("/_dash-layout").get_data(as_text=True)
    return {name: text.replace("car-classifier", "") for name, text in given.items()}


def cars_in(text: str) -> list[str]:
    return re.findall(r".{0,40}\bcars?\b.{0,40}", text, re.IGNORECASE)


def test_no_page_about_birds_says_car(birds):
    pages = said(create_app(birds))
    assert set(pages) == {"/", "/play", "/model", "/data", "shell"}
    assert {name: cars_in(text) for name, text in pages.items() if cars_in(text)} == {}
    assert {name for name, text in pages.items() if re.search("bird", text, re.IGNORECASE)} == set(pages)


def test_without_a_subject_and_makes_pages_speak_of_classes(birds):
    (birds.manifest.parent / FILE).unlink()
    (birds.model_folder / "3" / "assets.extra" / "config.json").unlink()
    pages = said(create_app(birds))
    assert {name: found for name, text in pages.items() if (found := cars_in(text))} == {}
    assert "What does this photo show?" in pages["/"]
    assert "Drop photos here" in pages["/"]
    assert "Which photo" not in "".join(pages.values())


def test_the_demo_says_car(settings):
    pages = said(create_app(settings))
    assert "Which car is this?" in pages["/"]
    assert "Four cars of different makes." in pages["/play"]
    assert "/assets/favicon.svg" in pages["/"]
    assert "Car classification" in pages["shell"]


def test_a_running_page_follows_a_new_version(settings):
    app = create_app(settings)
    assert "Which car is this?" in said(app)["/"]
    write_version(settings.model_folder, 7, {"labels": ["robin"], "makes": {"robin": "robin"}}, {"subject": NOUNS})
    pages = said(app)
    assert "Which bird is this?" in pages["/"]
    assert "Bird classification" in pages["shell"]
    assert "<title>Bird classification</title>" in pages["/"]
    assert "/assets/favicon-photo.svg" in pages["/"]
    assert "Four cars that the AI mixes up." in pages["/play"], "the photos of the game are still of cars"


def test_the_version_that_answers_counts(settings, local_server):
    write_version(settings.model_folder, 3, {"labels": ["a_b"], "makes": {"a_b": "a"}})
    write_version(settings.model_folder, 7, {"labels": ["robin"], "makes": {"robin": "robin"}}, {"subject": NOUNS})
    app = create_app(settings)
    assert "Bird classification" in said(app)["shell"], "the newest, while it is not known which one answers"
    app.server.test_client().get("/status")
    assert "Car classification" in said(app)["shell"]


@pytest.mark.parametrize(
    ("subject", "has_makes", "words"),
    [
        (
            CAR,
            True,
            ["Four cars of different makes.", "Four cars that the AI mixes up.", "Any car: name make and model."],
        ),
        (
            BIRD,
            False,
            ["Any four birds to choose from.", "Four birds that the AI mixes up.", "Any bird: name it yourself."],
        ),
        (PHOTO, False, ["Any four classes to choose from.", "Any class: name it yourself."]),
    ],
)
def test_a_game_speaks_of_makes_only_where_there_are_some(subject, has_makes, words):
    shown = texts(start(5, Difficulty.EASY, False, True, subject, has_makes))
    assert [word for word in words if word not in shown] == []
    assert ("make" in shown) == has_makes
