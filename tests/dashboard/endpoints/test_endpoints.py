"""The addresses of the Classify page, with a real model server."""

import base64
import hashlib
import io
import json
import re

import pytest
from PIL import Image

from dashboard import Settings, create_app
from dashboard.photos.dataset import DatasetPhoto, read_dataset
from tests.dashboard.photos.test_normalise import halves, png_that_claims
from tests.support.local_model_server import ALL_LABELS, local_model_server, sent_photo
from tests.support.pictures import encoded


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


@pytest.mark.parametrize(("size", "kind"), [((40, 20), "PNG"), ((4000, 20), "JPEG")])
def test_the_model_gets_a_png_or_a_jpeg_whatever_was_sent(web, local_server, size, kind):
    kept = web.post("/photos", data=encoded(halves().resize(size), "WEBP", lossless=True))
    web.post(f"/photos/{kept.json['id']}/answer")
    assert sent_photo(local_server).format == kind
    shown = web.get(kept.json["src"])
    assert shown.mimetype == f"image/{kind.lower()}"
    assert Image.open(io.BytesIO(shown.data)).format == kind


@pytest.fixture
def dataset_photo(small_manifest) -> DatasetPhoto:
    return read_dataset(small_manifest).photos[-1]


def test_a_photo_of_the_data_set_is_used_like_an_upload_and_has_its_name(web, dataset_photo):
    kept = web.post(f"/dataset/{dataset_photo.id}/photo")
    assert kept.status_code == 201
    assert (kept.json["label"], kept.json["truth"]) == ("Orsini_Lince", "Orsini Lince")
    assert web.get(kept.json["src"]).mimetype == "image/jpeg"
    assert web.post(f"/photos/{kept.json['id']}/answer").status_code == 200


def test_a_photo_of_the_data_set_can_be_asked_about_at_once(web, dataset_photo):
    assert web.post(f"/dataset/{dataset_photo.id}/answer").json["classes"][0]["label"] == "Aurelio_Vela"


@pytest.mark.parametrize("kind", ["photos", "dataset"])
def test_photos_can_be_had_small(settings, kind, large_photo):
    settings.manifest.with_name("large.jpg").write_bytes(large_photo)
    settings.manifest.write_text("file_name,label\nlarge.jpg,A_B\n", encoding="utf-8")
    web = web_with(settings)
    ids = {"photos": web.post("/photos", data=large_photo).json["id"]}
    ids["dataset"] = read_dataset(settings.manifest).photos[0].id
    sizes = {}
    for query in ("", "?side=160"):
        answer = web.get(f"/{kind}/{ids[kind]}.jpg{query}")
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        sizes[query] = Image.open(io.BytesIO(answer.data)).size
    assert sizes == {"": (900, 600), "?side=160": (160, 107)}


@pytest.mark.parametrize("kind", ["photos", "dataset"])
def test_a_large_photo_is_shown_small_and_the_model_gets_all_of_it(settings, kind, large_photo, local_server):
    settings.manifest.with_name("large.jpg").write_bytes(large_photo)
    settings.manifest.write_text("file_name,label\nlarge.jpg,A_B\n", encoding="utf-8")
    web = web_with(settings, photo_side=300)
    sample = f"/dataset/{read_dataset(settings.manifest).photos[0].id}"
    kept = (web.post("/photos", data=large_photo) if kind == "photos" else web.post(f"{sample}/photo")).json
    assert (kept["width"], kept["height"]) == (300, 200)
    for address, size in [
        (kept["src"], (300, 200)),
        (f"/photos/{kept['id']}", (900, 600)),
        (f"{sample}.jpg", (300, 200)),
    ]:
        assert Image.open(io.BytesIO(web.get(address).data)).size == size
    for address in (f"/photos/{kept['id']}", sample):
        web.post(f"{address}/answer")
        assert sent_photo(local_server).size == (900, 600)


@pytest.fixture
def large_photo() -> bytes:
    return encoded(Image.new("RGB", (900, 600), "green"), "JPEG")


def test_any_class_can_be_asked_for(web, photo, local_server, labels_of_version_3):
    photo_id = web.post("/photos", data=photo).json["id"]
    answer = web.post(f"/photos/{photo_id}/answer", json={"label": "Maki_Hoshi"})
    assert answer.json["asked"]["name"] == "Maki Hoshi"
    assert answer.json["asked"]["map"] == [[-0.5, -0.5], [0.0, 0.0]]
    assert local_server.bodies[-1]["instances"][0]["class_index"] == 2


@pytest.mark.parametrize(
    ("label", "words"),
    [("No_Such", "is not one of its classes"), ("Maki_Hoshi", "are not those of the version that answers")],
)
def test_a_class_that_the_model_does_not_answer_for_is_a_sentence(web, photo, labels_of_version_3, label, words):
    labels = {"labels": ["Maki_Hoshi", *ALL_LABELS]}
    (labels_of_version_3 / "3/assets.extra/labels.json").write_text(json.dumps(labels), encoding="utf-8")
    photo_id = web.post("/photos", data=photo).json["id"]
    answer = web.post(f"/photos/{photo_id}/answer", json={"label": label})
    assert answer.status_code == 422
    assert words in answer.json["error"]


