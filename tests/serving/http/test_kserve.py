"""`:explain` of KServe's V1 protocol."""

import pytest
import requests

from car_classifier.serving import ServedModel
from tests.support.embedded_server import Server, running
from tests.support.saved_models import save_explained

IMAGE = {"b64": "AAAA"}  # three bytes


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("explained")
    save_explained(base / "1")
    save_explained(base / "unexplained" / "1", False)
    with running(
        models=(ServedModel(name="m", base_path=base), ServedModel(name="unexplained", base_path=base / "unexplained"))
    ) as server:
        for name in ("m", "unexplained"):
            server.wait("1", "AVAILABLE", name)
        yield server


def explain(server: Server, body, path: str = "m") -> requests.Response:
    return requests.post(f"{server.url}/v1/models/{path}:explain", json=body, timeout=120)


def row(asked: int) -> dict:
    return {"asked": asked, "labels": ["a"], "maps": [[0.0, 0.0]], "probabilities": [0.25]}


PREDICTION = {"labels": ["a"], "probabilities": [0.25]}


@pytest.mark.parametrize(
    ("instances", "asked"),
    [
        ([{"image_bytes": IMAGE}], [-1]),
        ([{"image_bytes": IMAGE, "class_index": 3}], [3]),
        ([{"image_bytes": IMAGE}, {"class_index": 3, "image_bytes": IMAGE}], [-1, 3]),
    ],
)
def test_rows(server, instances, asked):
    response = explain(server, {"instances": instances})
    assert (response.status_code, response.json()) == (
        200,
        {"predictions": [PREDICTION] * len(asked), "explanations": [row(index) for index in asked]},
    )


def test_columns(server):
    answer = explain(server, {"inputs": {"image_bytes": [IMAGE, IMAGE]}}).json()
    assert answer["explanations"]["asked"] == [-1, -1]
    assert answer["predictions"] == {"labels": [["a"], ["a"]], "probabilities": [[0.25], [0.25]]}


def test_another_signature_by_name(server):
    body = {"signature_name": "classify", "instances": [{"image_bytes": IMAGE}]}
    assert explain(server, body).json() == {"predictions": [PREDICTION], "explanations": [PREDICTION]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"instances": [{"class_index": 1}]}, "keys must be equal to: class_index,image_bytes"),
        ({"instances": ["AAAA"]}, "instances is a plain list, but expecting list of objects"),
        ({"instances": [{"image_bytes": IMAGE, "class_index": 1.5}]}, "is not of expected type: int32"),
        ({"inputs": {"class_index": [1]}}, "Missing named input: image_bytes"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"signature_name": "none", "instances": [1]}, 'it has no signature "none"'),
    ],
)
def test_what_is_wrong_is_a_400_that_says_so(server, body, message):
    response = explain(server, body)
    assert (response.status_code, message in response.json()["error"]) == (400, True), response.text


def test_a_model_that_cannot_explain(server):
    response = explain(server, {"instances": [{"image_bytes": IMAGE}]}, "unexplained")
    assert response.status_code == 400
    assert response.json()["error"].startswith('This model cannot explain: it has no signature "explain".')


def test_a_model_that_is_not_there(server):
    response = explain(server, {"instances": [1]}, "m/versions/9")
    assert (response.status_code, response.json()) == (404, {"error": "Servable not found for request: Specific(m, 9)"})
