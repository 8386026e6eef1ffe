"""The client of the model server, against a real HTTP server on this machine."""

import base64
import subprocess
import sys

import numpy as np
import pytest

from dashboard.model_server import errors as model_errors
from dashboard.model_server.client import ModelClient, Signature, Status, TensorSpec, Timeout


def client_of(server, name: str = "good") -> ModelClient:
    return ModelClient(server.url, name, Timeout(connect=2, read=0.2 if name == "slow" else 10))


def test_explain_sends_the_photo_and_asks_for_no_class(local_server, photo):
    with client_of(local_server) as client:
        client.explain(photo)
    encoded = base64.b64encode(photo).decode()
    assert local_server.bodies[-1] == {
        "signature_name": "explain",
        "instances": [{"image_bytes": {"b64": encoded}, "class_index": -1}],
    }


def test_explain_returns_names_probabilities_and_maps(local_server, photo):
    with client_of(local_server) as client:
        explanation = client.explain(photo)
    assert [(entry.label, entry.index, entry.probability) for entry in explanation.classes] == [
        ("Aurelio_Vela", 4, 0.75),
        ("Brandt-Kessler_Nord Kap", 0, 0.2),
        ("Maki_Hoshi", 2, 0.05),
    ]
    assert explanation.asked is None
    assert explanation.makes == (("Aurelio", 0.8), ("Maki", 0.2))
    assert explanation.classes[0].contributions.dtype == np.float32
    assert explanation.classes[0].contributions.tolist() == [[1.0, 2.0], [-0.5, 0.5]]
    assert explanation.map_extent == (-0.25, 0.0, 0.75, 1.0)
    for entry in explanation.classes:
        assert entry.contributions.sum() + entry.bias == pytest.approx(entry.logit, abs=1e-6)
    assert explanation.temperature == pytest.approx(2.0, rel=1e-5)


def test_a_class_and_a_version_can_be_asked_for(local_server, photo):
    with client_of(local_server) as client:
        asked = client.explain(photo, class_index=2, version="3").asked
    assert local_server.bodies[-1]["instances"][0]["class_index"] == 2
    assert local_server.paths[-1] == "/v1/models/good/versions/3:predict"
    assert (asked.label, asked.probability, asked.contributions.shape) == ("Maki_Hoshi", 0.05, (2, 2))
    assert asked.contributions.sum() + asked.bias == pytest.approx(asked.logit, abs=1e-6)


def test_classify_returns_names_and_probabilities(local_server, photo):
    with client_of(local_server) as client:
        said = client.classify(photo)
    assert local_server.bodies[-1] == {
        "signature_name": "classify",
        "instances": [{"image_bytes": {"b64": base64.b64encode(photo).decode()}}],
    }
    assert [(entry.label, entry.index, entry.probability) for entry in said.classes] == [
        ("Aurelio_Vela", 4, 0.75),
        ("Brandt-Kessler_Nord Kap", 0, 0.2),
        ("Maki_Hoshi", 2, 0.05),
    ]
    assert said.makes == (("Aurelio", 0.8), ("Maki", 0.2))
    assert repr(said.classes[:2]) == "(<Aurelio_Vela 75.0%>, <Brandt-Kessler_Nord Kap 20.0%>)"


def test_metadata_say_what_can_be_asked(local_server):
    with client_of(local_server) as client:
        metadata = client.metadata()
    assert metadata.version == "3"
    assert metadata.signatures == {
        "classify": Signature(
            inputs={"image_bytes": TensorSpec("string", (None,))},
            outputs={"probabilities": TensorSpec("float32", (None, 3))},
        )
    }


def test_predict_sends_bytes_and_arrays_as_json(local_server):
    rows = [{"image_bytes": b"ab", "numbers": np.eye(2, dtype=np.float32), "class_index": np.int32(1)}]
    with client_of(local_server) as client:
        assert client.predict("any", rows)[0]["labels"][0] == "Aurelio_Vela"
        with pytest.raises(TypeError, match="cannot be sent a set"):
            client.predict("any", [{1}])
    sent = {"image_bytes": {"b64": "YWI="}, "numbers": [[1.0, 0.0], [0.0, 1.0]], "class_index": 1}
    assert local_server.bodies[-1] == {"signature_name": "any", "instances": [sent]}


