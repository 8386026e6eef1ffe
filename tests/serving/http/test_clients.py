"""Clients that leave before the answer, and browsers that show pages of other sites."""

import contextlib
import zlib

import pytest
import requests

from tests.support import saved_models as models
from tests.support.embedded_server import ask_and_stay, running, running_request, until

pytestmark = pytest.mark.slow

# Of the metrics, how many requests were given up.
GONE = ':tensorflow:serving:request_count{model_name="m",status="CANCELLED"}'


def quick(server) -> int:
    return server.predict({"signature_name": "positive", "instances": [1.0]}).status_code


@pytest.fixture(params=["one by one", "merged"])
def one_thread(request, tmp_path, monitoring_config):
    """A server that runs one request at a time."""
    models.save_guarded(tmp_path / "m" / "1")
    settings = {"threads": 1, "monitoring_config_file": monitoring_config}
    if request.param == "merged":
        path = tmp_path / "batching.config"
        path.write_text("num_batch_threads { value: 1 } max_batch_size { value: 1 }")
        settings |= {"enable_batching": True, "batching_parameters_file": path}
    with running(model_base_path=tmp_path / "m", model_name="m", **settings) as server:
        server.wait("1", "AVAILABLE")
        yield server


def test_a_request_whose_client_has_gone_is_not_run(one_thread, tmp_path):
    with running_request(one_thread, tmp_path / "pipes") as first:
        for _ in range(3):
            ask_and_stay(one_thread, "slow", 1_000_000).close()  # minutes, were they run
        until(lambda: one_thread.metrics().get(GONE) == 3)
    with contextlib.closing(first):
        assert quick(one_thread) == 200
        assert first.getresponse().status == 200


def test_a_version_stays_until_what_runs_in_it_has_ended_though_its_client_has_gone(one_thread, tmp_path):
    models.save_half_plus(tmp_path / "new", 2.0)
    with running_request(one_thread, tmp_path / "pipes") as request:
        request.close()
        (tmp_path / "new").rename(tmp_path / "m" / "2")
        one_thread.wait("2", "AVAILABLE")
        one_thread.wait("1", "UNLOADING")
    one_thread.wait("1", "END")


PAGE = {"origin": "https://cars.example"}
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, GET",
    "access-control-allow-headers": "Content-Type",
}


def cors_headers(response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items() if "access-control" in name.lower()}


@pytest.fixture(scope="module", params=[False, True], ids=["closed", "open"])
def cors_server(request, half_plus):
    """A server, and the headers that its answers must have."""
    with running(model_base_path=half_plus, model_name="m", rest_api_enable_cors_support=request.param) as server:
        server.wait("2", "AVAILABLE")
        yield server, CORS if request.param else {}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("OPTIONS", "/v1/models/m:predict", PAGE, 200),
        ("OPTIONS", "/v1/elsewhere", PAGE, 200),
        ("OPTIONS", "/v1/models/m:predict", {}, 400),
        ("OPTIONS", "/v1/models/m:predict", {"origin": "null"}, 400),
        ("POST", "/v1/models/m:predict", PAGE, 200),
        ("POST", "/v1/models/none:predict", PAGE, 404),
        ("GET", "/v1/models/m", {}, 200),
    ],
)
def test_pages_of_other_sites(cors_server, method, path, headers, status):
    server, expected = cors_server
    response = requests.request(method, server.url + path, headers=headers, data='{"instances": [1.0]}', timeout=120)
    assert (response.status_code, cors_headers(response)) == (status, expected)
    if method == "OPTIONS":
        assert response.content == b""


def test_paths_outside_the_interface_are_closed_to_other_sites(cors_server):
    response = requests.get(f"{cors_server[0].url}/elsewhere", headers=PAGE, timeout=120)
    assert (response.status_code, cors_headers(response)) == (404, {})


def packed(body: bytes, spaces: int) -> bytes:
    """A gzip body whose JSON ends in white space."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    blank = b" " * 2**20
    return packer.compress(body) + b"".join(packer.compress(blank) for _ in range(spaces)) + packer.flush()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (packed(b'{"instances": [1.0]}', 1), 200),
        (packed(b'{"instances": [1.0]}', 100), 400),
        (packed(b'{"instances": [1.0]}', 1)[:-9], 400),
    ],
    ids=["fits", "unpacks to more than 100 MB", "cut"],
)
def test_packed_bodies(cors_server, body, status):
    server, _ = cors_server
    headers = {"content-encoding": "x-gzip"}
    response = requests.post(f"{server.url}/v1/models/m:predict", data=body, headers=headers, timeout=120)
    assert response.status_code == status
    if status == 400:
        assert response.json() == {"error": "JSON Parse error: The document is empty"}
