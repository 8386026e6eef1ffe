"""The log of requests, and the id that follows a request."""

import json
import re
from datetime import UTC, datetime, timedelta

import grpc
import pytest
import requests
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from car_classifier.serving.metrics.request_log import REQUEST_ID_HEADER, request_id
from tests.support.embedded_server import running, until

NEW_ID = re.compile("[0-9a-f]{32}")


@pytest.fixture(scope="module")
def logging_server(half_plus):
    with running(model_base_path=half_plus, model_name="m", log_requests=True, port=0) as server:
        server.wait("2", "AVAILABLE")
        yield server


@pytest.fixture
def logged(logging_server, capsys):
    """A server that logs, and a function that waits for the line of a request by its id."""
    written = ""

    def line_of(request_id: str) -> dict:
        def lines_of_request() -> list[dict]:
            nonlocal written
            written += capsys.readouterr().out
            lines = map(json.loads, written.splitlines(keepends=True)) if written.endswith("\n") else ()
            return [line for line in lines if line["request_id"] == request_id]

        until(lambda: bool(lines_of_request()))
        (line,) = lines_of_request()
        return line

    return logging_server, line_of


def test_a_line_says_what_was_asked_and_what_came_of_it(logged):
    server, line_of = logged
    answer = server.predict({"instances": [1.0, 2.0, 5.0]}, headers={REQUEST_ID_HEADER: "abc 123"})
    assert answer.headers[REQUEST_ID_HEADER] == "abc 123"
    line = line_of("abc 123")
    when, milliseconds = datetime.fromisoformat(line.pop("time")), line.pop("milliseconds")
    assert timedelta(0) <= datetime.now(UTC) - when < timedelta(minutes=1)
    assert 0 < milliseconds < 60_000
    assert line == {
        "request_id": "abc 123",
        "method": "POST",
        "path": "/v1/models/m:predict",
        "model": "m",
        "version": 2,
        "signature": "serving_default",
        "instances": 3,
        "status": 200,
        "error": None,
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/v1/models/m", "", {"model": "m", "version": None, "status": 200, "error": None}),
        ("GET", "/healthz", "", {"model": None, "status": 200, "error": None}),
        ("GET", "/nowhere?x=%0A", "", {"path": "/nowhere?x=%0A", "model": None, "status": 404}),
        (
            "POST",
            "/v1/models/made-up:predict",
            '{"instances": [1]}',
            {"model": None, "status": 404, "error": "Servable not found for request: Latest(made-up)"},
        ),
        (
            "POST",
            "/v1/models/m:predict",
            '{"signature_name": "s", "instances": [1]}',
            {"version": 2, "status": 400, "error": 'Serving signature name: "s" not found in signature def'},
        ),
    ],
)
def test_every_request_has_a_line(logged, method, path, body, expected):
    server, line_of = logged
    answer = requests.request(method, server.url + path, data=body, timeout=120)
    assert NEW_ID.fullmatch(answer.headers[REQUEST_ID_HEADER])
    assert expected.items() <= line_of(answer.headers[REQUEST_ID_HEADER]).items()


def test_without_the_flag_nothing_is_written(guarded, capsys):
    assert REQUEST_ID_HEADER in guarded.predict({"signature_name": "positive", "instances": [1.0]}).headers
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("given", ["a", "A z~!" * 25, "x" * 128])
def test_a_clients_id_is_kept(given):
    assert request_id(given) == given


@pytest.mark.parametrize("given", [None, "", "x" * 129, "tab\there", "line\nbreak", "é", "\x7f"])
def test_an_id_that_cannot_be_used_gives_way_to_a_new_one(given):
    first, second = request_id(given), request_id(given)
    assert NEW_ID.fullmatch(first)
    assert first != second


def test_calls_over_grpc_have_lines_too(logged):
    server, line_of = logged
    request = PredictRequest(model_spec={"name": "m", "signature_name": "none"})
    with grpc.insecure_channel(server.server.grpc_address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            PredictionServiceStub(channel).Predict(
                request, timeout=30, wait_for_ready=True, metadata=(("x-request-id", "from afar"),)
            )
        assert dict(caught.value.initial_metadata())["x-request-id"] == "from afar"
    line = line_of("from afar")
    assert line["path"] == "/tensorflow.serving.PredictionService/Predict"
    assert (line["model"], line["status"]) == ("m", "FAILED_PRECONDITION")
    assert "none" in line["error"]
