"""The addresses and the skeleton of the page "Data", without a browser."""

import csv

import numpy as np
import pytest

from dashboard import create_app
from dashboard.pages.data import layout
from dashboard.photos.dataset import read_dataset
from dashboard.subject import Subject
from tests.dashboard.pages.test_layout import parts


@pytest.fixture
def manifest(settings):
    """The small manifest with more columns: two near-duplicates, one photo that is excluded, years."""
    with settings.manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row |= {"year": 2010 + number, "near_duplicate_group": "1" if number < 2 else "", "colour": "grün"}
        row["excluded"] = "no car" if number == 5 else ""
    with settings.manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return settings.manifest


@pytest.fixture
def predictions(settings):
    """Answers of version 3: right for all but the second Maki Hoshi."""
    rows = ["file_name,label_1,probability_1,label_2,probability_2"]
    for label in ("Aurelio_Vela", "Maki_Hoshi", "Orsini_Lince"):
        rows += [f"images/{label}_{number}.jpg,{label},0.8,Aurelio_Vela,0.1" for number in (1, 2)]
    rows[4] = "images/Maki_Hoshi_2.jpg,Orsini_Lince,0.9,Maki_Hoshi,0.1"
    assets = settings.model_folder / "3" / "assets.extra"
    assets.mkdir(parents=True, exist_ok=True)
    (assets / "predictions.csv").write_text("\n".join(rows))


@pytest.fixture
def web(settings, manifest, predictions):
    return create_app(settings).server.test_client()


def found(answer) -> list[str]:
    return [photo["name"] for photo in answer.json["photos"]]


def id_of(manifest, number: int) -> str:
    return read_dataset(manifest).photos[number].id


def test_a_search_finds_photos_and_counts_classes_whatever_the_label(web):
    answer = web.get("/dataset/photos?label=Maki_Hoshi&year_to=2014")
    assert found(answer) == ["Maki Hoshi", "Maki Hoshi"]
    assert {name: answer.json[name] for name in ("found", "of", "page", "pages", "suspects")} == {
        "found": 2, "of": 6, "page": 1, "pages": 1, "suspects": 1,
    }  # fmt: skip
    assert [(entry["name"], entry["photos"]) for entry in answer.json["classes"]] == [
        ("Aurelio Vela", 2),
        ("Maki Hoshi", 2),
        ("Orsini Lince", 1),
    ]


def test_suspects_say_what_the_model_answered(web):
    answer = web.get("/dataset/photos?suspects=yes")
    assert found(answer) == ["Maki Hoshi"]
    suspect = answer.json["photos"][0]["suspect"]
    assert suspect == {"name": "Orsini Lince", "probability": 0.9, "label_probability": 0.1, "threshold": 0.8}
    assert (answer.json["version"], answer.json["looked_at"]) == (3, {"test": 5})
    assert [entry["name"] for entry in answer.json["classes"]] == ["Maki Hoshi"]
    assert found(web.get("/dataset/photos?suspects=yes&make=Orsini")) == []


def test_a_photo_has_all_its_columns_and_near_duplicates(web, manifest):
    about = web.get(f"/dataset/{id_of(manifest, 0)}.json").json
    assert [name for name, _ in about["columns"]][:2] == ["file_name", "make"]
    assert dict(about["columns"])["colour"] == "grün"
    assert [photo["id"] for photo in about["duplicates"]] == [id_of(manifest, 1)]
    assert web.get(f"/dataset/{id_of(manifest, 2)}.json").json["duplicates"] == []


def test_similar_photos_come_once_there_are_features(web, manifest, settings):
    address = f"/dataset/{id_of(manifest, 0)}.json"
    similar = web.get(address).json["similar"]
    assert similar["command"] == f"car-classifier data features --data {manifest} --model {settings.model_folder}"

    names = [photo.file_name for photo in read_dataset(manifest).photos]
    features = np.eye(6, 4)
    features[3] = features[0]
    content = {"features": features, "model_version": np.array("3")}
    np.savez(manifest.with_name("features.npz"), file_names=np.array(names), **content)
    similar = web.get(address).json["similar"]
    assert (similar["photos"][0]["id"], similar["photos"][0]["similarity"]) == (id_of(manifest, 3), 1.0)
    assert (similar["version"], len(similar["photos"])) == ("3", 4)

    np.savez(manifest.with_name("features.npz"), file_names=np.array(["x", *names[1:]]), **content)
    assert "newer than the file" in web.get(address).json["similar"]["problem"]


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        ("/dataset/photos?page=0", 400, "“page” must be a whole number"),
        ("/dataset/0000.json", 404, "not in the data set any more"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(web, address, code, words):
    answer = web.get(address)
    assert answer.status_code == code
    assert words in answer.json["error"]


def test_the_skeleton_is_the_same_without_a_manifest_which_it_says_how_to_make(settings, manifest):
    def ids(page):
        return sorted(str(part.id) for part in parts(page) if getattr(part, "id", None) is not None)

    full = layout(settings, read_dataset(manifest), Subject("car", "cars"), {})
    manifest.unlink()
    empty = layout(settings, read_dataset(manifest), Subject("car", "cars"), {})
    assert ids(empty) == ids(full)
    assert len(set(ids(full))) == len(ids(full))
    assert "car-classifier data index" in str(empty)
    assert "car-classifier data index" not in str(full)


def values_of(page) -> dict[str, object]:
    return {part.id: part.value for part in parts(page) if hasattr(part, "value") and hasattr(part, "id")}


def test_a_range_without_a_choice_goes_from_end_to_end(settings, manifest):
    """This includes a range without choices: no photo has a score."""
    page = layout(settings, read_dataset(manifest), Subject("car", "cars"), {})
    ends = {part.id: [part.min, part.max] for part in parts(page) if hasattr(part, "min")}
    assert ends == {"data-years": [2010, 2015], "data-scores": [0, 0.05]}
    assert {name: values_of(page)[name] for name in ends} == ends


def test_the_conditions_are_set_as_the_address_says(settings, manifest):
    query = {"make": "Maki", "year_from": "2012", "suspects": "yes", "text": "x"}
    page = layout(settings, read_dataset(manifest), Subject("car", "cars"), query)
    values = values_of(page)
    assert (values["data-make"], values["data-years"], values["data-suspects"]) == ("Maki", [2012, 2015], "yes")
    assert (values["data-text"], values["data-label"]) == ("x", None)
