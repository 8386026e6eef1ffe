"""One small demo, made once for all tests through the command line: drawn cars, a trained model, a server of it."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.postgres import database_url, postgres  # noqa: F401  (fixtures)

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def car_classifier(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run `car-classifier` as a user would, in a process of its own."""
    command = [sys.executable, "-m", "car_classifier", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def done(result: subprocess.CompletedProcess[str]) -> str:
    """What a command printed, once it is sure that it went well."""
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def made_once(name: str, tmp_path_factory: pytest.TempPathFactory, make: Callable[[Path], None]) -> Path:
    """A folder that the first of the processes that run the tests makes for all of them."""
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


def runs_dir_of(model_dir: Path) -> Path:
    """Where the run that made the demo model is."""
    return model_dir.with_name(f"{model_dir.name}_runs")


@pytest.fixture(scope="session")
def demo_model_dir(demo_data, tmp_path_factory) -> Path:
    """A model folder with version 1: ResNet50V2 from random weights, trained for a few epochs."""

    def make(folder: Path) -> None:
        arguments = ["--weights", "none", "--image-size", "64x96", "--output-stride", 16, "--epochs", 3]
        arguments += ["--batch-size", 16, "--learning-rate", 1e-3, "--set", "cutmix=0", "--model-dir", folder]
        arguments += ["--runs-dir", runs_dir_of(folder)]
        done(car_classifier("train", "--data", demo_data / "manifest.csv", *arguments))

    return made_once("demo_model", tmp_path_factory, make)


@dataclass(frozen=True)
class RunningModelServer:
    """Where `car-classifier serve` listens and under which name it serves the demo model."""

    url: str
    model_name: str


@pytest.fixture(scope="session")
def monitoring_config(tmp_path_factory) -> Path:
    """A file that has a model server show its metrics."""
    path = tmp_path_factory.mktemp("monitoring") / "monitoring.config"
    path.write_text("prometheus_config { enable: true }")
    return path


@pytest.fixture(scope="session")
def model_server(demo_model_dir, monitoring_config) -> Iterator[RunningModelServer]:
    """The demo model on an embedded server, which shows its metrics as well."""
    from tests.serving.conftest import running

    settings = {"model_name": "car_classifier", "monitoring_config_file": monitoring_config}
    with running(model_base_path=demo_model_dir, **settings) as server:
        server.wait("1", "AVAILABLE", "car_classifier")
        yield RunningModelServer(server.url, "car_classifier")


@pytest.fixture(scope="session")
def car(demo_data) -> Path:
    """A photo that the data set knows."""
    from tests.dashboard.browsing import manifest_rows

    return demo_data / manifest_rows(demo_data)[0]["file_name"]


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Chromium; one for all tests of a process, as Playwright's loop cannot run twice in it."""
    from playwright.sync_api import sync_playwright

    from tests.dashboard.browsing import CHROMIUM_NAMES, CHROMIUM_OPTIONS

    program = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if program is None:
        pytest.skip(f"no browser here: none of {', '.join(CHROMIUM_NAMES)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()
