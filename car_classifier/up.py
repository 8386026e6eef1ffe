"""`car-classifier up`: from nothing to the page in a browser, on one machine without Docker."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated

from pydantic import Field
from rich.console import Console

from car_classifier.errors import UserError
from car_classifier.progress import progress_bar
from car_classifier.registry.folder import versions
from car_classifier.registry.labels import MODEL_NAME, STABLE, ensure_live
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.registry.server_status import ask_directly, version_states
from car_classifier.settings import Settings
from car_classifier.training.augmentation import Augmentation
from car_classifier.training.config import Count, ImageSize, TrainingConfig
from car_classifier.words import counted

_START_SECONDS = 180

TcpPort = Annotated[int, Field(ge=1, le=65535)]


class UpSettings(Settings):
    """The folders and ports that `up` uses."""

    model_dir: Path = Path("model")
    """Folder of the published versions."""

    data_dir: Path = Path("data")
    """Folder of the photos that the page offers; drawn photos go to its `demo/`."""

    port: TcpPort = 8050
    """Port of the dashboard."""

    rest_api_port: TcpPort = 8501
    """Port of the model server's REST interface."""

    @property
    def demo_dir(self) -> Path:
        """Where the drawn photos are."""
        return self.data_dir / "demo"


class DemoRecipe(Settings):
    """The recipe of the demo model: ResNet50V2 on drawn cars from random weights, within minutes on two cores."""

    classes: Count = 8
    """Number of invented models to draw."""

    per_class: Count = 80
    """Number of photos of each model."""

    image_size: ImageSize = (96, 144)
    """Height and width of the net's input in pixels."""

    epochs: Count = 12
    """Epochs of the training."""

    def training(self, manifest: Path) -> TrainingConfig:
        """The settings of its training."""
        return TrainingConfig(
            manifest=str(manifest),
            weights="none",
            image_size=self.image_size,
            output_stride=16,  # at this size, 32 would leave explanations of 2 by 3 cells
            epochs=self.epochs,
            learning_rate=1e-3,
            # Small crops and mixed photos would often leave out the one part that tells two models apart.
            augmentation=Augmentation(crop_area=0.8, cutmix=0),
            patience=self.epochs,
        )


def check_ports(settings: UpSettings) -> None:
    """Make sure that both ports are free, before minutes are spent on a model.

    Raises:
        UserError: One is taken.
    """
    for option, port in (("--rest-api-port", settings.rest_api_port), ("--port", settings.port)):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as error:
            raise UserError(
                f"Cannot listen on 127.0.0.1 port {port}: {os.strerror(error.errno) if error.errno else error}. "
                f"End the program that uses it (another make up?), or choose another port with {option}."
            ) from error


def prepare(settings: UpSettings, console: Console, recipe: DemoRecipe = DemoRecipe()) -> None:  # noqa: B008 (frozen)
    """Make sure that there is a live version: a demo model if none is published, for which cars are drawn."""
    if versions(settings.model_dir):
        ensure_live(settings.model_dir)
        return
    from car_classifier.demo_cars import DemoSettings, draw_demo_set

    console.print(
        f"There is no model in {settings.model_dir} yet: drawing invented cars and training ResNet50V2 on them "
        "from random weights. This takes a few minutes, once.",
        highlight=False,
    )
    with progress_bar("Drawing cars", console) as report:
        draw_demo_set(settings.demo_dir, DemoSettings(recipe.classes, recipe.per_class), report)
    manifest = settings.demo_dir / "manifest.csv"

    from car_classifier.data.indexing import index_photos
    from car_classifier.evaluation.photo_features import write_photo_features
    from car_classifier.publishing.publish import publish, train_and_export

    with progress_bar("Reading photos", console) as report:
        index_photos(settings.demo_dir / "images", manifest, report=report)
    training_run = train_and_export(recipe.training(manifest), settings.demo_dir / "runs", console)
    version = PublishedVersion(publish(training_run.folder, settings.model_dir, console))
    metrics = version.read_metrics()
    console.print(
        f"Published {version}: {metrics['top1']:.1%} of {counted(metrics['count'], 'test photo')} right.",
        highlight=False,
    )
    with progress_bar("Finding similar photos", console) as report:
        write_photo_features(manifest, version, report)


def run(settings: UpSettings, console: Console) -> None:
    """Run the model server and the dashboard until Ctrl-C, SIGTERM, or the end of either.

    Raises:
        UserError: One of them did not start or ended by itself.
    """
    server_url = f"http://127.0.0.1:{settings.rest_api_port}"
    page_url = f"http://127.0.0.1:{settings.port}"
    server = [sys.executable, "-m", "car_classifier", "serve", "--model-base-path", str(settings.model_dir)]
    server += ["--model-name", MODEL_NAME, "--rest-api-port", str(settings.rest_api_port), "--port", "-1"]
    dashboard_settings = {
        "DASHBOARD_MODEL_SERVER_URL": server_url,
        "DASHBOARD_MODEL_NAME": MODEL_NAME,
        "DASHBOARD_MODEL_LABEL": STABLE,
        "DASHBOARD_MODEL_FOLDER": str(settings.model_dir),
        "DASHBOARD_MANIFEST": str(settings.data_dir),
        "DASHBOARD_PORT": str(settings.port),
        "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{settings.data_dir / 'dashboard.sqlite3'}",
    }
    previous = signal.signal(signal.SIGTERM, _interrupt)
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        processes["model server"] = _start(server, {})
        processes["dashboard"] = _start([sys.executable, "-m", "dashboard"], dashboard_settings)
        _wait_until(lambda: _model_is_available(server_url), processes)
        _wait_until(lambda: _answers(page_url), processes)
        console.print(f"\n  Open http://localhost:{settings.port}   (Ctrl-C ends it)\n", highlight=False)
        while True:
            _check_alive(processes)
            time.sleep(0.5)
    except KeyboardInterrupt:
        console.print("Stopping …")
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        signal.signal(signal.SIGTERM, previous)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _start(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # In a session of its own, so that Ctrl-C reaches this process alone and both end in order.
    return subprocess.Popen(command, env=os.environ | environment, start_new_session=True)  # noqa: S603


def _wait_until(ready: Callable[[], bool], processes: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not ready():
        _check_alive(processes)
        if time.monotonic() > deadline:
            raise UserError(
                f"The {' or the '.join(processes)} did not answer within {_START_SECONDS} seconds; see the lines above."
            )
        time.sleep(0.2)


def _check_alive(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise UserError(f"The {name} ended with exit code {process.returncode}; the lines above say why.")


def _answers(page_url: str) -> bool:
    try:
        with ask_directly(f"{page_url}/healthz", seconds=2):
            return True
    except OSError:
        return False


def _model_is_available(server_url: str) -> bool:
    return "AVAILABLE" in (version_states(server_url) or {}).values()
