"""`car-classifier up`: from nothing to the page in a browser, on one machine without Docker."""

import os
import time
from pathlib import Path
from typing import Annotated

from pydantic import Field
from rich.console import Console

from car_classifier.errors import UserError
from car_classifier.files import read_json
from car_classifier.preflight import why_taken
from car_classifier.publishing.interruption import defer_signals
from car_classifier.registry.folder import versions
from car_classifier.registry.labels import CONFIG_NAME, MODEL_NAME, STABLE, ensure_live
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.settings import Settings
from car_classifier.supervision import (
    DASHBOARD,
    Bounds,
    ModelServer,
    addresses_here,
    check_alive,
    python_module,
    reason_of,
    sigterm_as_ctrl_c,
    start,
    stop,
    wait_for_page,
)
from car_classifier.training.augmentation import Augmentation
from car_classifier.training.config import Count, ImageSize, TrainingConfig
from car_classifier.training.live_progress import FILE, LiveProgress
from car_classifier.words import counted

LOCAL = "127.0.0.1"

SERVER_NOTE = "model_server.json"
"""Name of the file, in the data folder, that says why the model server is not there now."""

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

    host: Annotated[str, Field(min_length=1)] = LOCAL
    """Address that the dashboard listens on: this machine alone, or `0.0.0.0` for everybody in the network. The page
    has no sign-in."""

    resume_with: str = "car-classifier up"
    """Command that the page shows for going on, if the making of the demo model is interrupted."""

    @property
    def demo_dir(self) -> Path:
        """Where the drawn photos are."""
        return self.data_dir / "demo"

    @property
    def page_url(self) -> str:
        """An address at which this machine reaches the dashboard."""
        host = {"0.0.0.0": LOCAL, "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 (only compared)
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"


class DemoRecipe(Settings):
    """The recipe of the demo: ResNet50V2 on drawn cars from random weights, within minutes on two cores.

    It gives two versions, so that the page has something to compare: one after a few epochs, one in the end.
    """

    classes: Count = 8
    """Number of invented models to draw."""

    per_class: Count = 80
    """Number of photos of each model."""

    image_size: ImageSize = (96, 144)
    """Height and width of the net's input in pixels."""

    early_epoch: Count = 6
    """The epoch after which the first version is published."""

    epochs: Count = 12
    """Epochs of the training."""

    scored_photos: Count = 16
    """Number of test photos on which explanations are scored."""

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
    wanted = (("--rest-api-port", LOCAL, settings.rest_api_port), ("--port", settings.host, settings.port))
    for option, host, port in wanted:
        if reason := why_taken(host, port):
            raise UserError(
                f"Cannot listen on {host} port {port}: {reason}. "
                f"End the program that uses it (another make up?), or choose another port with {option}."
            )


def prepare(settings: UpSettings, console: Console, recipe: DemoRecipe = DemoRecipe()) -> None:  # noqa: B008 (frozen)
    """Make sure that there is a live version: the demo's if none is published, for which cars are drawn."""
    if versions(settings.model_dir):
        ensure_live(settings.model_dir)
        if not _is_demo_unfinished(settings, recipe):
            return
        console.print("Going on with the demo, which was interrupted.")
    else:
        console.print(
            f"There is no model in {settings.model_dir} yet: drawing invented cars and training ResNet50V2 on them "
            "from random weights. This takes a few minutes, once.",
            highlight=False,
        )
    progress = _progress(settings, console)
    with progress.running():
        _make_demo(settings, console, recipe, progress)


def _is_demo_unfinished(settings: UpSettings, recipe: DemoRecipe = DemoRecipe()) -> bool:  # noqa: B008 (frozen)
    """Whether the making of the demo was interrupted after its first version, or after its second."""
    path = settings.demo_dir / FILE
    published = versions(settings.model_dir)
    if published not in ([1], [1, 2]) or not path.is_file() or read_json(path).get("state") == "ended":
        return False
    folders = [settings.model_dir / str(number) for number in published]
    training = recipe.training(settings.demo_dir / "manifest.csv").as_json()  # others train on drawn cars, too
    return all(PublishedVersion(folder).read_config().get("training") == training for folder in folders)


def _progress(settings: UpSettings, console: Console) -> LiveProgress:
    """The progress of making the demo model, which the page shows."""
    path = settings.demo_dir / FILE
    return LiveProgress(path, console, "Invented cars", settings.resume_with, stages=len(STEPS))


STEPS = (
    "Drawing cars and reading them",
    "Training a net on them",
    "Finding similar photos and scoring explanations",
)
"""The steps of making the demo."""

SCORED_METHODS = ("exact", "gradcam", "gradcam++")
"""Explanation methods that are scored beside the baselines: fast ones."""

SANITY_PHOTOS = 6
"""Photos whose maps are compared with those of a random net."""


def _make_demo(settings: UpSettings, console: Console, recipe: DemoRecipe, progress: LiveProgress) -> None:
    manifest = settings.demo_dir / "manifest.csv"
    drawing, learning, scoring = STEPS
    has_both = versions(settings.model_dir) == [1, 2]  # and was interrupted after that
    progress.begin_stage(drawing)
    if not has_both:
        _draw_demo(settings, recipe, manifest, progress)
    progress.begin_stage(learning if has_both else f"{learning}; the page opens after epoch {recipe.early_epoch}")
    second = settings.model_dir / "2"
    version = PublishedVersion(second) if has_both else _train_demo(settings, console, recipe, manifest)
    if version is None:
        console.print("Another version was published meanwhile, so the demo's second one is not.")
        return
    from car_classifier.evaluation.photo_features import write_photo_features

    progress.begin_stage(scoring)
    with progress.bar("Finding similar photos") as report:
        write_photo_features(manifest, version, report)
    _score_explanations(version, manifest, recipe.scored_photos, console)


def _draw_demo(settings: UpSettings, recipe: DemoRecipe, manifest: Path, progress: LiveProgress) -> None:
    from car_classifier.demo_cars import DemoSettings, draw_demo_set

    with progress.bar("Drawing cars") as report:
        draw_demo_set(settings.demo_dir, DemoSettings(recipe.classes, recipe.per_class, is_hard=True), report)

    from car_classifier.data.indexing import index_photos

    with progress.bar("Reading photos") as report:
        index_photos(settings.demo_dir / "images", manifest, report=report)


def _train_demo(settings: UpSettings, console: Console, recipe: DemoRecipe, manifest: Path) -> PublishedVersion | None:
    """Train, and publish a version in the middle and one in the end.

    Returns:
        The second version; None if somebody else published one meanwhile.
    """
    from car_classifier.publishing.publish import EarlyVersion, publish, train_and_export

    def published(run: Path) -> PublishedVersion:
        # On another machine's arithmetic the second version may be a photo worse than the first.
        version = PublishedVersion(publish(run, settings.model_dir, console, margin=1))
        metrics = version.read_metrics()
        console.print(
            f"Published {version}: {metrics['top1']:.1%} of {counted(metrics['count'], 'test photo')} right.",
            highlight=False,
        )
        return version

    early = EarlyVersion(recipe.early_epoch, lambda run: versions(settings.model_dir) or published(run))
    runs_dir = settings.demo_dir / "runs"
    training_run = train_and_export(recipe.training(manifest), runs_dir, console, settings.resume_with, early)
    if versions(settings.model_dir) not in ([], [1]):  # none if somebody removed the first one
        return None
    return published(training_run.folder)


def _score_explanations(version: PublishedVersion, path: Path, count: int, console: Console) -> None:
    """Score some methods on some test photos, as `explain-eval` does for all."""
    from car_classifier.data.manifest import read_manifest
    from car_classifier.demo_cars.part_boxes import read_part_boxes
    from car_classifier.evaluation.report import rows_of
    from car_classifier.explanations.evaluation import evaluate_explanations
    from car_classifier.explanations.methods import METHODS

    manifest = read_manifest(path)
    rows = rows_of(manifest, "test", version.names.labels, count, seed=0)
    methods = [item for name, item in METHODS.items() if name in SCORED_METHODS or item.is_baseline]
    parts = read_part_boxes(path.parent / "parts.csv")
    evaluate_explanations(version, manifest, rows, methods, parts, "test", 0, SANITY_PHOTOS, console)


def run(settings: UpSettings, console: Console, bounds: Bounds = Bounds()) -> None:  # noqa: B008 (frozen)
    """Run the dashboard at once, and the model server once there is a model, until Ctrl-C or SIGTERM.

    Without a model, another process makes the demo meanwhile. If that fails, the page stays, and says so.

    Raises:
        UserError: The dashboard ended by itself, or the model server did so too often.
    """
    note_path = settings.data_dir / SERVER_NOTE
    note_path.unlink(missing_ok=True)
    server_url = f"http://{LOCAL}:{settings.rest_api_port}"
    command = python_module("car_classifier", "serve", "--model-base-path", settings.model_dir)
    command += ["--model-name", MODEL_NAME, "--rest-api-port", str(settings.rest_api_port), "--port", "-1"]
    server = ModelServer(command, server_url, note_path, console, bounds)
    dashboard = preparation = None
    with sigterm_as_ctrl_c():
        try:
            has_model = bool(versions(settings.model_dir))
            if has_model:
                ensure_live(settings.model_dir)
            is_unfinished = not has_model or _is_demo_unfinished(settings)
            if is_unfinished:
                _progress(settings, console).announce()  # before the page, which shows it
            with defer_signals():  # in between, nobody would know the process that is to be stopped
                dashboard = start(python_module("dashboard"), _of_the_dashboard(settings, server_url, note_path))
            wait_for_page(settings.page_url, dashboard, bounds)
            _say_open(settings, console)
            if is_unfinished:
                with defer_signals():
                    preparation = start(_preparation(settings), {})
            while True:
                check_alive(DASHBOARD, dashboard)
                has_model = has_model or (settings.model_dir / CONFIG_NAME).is_file()
                if has_model:
                    server.look_after()
                if preparation is not None and preparation.poll() is not None:
                    if preparation.returncode:
                        _say_not_made(preparation.returncode, has_model, console)
                    preparation = None
                time.sleep(bounds.poll_seconds)
        except KeyboardInterrupt:
            console.print("Stopping …")
        finally:
            stop(preparation, bounds)
            stop(server.process, bounds)
            stop(dashboard, bounds)
            note_path.unlink(missing_ok=True)


def _of_the_dashboard(settings: UpSettings, server_url: str, note_path: Path) -> dict[str, str]:
    """The dashboard's environment."""
    return {
        "DASHBOARD_MODEL_SERVER_URL": server_url,
        "DASHBOARD_MODEL_NAME": MODEL_NAME,
        "DASHBOARD_MODEL_LABEL": STABLE,
        "DASHBOARD_MODEL_FOLDER": str(settings.model_dir),
        "DASHBOARD_MANIFEST": str(settings.data_dir),
        "DASHBOARD_SERVER_NOTE": str(note_path),
        "DASHBOARD_HOST": settings.host,
        "DASHBOARD_PORT": str(settings.port),
        "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{settings.data_dir / 'dashboard.sqlite3'}",
    }


def _preparation(settings: UpSettings) -> list[str]:
    """The command that makes the demo model."""
    command = python_module("car_classifier", "up", "--prepare-only", "--model-dir", settings.model_dir)
    return [*command, "--data-dir", str(settings.data_dir), "--resume-with", settings.resume_with]


def _say_open(settings: UpSettings, console: Console) -> None:
    console.print(f"\n  Open http://localhost:{settings.port}   (Ctrl-C ends it)\n", highlight=False)
    if settings.host not in (LOCAL, "localhost", "::1"):
        console.print(
            f"Note: everybody who can reach {settings.host} port {settings.port} of this machine can use the page"
            + (f", at {' or '.join(addresses)}" if (addresses := addresses_here(settings.host, settings.port)) else "")
            + ". It has no sign-in, and photos travel unencrypted: open it in networks that you trust.",
            style="yellow",
            highlight=False,
        )


def _say_not_made(code: int, has_model: bool, console: Console) -> None:
    what = "The demo is not finished" if has_model else "The demo model was not made"
    why = reason_of(code) if code < 0 else f"ended with exit code {code}; the lines above say why"
    stays = "" if has_model else ", and shows a model as soon as car-classifier train publishes one"
    console.print(
        f"{what}: its program {why}. The page stays until Ctrl-C{stays}. After Ctrl-C the same command goes on.",
        style="yellow",
        highlight=False,
    )
