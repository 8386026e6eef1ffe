"""Visitors' feedback on answers, and the readiness of the dashboard."""

import hashlib
import json
import sqlite3

import pytest
from sqlalchemy import select

from dashboard import create_app
from dashboard.database import open_database
from dashboard.database.tables import feedback
from dashboard.endpoints.opinion import FeedbackError, read_opinion
from tests.support.postgres import running_postgres

OPINION = {"answer_label": "Aurelio_Vela", "probability": 0.75, "version": "3", "right": True}
WRONG = OPINION | {"right": False}
LABELS = ["Aurelio_Vela", "Maki_Hoshi", "Alfa_Romeo_Giulia"]


@pytest.fixture
def url(tmp_path) -> str:
    return f"sqlite:///{tmp_path}/dashboard.sqlite3"


@pytest.fixture
def settings(settings, url, tmp_path):
    assets = tmp_path / "model" / "3" / "assets.extra"
    assets.mkdir(parents=True)
    (assets / "labels.json").write_text(json.dumps({"labels": LABELS}))
    return settings.model_copy(update={"database_url": url, "model_folder": tmp_path / "model"})


def browser_of(settings):
    """A client with a visitor's cookie, set by a page."""
    web = create_app(settings).server.test_client()
    assert web.get("/").status_code == 200
    return web


@pytest.fixture
def web(settings):
    return browser_of(settings)


def kept(url: str) -> list[dict]:
    database = open_database(url)
    with database.engine.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(feedback))]
    database.engine.dispose()
    return rows


def test_an_opinion_is_kept_without_the_photo_unless_its_sender_agrees(web, url, photo):
    photo_id = web.post("/photos", data=photo).json["id"]
    jpeg = web.get(f"/photos/{photo_id}.jpg").data
    said = web.post(f"/photos/{photo_id}/feedback", json=OPINION)
    assert (said.status_code, said.json) == (201, {"id": hashlib.sha256(jpeg).hexdigest(), "label": None})
    (row,) = kept(url)
    assert (row["answer_label"], row["probability"], row["answer_is_right"]) == ("Aurelio_Vela", 0.75, True)
    assert (row["model"], row["version"]) == ("good", "3")
    assert (row["may_train"], row["photo"]) == (False, None)

    web.post(f"/photos/{photo_id}/feedback", json=OPINION | {"may_train": True})
    (row,) = kept(url)
    assert (row["may_train"], row["photo"]) == (True, jpeg)

    web.post(f"/photos/{photo_id}/feedback", json=WRONG | {"label": "maki_hoshi"})
    (row,) = kept(url)
    assert (row["answer_is_right"], row["right_label"], row["photo"]) == (False, "Maki_Hoshi", None)


def test_it_can_be_taken_back_even_when_the_photo_is_gone_and_by_nobody_else(web, settings, url, photo):
    photo_id = web.post("/photos", data=photo).json["id"]
    said = web.post(f"/photos/{photo_id}/feedback", json=OPINION | {"may_train": True})
    (settings.photo_folder / f"{photo_id}.jpg").unlink()
    assert browser_of(settings).delete(f"/feedback/{said.json['id']}").status_code == 200
    assert len(kept(url)) == 1
    assert web.delete(f"/feedback/{said.json['id']}").status_code == 200
    assert kept(url) == []


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({}, 422, "cannot be read (answer_label, probability, right). Reload the page"),
        ([], 422, "cannot be read (body)"),
        ("yes", 422, "cannot be read (body)"),
        (OPINION | {"right": "yes"}, 422, "cannot be read (right)"),
        (OPINION | {"probability": 2}, 422, "cannot be read (probability)"),
        (OPINION | {"may_train": 1}, 422, "cannot be read (may_train)"),
        (OPINION | {"visitor": "somebody"}, 422, "cannot be read (visitor)"),
        (OPINION | {"label": "Maki_Hoshi"}, 422, "cannot be right if the photo shows something else"),
        (WRONG | {"label": "Aurelio_Vela"}, 422, "Aurelio Vela is the answer itself"),
        (WRONG | {"label": "Mazda"}, 422, "both make and model"),
        (OPINION | {"answer_label": "../../x"}, 422, "cannot have given this answer"),
        (OPINION | {"answer_label": "Mazda_3"}, 422, "cannot have given this answer"),
        (OPINION | {"version": None, "answer_label": "../../x"}, 422, "cannot have given this answer"),
        (OPINION | {"version": None, "answer_label": "A_B\0"}, 422, "cannot have given this answer"),
        (OPINION | {"version": "../3"}, 422, "cannot be read (version)"),
        (OPINION | {"version": "3\0"}, 422, "cannot be read (version)"),
    ],
)
def test_what_cannot_be_kept_is_a_sentence(web, url, photo, body, code, words):
    photo_id = web.post("/photos", data=photo).json["id"]
    answer = web.post(f"/photos/{photo_id}/feedback", json=body)
    assert (answer.status_code, kept(url)) == (code, [])
    assert words in answer.json["error"]


