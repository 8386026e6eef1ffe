"""Troublesome requests: wrong tensors, junk photos, large bodies, many at a time."""

import base64
import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest
import requests

from car_classifier.serving import ServedModel
from tests.support.embedded_server import running, running_request


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"instances": [1.0, 2.0]}, "is not compatible with expected shape [?,4,4,3]"),
        ({"inputs": [[[1.0]]]}, "is not compatible with expected shape [?,4,4,3]"),
        ({"inputs": 1.0}, "is not compatible with expected shape [?,4,4,3]"),
        (
            {"signature_name": "positive", "instances": [1.0, -2.0]},
            "assertion failed: [Only positive numbers.",
        ),
        ({"signature_name": "positive", "instances": [[1.0, 2.0]]}, "must be a scalar, but it has shape [2]"),
        ({"signature_name": "decode", "instances": ["junk"]}, "Unknown image file format."),
        ({"signature_name": "decode", "instances": [{"b64": "/9j/4AAQ"}]}, "jpeg"),
        ({"signature_name": "none", "instances": [1.0]}, 'Serving signature name: "none" not found'),
    ],
)
def test_an_error_in_the_graph_is_a_400_that_says_why(asked, body, message):
    response = asked.predict(body, "guarded")
    assert response.status_code == 400
    assert message.lower() in response.json()["error"].splitlines()[0].lower()
    body = {"signature_name": "positive", "instances": [1.0]}
    assert asked.predict(body, "guarded").json() == {"predictions": [1.0]}


def test_what_the_graph_does_not_find_is_a_404(asked):
    response = asked.predict({"signature_name": "read", "inputs": "/does/not/exist"}, "guarded")
    assert (response.status_code, "No such file" in response.json()["error"]) == (404, True), response.text


def test_a_scalar_string_keeps_every_byte(asked):
    body = {"signature_name": "join", "inputs": ["a", {"b64": "AA=="}]}
    assert asked.predict(body, "guarded").json() == {"outputs": {"b64": "YQA="}}


def test_many_clients_each_get_their_own_answer(asked):
    def ask(number):
        answer = asked.predict({"signature_name": "positive", "instances": [number, number + 0.5]}, "guarded")
        return answer.json()["predictions"]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(1, 65))) == [[n, n + 0.5] for n in range(1, 65)]


def test_a_quick_request_overtakes_a_slow_one(guarded, tmp_path):
    with running_request(guarded, tmp_path) as slow:
        assert guarded.predict({"signature_name": "positive", "instances": [1.0]}).status_code == 200
    with closing(slow):
        assert slow.getresponse().status == 200


def test_status_is_answered_while_every_thread_computes(guarded, tmp_path):
    with (
        running_request(guarded, tmp_path / "first") as first,
        running_request(guarded, tmp_path / "second") as second,
        closing(first),
        closing(second),
    ):
        assert guarded.status()["1"]["state"] == "AVAILABLE"


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_a_body_of_32_photos(server_url, pack):
    rng = np.random.default_rng(0)
    photos = [base64.b64encode(rng.bytes(100_000)).decode() for _ in range(32)]
    body = json.dumps({"signature_name": "text", "instances": [{"b64": photo} for photo in photos]})
    response = requests.post(
        f"{server_url}/v1/models/multi:predict",
        data=pack(body.encode()),
        headers={"content-encoding": "gzip"} if pack is gzip.compress else {},
        timeout=30,
    )
    # The echo as a string is bytes that are no UTF-8; what surrounds it still is JSON.
    answer = json.loads(response.content.decode("utf-8", "replace"), strict=False)
    assert [row["echo_bytes"]["b64"] for row in answer["predictions"]] == photos
    assert {row["length"] for row in answer["predictions"]} == {100_000}