def test_without_the_versions_files_only_the_likely_classes_can_be_had(web, photo):
    photo_id = web.post("/photos", data=photo).json["id"]
    answer = web.post(f"/photos/{photo_id}/answer", json={"label": "Maki_Hoshi"})
    assert (answer.status_code, "names of its classes are not known" in answer.json["error"]) == (422, True)


@pytest.mark.parametrize(
    ("method", "address", "body", "code", "words"),
    [
        ("POST", "/photos", b"", 422, "is empty"),
        ("POST", "/photos", b"not a photo", 422, "not a photo"),
        ("POST", "/photos", bytes(500_001), 413, "more than 0.5 MB. Scale it down"),
        ("POST", "/photos", png_that_claims(60_000, 60_000), 413, "million pixels"),
        ("POST", f"/photos/{'0' * 32}/answer", b"", 404, "no longer kept. Choose it again"),
        ("GET", f"/photos/{'0' * 32}.jpg", b"", 404, "no longer kept"),
        ("POST", "/dataset/0123456789abcdef/photo", b"", 404, "not in the data set any more"),
        ("GET", "/dataset/0123456789abcdef.jpg", b"", 404, "not in the data set any more"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(web, method, address, body, code, words):
    answer = web.open(address, method=method, data=body)
    assert answer.status_code == code
    assert words in answer.json["error"]


@pytest.mark.parametrize(
    "address",
    ["/dataset/..%2f..%2fsecret.jpg", "/photos/..%2fsecret.jpg", "/dataset/x.jpg"],
)
def test_no_other_file_can_be_had(web, settings, address):
    (settings.photo_folder.parent / "secret.jpg").write_bytes(b"secret")
    assert b"secret" != web.get(address).data


def test_a_photo_of_the_data_set_whose_file_is_gone_is_a_sentence(web, dataset_photo):
    dataset_photo.path.unlink()
    for answer in (web.get(f"/dataset/{dataset_photo.id}.jpg"), web.post(f"/dataset/{dataset_photo.id}/photo")):
        assert (answer.status_code, "no longer there" in answer.json["error"]) == (404, True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[1]", "must be empty or"),
        (b'{"label": 7}', "must be empty or"),
        (b"{", "request must be JSON"),
    ],
)
def test_a_request_for_an_answer_is_checked(web, photo, body, words):
    photo_id = web.post("/photos", data=photo).json["id"]
    answer = web.post(f"/photos/{photo_id}/answer", data=body)
    assert answer.status_code == 400
    assert words in answer.json["error"]


def test_the_classes_of_a_version_are_listed_by_name(web, labels_of_version_3):
    names = [entry["name"] for entry in web.get("/versions/3/classes").json]
    assert names == ["Aurelio Vela", "Brandt-Kessler Nord Kap", "Maki Hoshi", "Orsini Gatto", "Orsini Lince"]
    assert web.get("/versions/4/classes").json == []


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
    web = web_with(settings, model_name=name, read_timeout=0.2 if name == "slow" else 30)
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
    assert web_with(settings, model_name=name).get("/status").json == status | {"detail": "", "demo": 0}


@pytest.mark.parametrize(("config", "classes"), [({"drawn": True}, 5), ({"drawn": False}, 0), ({}, 0)])
def test_the_status_says_whether_the_served_model_is_the_demo(settings, labels_of_version_3, config, classes):
    assets = labels_of_version_3 / "3" / "assets.extra"
    (assets / "config.json").write_text(json.dumps(config))
    web = web_with(settings)
    assert web.get("/status").json["demo"] == classes


def test_phones_can_put_the_dashboard_on_their_home_screen(web):
    answer = web.get("/app.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    assert answer.json["name"] == "Car classification"
    for icon in answer.json["icons"]:
        with web.get(icon["src"]) as file:
            assert file.status_code == 200
    assert 'rel="manifest" href="/app.webmanifest"' in web.get("/").text


@pytest.mark.parametrize("address", ["/", "/play", "/model", "/data"])
def test_a_link_to_a_page_has_a_picture(web, address):
    (picture,) = re.findall(r'property="og:image" content="http://localhost(/[^"]+)"', web.get(address).text)
    with web.get(picture) as file, Image.open(io.BytesIO(file.data)) as image:
        assert image.size == (1200, 630)


def test_the_status_says_when_nothing_is_there(settings, closed_url):
    web = web_with(settings, model_server_url=closed_url)
    assert web.get("/status").json == {"state": "down", "text": "Not reachable", "detail": "", "demo": 0}


def test_the_status_says_why_a_server_that_is_started_again_had_ended(settings, closed_url, tmp_path):
    note = tmp_path / "model_server.json"
    web = web_with(settings, model_server_url=closed_url, server_note=note)
    assert web.get("/status").json["text"] == "Not reachable"
    note.write_text('{"reason": ""}')
    assert web.get("/status").json == {"state": "starting", "text": "Starting", "detail": "", "demo": 0}
    note.write_text('{"reason": "was killed"}')
    status = web.get("/status").json
    assert (status["state"], status["text"]) == ("starting", "Restarting")
    assert status["detail"].startswith("The model server was killed. It is being started again")
    note.write_text("{")
    assert web.get("/status").json["text"] == "Not reachable"


def test_a_server_that_is_started_again_has_its_reason_until_a_model_answers(settings, tmp_path):
    note = tmp_path / "model_server.json"
    note.write_text('{"reason": "was killed"}')
    web = web_with(settings, model_name="status-404", server_note=note)  # it listens again, and knows no model yet
    assert web.get("/status").json["text"] == "Restarting"
    photo = web.post("/photos", data=encoded(halves(), "JPEG")).json
    answer = web.post(f"/photos/{photo['id']}/answer")
    assert (answer.status_code, answer.json["error"][:29]) == (502, "The model server was killed. ")


def test_health_needs_no_model_server(settings, closed_url):
    assert web_with(settings, model_server_url=closed_url).get("/healthz").status_code == 200


def test_a_server_that_is_slow_to_tell_its_state_is_slow(settings):
    web = web_with(settings, model_name="slow", read_timeout=0.2)
    assert web.get("/status").json == {"state": "slow", "text": "Slow", "detail": "", "demo": 0}
    assert web.get("/readyz").json["model_server"] == "Slow"


@pytest.mark.parametrize("address", ["/nowhere", "/model/x", "/not-found-404"])
def test_an_address_that_is_no_page_is_a_page_that_says_so(web, address):
    answer = web.get(address)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


@pytest.mark.parametrize("address", ["/", "/play", "/play/", "/model", "/data?make=x"])
def test_a_page_is_there(web, address):
    assert web.get(address).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "address",
    [
        "/versions", "/versions/abc/classes", "/photos/x/y", "/play/x", "/play/games/1/rounds/x/guess", "/data/x",
        "/dataset", "/dataset/x", "/dataset/x/y/z", "/feedback", "/feedback/x/y",
    ],
)  # fmt: skip
def test_an_address_that_a_script_may_ask_but_is_none_is_a_sentence(web, method, address):
    answer = web.open(address, method=method)
    assert (answer.status_code, answer.json) == (404, {"error": "There is nothing at this address."})


@pytest.mark.parametrize("address", ["/", "/nowhere", "/status", "/versions/x", "/photos/x", "/assets/base.css"])
def test_other_sites_can_do_less_harm(web, address):
    with web.get(address) as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_answer_names_the_version_that_gave_it_even_if_another_replaces_it(settings, photo):
    with local_model_server() as server:
        web = web_with(settings, model_server_url=server.url)
        photo_id = web.post("/photos", data=photo).json["id"]
        told = []
        for server.version in ("3", "4"):
            told.append(web.post(f"/photos/{photo_id}/answer").json["version"])
    assert told == ["3", "4"]
    asked = [path.removeprefix("/v1/models/good/versions/") for path in server.paths]
    assert asked == ["3:predict", "3:predict", "4:predict"]


def test_a_page_runs_no_script_but_its_own(web):
    """The policy lists the document's scripts by their hashes; browser tests check that no other script is needed."""
    answer = web.get("/")
    policy = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["connect-src"] == "'self' data: https:", "a photo on another site, by its address"
    assert policy["img-src"] == "'self' data: blob:"
    allowed = policy["script-src"].split()
    found = re.findall(r"<script(?: id=[^>]*javascript[^>]*)?>(.*?)</script>", answer.text, re.DOTALL)
    assert len(found) >= 2
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in found]
    assert set(hashes) <= set(allowed)
    assert [source for source in allowed if "unsafe" in source or source == "*"] == []


def test_the_model_server_gets_one_id_for_each_request_of_the_page(web, photo, local_server):
    kept = web.post("/photos", data=photo).json["id"]
    asked = []
    for _ in range(2):
        del local_server.request_ids[:]
        assert web.post(f"/photos/{kept}/answer").status_code == 200
        asked.append(set(local_server.request_ids))
    assert all(re.fullmatch("[0-9a-f]{32}", id) for ids in asked for id in ids)
    assert [len(ids) for ids in asked] == [1, 1]
    assert asked[0] != asked[1]


def test_the_log_names_the_id_that_the_model_server_got(settings, photo, local_server, caplog):
    web = web_with(settings, model_name="status-500")
    kept = web.post("/photos", data=photo).json["id"]
    assert web.post(f"/photos/{kept}/answer").status_code == 502
    assert f"(request {local_server.request_ids[-1]})" in caplog.text
