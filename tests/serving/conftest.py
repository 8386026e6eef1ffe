"""Servers for the tests: real ones, on free ports, with real SavedModels.

`pytest tests/serving --server-url http://HOST:8501 --server-grpc HOST:8500` runs only the tests of the contract,
against a server that is already running; `data/README.md` says how to start one.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.contract_models import VERSIONS, write_contract_models
from tests.support import saved_models as models
from tests.support.embedded_server import Server, running


def pytest_addoption(parser):
    parser.addoption("--server-url", help="REST address of a server to ask instead of one that is started here")
    parser.addoption("--server-grpc", help="the same for gRPC, such as localhost:8500")


def pytest_collection_modifyitems(config, items):
    """Keeps only the tests of the contract if a server is given."""
    options = {"server_url": "--server-url", "grpc_address": "--server-grpc"}
    given = {fixture for fixture, option in options.items() if config.getoption(option, default=None)}
    if given:
        others = [item for item in items if not given & set(item.fixturenames)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def half_plus(tmp_path_factory) -> Path:
    """A folder with versions 1 (c = 2) and 2 (c = 3)."""
    base = tmp_path_factory.mktemp("half_plus_two")
    models.save_half_plus(base / "1", 2.0)
    models.save_half_plus(base / "2", 3.0)
    return base


@pytest.fixture(scope="session")
def contract_server(tmp_path_factory) -> Iterator[Server]:
    """A server, started here, with the models of the contract."""
    config = write_contract_models(tmp_path_factory.mktemp("contract"))
    with running(model_config_file=config, allow_version_labels_for_unavailable_models=True, port=0) as server:
        for name, versions in VERSIONS.items():
            for version in versions:
                server.wait(version, "AVAILABLE", name)
        yield server


@pytest.fixture(scope="session")
def server_url(request) -> str:
    """The REST address of the server under the contract."""
    given = request.config.getoption("--server-url", default=None)
    return given.rstrip("/") if given else request.getfixturevalue("contract_server").url


@pytest.fixture(scope="session")
def grpc_address(request) -> str:
    """The gRPC address of the server under the contract."""
    given = request.config.getoption("--server-grpc", default=None)
    return given or request.getfixturevalue("contract_server").server.grpc_address


@pytest.fixture(scope="session")
def asked(server_url) -> Server:
    """Helpers for requests to that server."""
    return Server(server_url)


@pytest.fixture(scope="session")
def guarded(tmp_path_factory) -> Iterator[Server]:
    """A server of the model whose graph can fail, named `m`."""
    base = tmp_path_factory.mktemp("guarded")
    models.save_guarded(base / "1")
    with running(model_base_path=base, model_name="m", threads=2) as server:
        server.wait("1", "AVAILABLE")
        yield server
