"""The addresses that the page asks, with a model server that is really asked."""

import io

import pytest

from dashboard import Settings, create_app

from .conftest import image_bytes, sent_photo
from .test_photos import halves, png_that_claims


@pytest.fixture
def web(settings):
    return create_app(settings).server.test_client()


def web_with(settings: Settings, **changes):
    return create_app(settings.model_copy(update=changes)).server.test_client()


def test_a_photo_is_kept_shown_and_answered(web, photo, local_server):
    kept = web.post("/photos", data=photo)
    assert kept.status_code == 201
    assert (kept.json["width"], kept.json["height"]) == (60, 40)

    shown = web.get(kept.json["src"])
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert "private" in shown.headers["Cache-Control"]

    answer = web.post(f"/photos/{kept.json['id']}/answer")
    assert answer.status_code == 200
    assert [entry["name"] for entry in answer.json["classes"]] == [
        "Aurelio Vela",
        "Brandt-Kessler Nord Kap",
        "Maki Hoshi",
    ]
    assert (answer.json["model"], answer.json["version"]) == ("good", "3")
    assert answer.json["milliseconds"] >= 0
    assert sent_photo(local_server).size == (60, 40)


def test_an_upload_that_hides_its_length_is_limited_too(web):
    endless = {"input_stream": io.BytesIO(bytes(600_000)), "environ_overrides": {"wsgi.input_terminated": True}}
    assert web.post("/photos", **endless).status_code == 413


def test_what_the_model_gets_is_always_a_jpeg(web, local_server):
    kept = web.post("/photos", data=image_bytes(halves(), "WEBP"))
    web.post(f"/photos/{kept.json['id']}/answer")
    assert sent_photo(local_server).format == "JPEG"


def test_a_sample_is_used_like_an_upload_and_its_name_is_told(web):
    kept = web.post("/samples/0/photo")
    assert kept.status_code == 201
    assert kept.json["truth"] in {"Aurelio Vela", "Maki Hoshi", "Orsini Lince"}
    assert web.get(kept.json["src"]).mimetype == "image/jpeg"
    assert web.post(f"/photos/{kept.json['id']}/answer").status_code == 200


def test_thumbnails_are_small_jpegs(web):
    thumbnail = web.get("/samples/5.jpg")
    assert (thumbnail.status_code, thumbnail.mimetype) == (200, "image/jpeg")
    assert len(thumbnail.data) < 5000


@pytest.mark.parametrize(
    ("method", "address", "body", "code", "words"),
    [
        ("POST", "/photos", b"", 422, "is empty"),
        ("POST", "/photos", b"not a photo", 422, "not a photo"),
        ("POST", "/photos", bytes(500_001), 413, "more than 0.5 MB. Scale it down"),
        ("POST", "/photos", png_that_claims(60_000, 60_000), 413, "million pixels"),
        ("POST", f"/photos/{'0' * 32}/answer", b"", 404, "no longer kept. Choose it again"),
        ("GET", f"/photos/{'0' * 32}.jpg", b"", 404, "no longer kept"),
        ("POST", "/samples/6/photo", b"", 404, "no longer there"),
        ("GET", "/samples/6.jpg", b"", 404, "no longer there"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(web, method, address, body, code, words):
    answer = web.open(address, method=method, data=body)
    assert answer.status_code == code
    assert words in answer.json["error"]


@pytest.mark.parametrize(
    "address",
    ["/samples/-1.jpg", "/samples/..%2f..%2fsecret.jpg", "/photos/..%2fsecret.jpg", "/samples/x.jpg"],
)
def test_no_other_file_can_be_had(web, settings, address):
    (settings.photo_folder.parent / "secret.jpg").write_bytes(b"secret")
    assert b"secret" != web.get(address).data


def test_a_photo_store_that_refuses_is_a_sentence(settings, photo, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    answer = web_with(settings, photo_folder=tmp_path / "file").post("/photos", data=photo)
    assert answer.status_code == 507
    assert "no room for the photo" in answer.json["error"]


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("slow", 504, "longer than 0.2 seconds"),
        ("status-404", 502, "no model named"),
        ("status-500", 502, "failed"),
        ("no-explanation", 502, "without an explanation"),
    ],
)
def test_what_goes_wrong_with_the_model_is_a_sentence(settings, photo, name, code, words):
    web = web_with(settings, model_name=name)
    photo_id = web.post("/photos", data=photo).json["id"]
    answer = web.post(f"/photos/{photo_id}/answer")
    assert answer.status_code == code
    assert words in answer.json["error"]
    assert web.get(f"/photos/{photo_id}.jpg").status_code == 200, "the photo is still there to try again"


def test_an_answer_without_a_known_version_is_still_an_answer(settings, photo):
    web = web_with(settings, model_name="odd-status")
    photo_id = web.post("/photos", data=photo).json["id"]
    assert web.post(f"/photos/{photo_id}/answer").json["version"] is None


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("good", {"state": "ready", "text": "Ready, version 3"}),
        ("loading", {"state": "starting", "text": "Starting"}),
        ("status-503", {"state": "starting", "text": "Starting"}),
        ("status-404", {"state": "starting", "text": "No model yet"}),
        ("not-json", {"state": "down", "text": "Not reachable"}),
    ],
)
def test_the_status_says_how_the_model_is(settings, name, status):
    assert web_with(settings, model_name=name).get("/status").json == status


def test_the_status_says_when_nothing_is_there(settings, closed_url):
    web = web_with(settings, model_server_url=closed_url)
    assert web.get("/status").json == {"state": "down", "text": "Not reachable"}


def test_health_needs_no_model_server(settings, closed_url):
    assert web_with(settings, model_server_url=closed_url).get("/healthz").status_code == 200