def test_other_mistakes_are_sentences_too(web, photo):
    photo_id = web.post("/photos", data=photo).json["id"]
    broken = web.post(f"/photos/{photo_id}/feedback", data=b"{")
    assert (broken.status_code, broken.json) == (400, {"error": "The body of the request must be JSON."})
    for feedback_id in ("%00", "0" * 63, "0" * 65, "Z" * 64):
        assert web.delete(f"/feedback/{feedback_id}").status_code == 404
    gone = web.post(f"/photos/{'0' * 32}/feedback", json=OPINION)
    assert (gone.status_code, "Choose it again" in gone.json["error"]) == (404, True)


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("Maki_Hoshi", "Maki_Hoshi"),
        ("MAKI_hoshi", "Maki_Hoshi"),
        ("Alfa_Romeo_Giulia", "Alfa_Romeo_Giulia"),
        (" Škoda _ Octavia RS ", "Škoda_Octavia RS"),
        ("Mercedes-Benz_A-Class", "Mercedes-Benz_A-Class"),
        (None, None),
    ],
)
def test_a_car_is_written_as_the_model_knows_it(said, label):
    assert read_opinion(WRONG | {"label": said}, LABELS).label == label


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("_", "both make and model"),
        ("Mazda_ ", "both make and model"),
        ("nan_nan", "both make and model"),
        ("Mazda_../../x", "without slashes"),
        ("..\\x_3", "without slashes"),
        (".Mazda_3", "full stop"),
        ("Mazda_3\n", None),
        ("Mazda_3\x00x", "without slashes"),
        ("Mazda_" + "3" * 61, "at most 60 letters"),
        ("M" * 201, "cannot be read (label)"),
    ],
)
def test_a_car_must_be_fit_for_a_file_name(label, words):
    if words is None:
        assert read_opinion(WRONG | {"label": label}, LABELS).label == label.strip()
        return
    with pytest.raises(FeedbackError) as caught:
        read_opinion(WRONG | {"label": label}, LABELS)
    assert words in str(caught.value)


def test_readiness_needs_database_and_photo_folder_but_no_model_server(settings, closed_url, tmp_path):
    def ready(**changes):
        answer = create_app(settings.model_copy(update=changes)).server.test_client().get("/readyz")
        return answer.status_code, answer.json

    fine = {"ready": True, "database": "ok", "photos": "ok", "model_server": "ok"}
    assert ready() == (200, fine)
    assert ready(model_server_url=closed_url) == (200, fine | {"model_server": "Not reachable"})
    (tmp_path / "file").touch()
    code, about = ready(photo_folder=tmp_path / "file")
    assert (code, about["ready"], about["photos"]) == (503, False, "cannot be kept in their folder")


def test_a_database_that_fails_is_a_sentence(web, url, photo):
    photo_id = web.post("/photos", data=photo).json["id"]
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("DROP TABLE feedback")
    answer = web.post(f"/photos/{photo_id}/feedback", json=OPINION)
    assert answer.status_code == 503
    assert answer.json == {"error": "The dashboard's database does not answer. Try again in a moment."}


def test_a_dashboard_whose_database_is_gone_is_not_ready(settings, photo):
    with running_postgres() as server:
        web = browser_of(settings.model_copy(update={"database_url": server.new_database()}))
        assert web.get("/readyz").status_code == 200
    lost = web.get("/readyz")
    assert (lost.status_code, lost.json["ready"], lost.json["database"]) == (503, False, "does not answer")
    assert web.get("/").status_code == 200
