"""A small demo that all tests share, made once through the command line: drawn cars, a trained model, a server."""

import fcntl
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.commands import car_classifier, done
from tests.support.datasets import manifest_rows, runs_dir_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from car_classifier.demo_cars.photo import DemoPhoto
    from car_classifier.registry.published_version import PublishedVersion
    from tests.support.embedded_server import RunningModelServer


pytest_plugins = ["tests.support.dashboard_fixtures", "tests.support.postgres"]


def pytest_configure() -> None:
    """Set up the process that runs the tests.

    Programs that tests end with Ctrl-C must hear it: what a shell runs in the background ignores SIGINT. And what
    tests ask this machine must not go to a company's proxy.
    """
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1"
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


SLOW_FIXTURES = {"demo_data", "demo_model_dir", "model_server", "dashboard_url", "browser", "exported", "s3", "site"}
"""Whoever uses one of these waits for a training, an export, a server or a browser."""

WEIGHTS = {"long": 20, "slow": 1}
"""About how many seconds a test of each kind takes."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    weights: Counter[Path] = Counter()
    for item in items:
        if isinstance(item, pytest.Function) and SLOW_FIXTURES & set(item.fixturenames):
            item.add_marker("slow")
        weights[item.path] += next((weight for mark, weight in WEIGHTS.items() if item.get_closest_marker(mark)), 0)
    # One process makes the demo model for the first file; the other one runs the files that do not need it meanwhile.
    # Long files come first, so that in the end no process is left with one while the other has nothing to do.
    needing = {item.path for item in items if "demo_model_dir" in getattr(item, "fixturenames", ())}
    first = next((item.path for item in items if item.path in needing), None)
    items.sort(key=lambda item: (item.path != first, item.path in needing, -weights[item.path]))


def made_once(name: str, tmp_path_factory: pytest.TempPathFactory, make: Callable[[Path], None]) -> Path:
    """A folder that one test process makes for all test processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    finished = folder.with_suffix(".finished")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            make(folder)
            finished.touch()
    return folder


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory) -> Path:
    """A folder with `manifest.csv` and `images/`: 4 drawn models, 24 photos of each."""

    def make(folder: Path) -> None:
        done(car_classifier("data", "demo", "--classes", 4, "--per-class", 24, "--out", folder))
        done(car_classifier("data", "index", folder / "images", "--out", folder / "manifest.csv"))

    return made_once("demo", tmp_path_factory, make)


@pytest.fixture
def own_data(demo_data, tmp_path) -> Path:
    """A copy of the data set for one test, without the features that other tests have left beside it."""
    return shutil.copytree(demo_data, tmp_path / "data", ignore=shutil.ignore_patterns("features"))


@pytest.fixture(scope="session")
def demo_model_dir(demo_data, tmp_path_factory) -> Path:
    """A model folder with version 1: ResNet50V2 from random weights, trained for a few epochs."""

    def make(folder: Path) -> None:
        arguments = ["--weights", "none", "--image-size", "64x96", "--output-stride", 16, "--epochs", 3]
        arguments += ["--batch-size", 16, "--learning-rate", 1e-3, "--set", "cutmix=0", "--model-dir", folder]
        arguments += ["--runs-dir", runs_dir_of(folder)]
        done(car_classifier("train", "--data", demo_data / "manifest.csv", *arguments))

    return made_once("demo_model", tmp_path_factory, make)


@pytest.fixture(scope="session")
def monitoring_config(tmp_path_factory) -> Path:
    """A file that enables a model server's metrics."""
    path = tmp_path_factory.mktemp("monitoring") / "monitoring.config"
    path.write_text("prometheus_config { enable: true }")
    return path


@pytest.fixture(scope="session")
def model_server(demo_model_dir, monitoring_config) -> Iterator["RunningModelServer"]:
    """An embedded server with the demo model and enabled metrics."""
    from tests.support.embedded_server import RunningModelServer, running

    settings = {"model_name": "car_classifier", "monitoring_config_file": monitoring_config}
    with running(model_base_path=demo_model_dir, **settings) as server:
        server.wait("1", "AVAILABLE", "car_classifier")
        yield RunningModelServer(server.url, "car_classifier")


@pytest.fixture(scope="session")
def car(demo_data) -> Path:
    """A photo of the data set."""
    return demo_data / manifest_rows(demo_data)[0]["file_name"]


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Chromium, shared by all tests of a process, because Playwright's loop cannot run twice in one."""
    from playwright.sync_api import sync_playwright

    from car_classifier.doctor import BROWSERS, find_browser
    from tests.support.browsing import CHROMIUM_OPTIONS

    program = find_browser()
    if program is None:
        pytest.skip(f"no browser here: none of {', '.join(BROWSERS)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo_model(demo_model_dir) -> "PublishedVersion":
    """The demo model, loaded once."""
    from car_classifier.registry.published_version import find_version

    return find_version(demo_model_dir)


@pytest.fixture(scope="session")
def drawn_photos() -> "list[DemoPhoto]":
    """One photo of each model of the catalogue."""
    import numpy as np

    from car_classifier.demo_cars import CATALOGUE
    from car_classifier.demo_cars.photo import draw_photo

    return [draw_photo(model, np.random.default_rng([3, i])) for i, model in enumerate(CATALOGUE)]


@pytest.fixture
def photos_in(tmp_path) -> Callable[..., Path]:
    """Writes a picture of its own under each name into a folder of the test, and returns the folder."""

    from tests.support.pictures import blotches

    def write(*names: str, folder: str = "photos") -> Path:
        for i, name in enumerate(names):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            blotches(i).save(path, "PNG" if path.suffix.lower() == ".png" else "JPEG", quality=90)
        return tmp_path / folder

    return write