@pytest.mark.parametrize(
    ("name", "status", "ready"),
    [
        ("good", Status("3", "AVAILABLE"), True),
        ("loading", Status("1", "LOADING"), False),
        ("swapping", Status("10", "AVAILABLE"), True),  # numbers, not text: 10 is after 9
        ("none-yet", Status(None, "START"), False),
    ],
)
def test_status_names_the_version_that_answers(local_server, name, status, ready):
    with client_of(local_server, name) as client:
        assert client.status() == status
        assert client.status().ready is ready


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("status-400", model_errors.Refused, '"explain" not found'),
        ("status-404", model_errors.UnknownModel, "no model named “status-404”"),
        ("status-404-html", model_errors.BadAnswer, "is not a model server"),
        ("status-429", model_errors.Busy, "queue is full"),
        ("status-500", model_errors.Failed, "Could not find variable"),
        ("status-503", model_errors.Busy, "warming up"),
        ("status-503-html", model_errors.NotReachable, "cannot be reached"),
        ("status-504", model_errors.TooSlow, "Try again"),
        ("slow", model_errors.TooSlow, "longer than 0.2 seconds"),
        ("not-json", model_errors.BadAnswer, "is not a model server"),
        ("list", model_errors.BadAnswer, "is not a model server"),
        ("deep", model_errors.BadAnswer, "is not a model server"),
        ("long-number", model_errors.BadAnswer, "is not a model server"),
        ("no-explanation", model_errors.BadAnswer, "without an explanation"),
        ("plain", model_errors.BadAnswer, "without an explanation"),
        ("no-predictions", model_errors.BadAnswer, "without an explanation"),
        ("flat-map", model_errors.BadAnswer, "without an explanation"),
        ("too-few-maps", model_errors.BadAnswer, "without an explanation"),
        ("nan", model_errors.BadAnswer, "without an explanation"),
        ("no-logits", model_errors.BadAnswer, "without an explanation"),
        ("too-few-biases", model_errors.BadAnswer, "without an explanation"),
        ("no-area", model_errors.BadAnswer, "without an explanation"),
        ("half-an-area", model_errors.BadAnswer, "without an explanation"),
        ("too-few-names", model_errors.BadAnswer, "without an explanation"),
        ("no-names", model_errors.BadAnswer, "without an explanation"),
        ("improbable", model_errors.BadAnswer, "without an explanation"),
    ],
)
def test_what_goes_wrong_has_a_kind_a_sentence_and_its_request(local_server, photo, name, kind, words):
    with client_of(local_server, name) as client, pytest.raises(kind, match=words) as caught:
        client.explain(photo)
    assert caught.value.request == f"POST {local_server.url}/v1/models/{name}:predict"


@pytest.mark.parametrize(
    ("ask", "name", "words"),
    [
        (lambda client: client.classify(b""), "plain", "without a classification"),
        (lambda client: client.classify(b""), "no-predictions", "without a classification"),
        (lambda client: client.classify(b""), "improbable", "without a classification"),
        (lambda client: client.predict("any", [{}]), "list", "is not a model server"),
        (lambda client: client.metadata(), "list", "is not a model server"),
    ],
)
def test_an_answer_that_cannot_be_read_is_a_bad_answer(local_server, ask, name, words):
    with client_of(local_server, name) as client, pytest.raises(model_errors.BadAnswer, match=words):
        ask(client)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("status-404", model_errors.UnknownModel),
        ("odd-status", model_errors.BadAnswer),
        ("not-json", model_errors.BadAnswer),
        ("slow", model_errors.TooSlow),
    ],
)
def test_status_fails_in_the_same_kinds(local_server, name, kind):
    with client_of(local_server, name) as client, pytest.raises(kind):
        client.status()


def test_a_server_that_is_not_there_is_not_reachable(closed_url, photo):
    with (
        ModelClient(closed_url, "good") as client,
        pytest.raises(model_errors.NotReachable, match="Start it, then try again"),
    ):
        client.explain(photo)


@pytest.mark.parametrize("url", ["localhost:8501", "8501", "ftp://localhost", "http://"])
def test_what_is_no_web_address_is_refused(url, photo):
    with ModelClient(url, "good") as client, pytest.raises(model_errors.BadAnswer, match="is no web address"):
        client.explain(photo)


def test_every_error_can_be_caught_as_one():
    kinds = [kind for kind in vars(model_errors).values() if isinstance(kind, type)]
    assert len(kinds) == 8
    assert all(issubclass(kind, model_errors.ModelServerError) for kind in kinds)
    assert all(kind.__name__ in (model_errors.__doc__ or "") for kind in kinds)


def test_alone_every_request_has_an_id_of_its_own(local_server, photo):
    with client_of(local_server) as client:
        client.explain(photo)
        client.explain(photo)
    assert len({None, *local_server.request_ids[-2:]}) == 3


def test_it_needs_nothing_of_the_page():
    code = "import sys, dashboard.model_server.client; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'requests'" in loaded
    for unneeded in ("alembic", "dash", "flask", "gunicorn", "plotly", "pydantic", "sqlalchemy", "werkzeug"):
        assert f"'{unneeded}'" not in loaded


@pytest.mark.parametrize(
    ("client", "shown"),
    [
        (ModelClient("http://host:8501/", "cars"), "ModelClient('http://host:8501', 'cars')"),
        (
            ModelClient("http://host", "cars", version_label="stable"),
            "ModelClient('http://host', 'cars', version_label='stable')",
        ),
    ],
)
def test_a_client_shows_what_it_asks(client, shown):
    assert repr(client) == shown


@pytest.mark.parametrize(
    ("timeout", "seconds", "within"),
    [
        (Timeout(2, 30), 32, Timeout(2, 30)),
        (Timeout(2, 30), 8, Timeout(2, 6)),
        (Timeout(2, 30), 1, Timeout(0.5, 0.5)),
        (Timeout(10, 1), 11, Timeout(10, 1)),
        (Timeout(10, 1), 5, Timeout(4, 1)),
        (Timeout(1, 1), 60, Timeout(1, 1)),
    ],
)
def test_a_timeout_fits_into_the_time_that_there_is(timeout, seconds, within):
    assert timeout.within(seconds) == within
