"""What clients may do to a server: wrong tensors, junk photos, large bodies, many at a time."""

import base64
import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests

from car_classifier.serving import ServedModel

from .conftest import running


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
def test_an_error_in_the_graph_is_a_400_that_says_why(guarded, body, message):
    response = guarded.predict(body)
    assert response.status_code == 400
    assert message.lower() in response.json()["error"].splitlines()[0].lower()
    assert guarded.predict({"signature_name": "positive", "instances": [1.0]}).json() == {"predictions": [1.0]}


def test_a_scalar_string_keeps_every_byte(guarded):
    body = {"signature_name": "join", "inputs": ["a", {"b64": "AA=="}]}
    assert guarded.predict(body).json() == {"outputs": {"b64": "YQA="}}


def test_many_clients_each_get_their_own_answer(guarded):
    def ask(number):
        answer = guarded.predict({"signature_name": "positive", "instances": [number, number + 0.5]})
        return answer.json()["predictions"]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(1, 65))) == [[n, n + 0.5] for n in range(1, 65)]


@pytest.fixture
def slow_request(guarded):
    """Starts a request of about half a second to a server, in a thread."""
    threads = []

    def start(server):
        ask = {"signature_name": "slow", "instances": [4000]}
        threads.append(threading.Thread(target=server.predict, args=(ask,)))
        threads[-1].start()
        return threads[-1]

    yield start
    for thread in threads:
        thread.join()


def test_a_quick_request_overtakes_a_slow_one(guarded, slow_request):
    slow = slow_request(guarded)
    assert guarded.predict({"signature_name": "positive", "instances": [1.0]}).status_code == 200
    assert slow.is_alive()


def test_status_is_answered_while_every_thread_computes(guarded, slow_request):
    slow = [slow_request(guarded) for _ in range(3)]
    assert guarded.status()["1"]["state"] == "AVAILABLE"
    assert all(thread.is_alive() for thread in slow)


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


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/v1/models/m?verbose=1", 404, "Could not find any versions of model m?verbose=1"),
        ("POST", "/v1/models/m:predict?x=1", 400, "Malformed request: POST /v1/models/m:predict?x=1"),
        ("GET", "/v1/elsewhere", 400, "Malformed request: GET /v1/elsewhere"),
        ("GET", "/v1/models/m/", 400, "Malformed request: GET /v1/models/m/"),
        ("GET", "/v1/models/m/versions/99999999999999999999", 400, "Failed to convert version"),
        ("GET", "/v1/models/nope", 404, "Could not find any versions of model nope"),
        ("GET", "/v1/models/m/labels/none/metadata", 400, "Unrecognized servable version label: none"),
        ("POST", "/v1/models/m/labels/none:predict", 400, "Unrecognized servable version label: none"),
        ("POST", "/v1/models/%6D/versions/9:predict", 404, "Servable not found for request: Specific(m, 9)"),
    ],
)
def test_urls(guarded, method, path, status, error):
    response = requests.request(method, guarded.url + path, data='{"instances": [1.0]}', timeout=30)
    assert response.status_code == status
    assert response.json()["error"].startswith(error)


def test_metadata_names_every_signature(guarded):
    answer = requests.get(f"{guarded.url}/v1/models/m/metadata", timeout=30).json()
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "decode", "positive", "slow"} <= signatures.keys()
    dimensions = signatures["serving_default"]["inputs"]["images"]["tensor_shape"]["dim"]
    assert [dimension["size"] for dimension in dimensions] == ["-1", "4", "4", "3"]


def test_two_models_beside_each_other(half_plus, tmp_path):
    served = (ServedModel("one", half_plus, versions=(1,)), ServedModel("two", half_plus, labels={"live": 2}))
    with running(models=served) as server:
        server.wait("1", "AVAILABLE", "one")
        server.wait("2", "AVAILABLE", "two")
        body = {"instances": [1.0]}
        assert server.predict(body, "one").json() == {"predictions": [2.5]}
        assert server.predict(body, "two").json() == {"predictions": [3.5]}
        assert server.predict(body, "two/labels/live").json() == {"predictions": [3.5]}
        assert server.predict(body, "one/labels/live").status_code == 400
