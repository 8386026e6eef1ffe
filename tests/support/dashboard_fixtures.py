"""Fixtures of the dashboard: a model server that behaves as a test wants, and the whole page in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.support.datasets import kept_in, manifest_rows, write_labels_of_version_3, write_small_dataset
from tests.support.local_model_server import LocalModelServer, local_model_server
from tests.support.pictures import encoded

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from dashboard import Settings
    from tests.support.browsing import Watch


@pytest.fixture(scope="session")
def local_server() -> Iterator[LocalModelServer]:
    with local_model_server() as server:
        yield server


@pytest.fixture(scope="session")
def closed_url() -> str:
    """An address of this machine on which no server listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_port
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def photo() -> bytes:
    """A JPEG, red on the left and blue on the right, 60 by 40 pixels."""
    image = Image.new("RGB", (60, 40), "red")
    image.paste("blue", (30, 0, 60, 40))
    return encoded(image, "JPEG")


@pytest.fixture
def small_manifest(tmp_path: Path, photo: bytes) -> Path:
    return write_small_dataset(tmp_path, photo)


@pytest.fixture
def labels_of_version_3(tmp_path: Path) -> Path:
    return write_labels_of_version_3(tmp_path)


@pytest.fixture
def settings(local_server: LocalModelServer, small_manifest: Path, tmp_path: Path) -> Settings:
    from dashboard import Settings

    return Settings(
        model_server_url=local_server.url,
        model_name="good",
        manifest=small_manifest,
        model_folder=tmp_path / "model",
        **kept_in(tmp_path),
        max_upload_mb=0.5,
    )


@pytest.fixture(scope="session")
def dashboard_url(model_server, demo_data, demo_model_dir, tmp_path_factory) -> Iterator[str]:
    """The whole dashboard, asking the demo model."""
    from tests.support.browsing import running_demo_dashboard

    folder = tmp_path_factory.mktemp("dashboard")
    with running_demo_dashboard(model_server, demo_model_dir, demo_data, folder) as url:
        yield url


@pytest.fixture(scope="session")
def another_car(demo_data) -> Path:
    return demo_data / manifest_rows(demo_data)[-1]["file_name"]


@pytest.fixture
def page_and_watch(browser, dashboard_url) -> Iterator[tuple[Page, Watch]]:
    from tests.support.browsing import expect_answer, opened

    with opened(browser, dashboard_url) as both:
        expect_answer(both[0], "Sample photo 1")  # by itself
        yield both


@pytest.fixture
def page(page_and_watch) -> Page:
    return page_and_watch[0]


@pytest.fixture
def watch(page_and_watch) -> Watch:
    return page_and_watch[1]
