"""The client asks a version by its label, or the newest version while the server does not know the label."""

import logging
from collections.abc import Iterator

import pytest

from dashboard import create_app
from dashboard.model_server import client as model_client
from dashboard.model_server import errors as model_errors
from dashboard.model_server.client import ModelClient, Signature, Status, TensorSpec
from tests.support.local_model_server import LocalModelServer, local_model_server


@pytest.fixture
def server() -> Iterator[LocalModelServer]:
    """A server whose newest version is 3, with the label `stable` on version 2."""
    with local_model_server() as server:
        server.labels = {"stable": "2"}
        yield server


@pytest.fixture(scope="module")
def labelled_url(tmp_path_factory) -> Iterator[str]:
    """The embedded server with two versions: y = x / 2 + 2 has the label `stable`, y = x / 2 + 3 `canary`."""
    from car_classifier.serving import ServedModel
    from tests.support import saved_models as models
    from tests.support.embedded_server import running

    folder = tmp_path_factory.mktemp("half")
    models.save_half_plus(folder / "1", 2.0)
    models.save_half_plus(folder / "2", 3.0)
    served = ServedModel(
        name="half", base_path=folder, versions=(1, 2), version_labels={"stable": 1, "canary": 2, "soon": 9}
    )
    with running(models=(served,)) as running_server:
        for version in ("1", "2"):
            running_server.wait(version, "AVAILABLE", "half")
        yield running_server.url


@pytest.mark.parametrize(
    ("label", "version", "answer"),
    [("stable", "1", 2.5), ("canary", "2", 3.5), ("gone", "2", 3.5), ("", "2", 3.5), (None, "2", 3.5)],
)
def test_a_label_means_one_version_in_whatever_is_asked(labelled_url, label, version, answer):
    with ModelClient(labelled_url, "half", version_label=label) as client:
        assert client.predict("serving_default", [1.0]) == [answer]
        assert client.status() == Status(version, "AVAILABLE")
        number = TensorSpec("float32", (None,))
        assert client.metadata().version == version
        assert client.metadata().signatures == {"serving_default": Signature({"x": number}, {"y": number})}
        assert client.predict("serving_default", [1.0], version="1") == [2.5]


def test_a_label_whose_version_is_not_loaded_is_not_another_version(labelled_url):
    with ModelClient(labelled_url, "half", version_label="soon") as client:
        assert client.status() == Status(None, "LOADING")
        with pytest.raises(model_errors.UnknownModel):
            client.predict("serving_default", [1.0])


def test_without_the_label_the_newest_is_asked_and_that_is_remembered(server, photo, caplog):
    with ModelClient(server.url, "good", version_label="gone") as client:
        client.classify(photo)
        client.classify(photo)
        assert client.status() == Status("3", "AVAILABLE")
    assert server.asked == [
        "POST /v1/models/good/labels/gone:predict",
        "POST /v1/models/good:predict",
        "POST /v1/models/good:predict",
        "GET /v1/models/good/metadata",
    ]
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.WARNING, "No version of good has the label gone: asking the newest.")
    ]


def test_a_label_that_appears_is_used_and_one_that_vanishes_is_logged_again(server, photo, caplog, monkeypatch):
    monkeypatch.setattr(model_client, "LABEL_UNKNOWN_SECONDS", 0)
    told = []
    with ModelClient(server.url, "good", version_label="canary") as client:
        for labels in ({}, {}, {"canary": "3"}, {"canary": "3"}, {}):
            server.labels = labels
            client.classify(photo)
            told.append(len(caplog.records))
    assert told == [1, 1, 1, 1, 2]
    asked = [path.rpartition("good")[2] for path in server.paths]
    by_label, newest = "/labels/canary:predict", ":predict"
    assert asked == [by_label, newest, by_label, newest, by_label, by_label, by_label, newest]


def test_while_nothing_answers_the_state_says_why(server):
    with ModelClient(server.url, "loading", version_label="stable") as client:
        assert client.status() == Status("1", "LOADING")


def test_a_request_that_is_refused_for_another_reason_stays_refused(server, photo):
    server.troubles = ["status-400"]
    with ModelClient(server.url, "good", version_label="stable") as client, pytest.raises(model_errors.Refused):
        client.classify(photo)
    assert server.asked == ["POST /v1/models/good/labels/stable:predict"]


def test_the_dashboard_asks_and_names_the_version_with_its_label(server, settings, photo):
    app = create_app(settings.model_copy(update={"model_server_url": server.url, "model_label": "stable"}))
    web = app.server.test_client()
    photo_id = web.post("/photos", data=photo, content_type="image/jpeg").json["id"]
    assert web.post(f"/photos/{photo_id}/answer").json["version"] == "2"
    assert server.paths == ["/v1/models/good/versions/2:predict"]
    assert web.get("/status").json["text"] == "Ready, version 2"