URL = "/v1/models/half_plus_two"


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", f"{URL}?verbose=1", 404, "Could not find any versions of model half_plus_two?verbose=1"),
        ("POST", f"{URL}:predict?x=1", 400, f"Malformed request: POST {URL}:predict?x=1"),
        ("GET", "/v1/elsewhere", 400, "Malformed request: GET /v1/elsewhere"),
        ("GET", f"{URL}/", 400, f"Malformed request: GET {URL}/"),
        ("GET", f"{URL}/metadata/", 400, f"Malformed request: GET {URL}/metadata/"),
        ("GET", f"{URL}/versions/1/labels/stable", 400, f"Malformed request: GET {URL}/versions/1/labels/stable"),
        ("POST", f"{URL}:generate", 400, f"Malformed request: POST {URL}:generate"),
        ("GET", f"{URL}/versions/99999999999999999999", 400, "Failed to convert version"),
        ("GET", "/v1/models/nope", 404, "Could not find any versions of model nope"),
        ("GET", f"{URL}/labels/none/metadata", 400, "Unrecognized servable version label: none"),
        ("GET", f"{URL}/versions/9/metadata", 404, "Servable not found for request: Specific(half_plus_two, 9)"),
        ("POST", f"{URL}/labels/none:predict", 400, "Unrecognized servable version label: none"),
        ("POST", f"{URL}/labels/none:classify", 400, "Unrecognized servable version label: none"),
        ("POST", f"{URL}/versions/9:regress", 404, "Servable not found for request: Specific(half_plus_two, 9)"),
        ("POST", "/v1/models/%68alf_plus_two/versions/9:predict", 404, "Servable not found for request: Specific(half"),
        ("POST", f"{URL}/labels/gone:predict", 404, "Servable not found for request: Specific(half_plus_two, 7)"),
    ],
)
def test_urls_that_lead_nowhere(server_url, method, path, status, error):
    body = '{"instances": [1.0], "examples": [{"x": 1.0}]}'
    response = requests.request(method, server_url + path, data=body, timeout=120)
    assert response.status_code == status
    assert response.json()["error"].startswith(error)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (f"{URL}/labels/st%61ble:predict", {"predictions": [2.5]}),
        ("/v1/models/examples/versions/1:classify", {"results": [[["low", -2.5], ["high", 2.5]]]}),
        ("/v1/models/exampl%65s:classify", {"results": [[["low", -2.5], ["high", 2.5]]]}),
        ("/V1/Models/examples/Versions/1:regress", {"results": [2.5]}),
    ],
)
def test_urls_that_lead_to_a_version(server_url, path, answer):
    body = {"examples": [{"x": 1.0}], "signature_name": "regress" if path.endswith("regress") else "serving_default"}
    response = requests.post(server_url + path, json=body | {"instances": [1.0]}, timeout=120)
    assert (response.status_code, response.json()) == (200, answer)


@pytest.mark.parametrize(("path", "version"), [("", "2"), ("/labels/stable", "1"), ("/LABELS/c%61nary", "2")])
def test_metadata_is_of_the_version_that_is_named(server_url, path, version):
    answer = requests.get(f"{server_url}{URL}{path}/metadata", timeout=120).json()
    assert answer["model_spec"] == {"name": "half_plus_two", "signature_name": "", "version": version}


def test_metadata_names_every_signature(server_url):
    answer = requests.get(f"{server_url}/v1/models/guarded/metadata", timeout=120).json()
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "decode", "positive", "slow"} <= signatures.keys()
    dimensions = signatures["serving_default"]["inputs"]["images"]["tensor_shape"]["dim"]
    assert [dimension["size"] for dimension in dimensions] == ["-1", "4", "4", "3"]


def test_two_models_beside_each_other(half_plus, tmp_path):
    served = (
        ServedModel(name="one", base_path=half_plus, versions=(1,)),
        ServedModel(name="two", base_path=half_plus, version_labels={"live": 2}),
    )
    with running(models=served) as server:
        server.wait("1", "AVAILABLE", "one")
        server.wait("2", "AVAILABLE", "two")
        body = {"instances": [1.0]}
        assert server.predict(body, "one").json() == {"predictions": [2.5]}
        assert server.predict(body, "two").json() == {"predictions": [3.5]}
        assert server.predict(body, "two/labels/live").json() == {"predictions": [3.5]}
        assert server.predict(body, "one/labels/live").status_code == 400
