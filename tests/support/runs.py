"""Training runs without training, for tests of the steps after it."""

from pathlib import Path

from rich.console import Console

from car_classifier.data.indexing import index_photos
from car_classifier.network.signatures import Classifier
from car_classifier.publishing.export import export
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.training.config import TrainingConfig
from car_classifier.training.run import TrainingRun
from tests.support.nets import tiny_classifier
from tests.support.pictures import encoded, picture

QUIET = Console(quiet=True)


def run_of_few_photos(folder: Path) -> TrainingRun:
    """An untrained run on one photo per split of each of a tiny classifier's classes."""
    images = folder / "images"
    if not images.exists():
        for i, label in enumerate(tiny_classifier().labels):
            for side, offset in (("train", 0), ("validation", 20), ("test", 40)):
                path = images / side / label / "photo.png"
                path.parent.mkdir(parents=True)
                path.write_bytes(encoded(picture(60 + 10 * i, 90 + offset), "PNG"))
        index_photos(images, folder / "manifest.csv")
    run = TrainingRun(TrainingConfig(manifest=str(folder / "manifest.csv"), weights="none"), folder / "runs", QUIET)
    run.history_path.write_text("stage,epoch\n")
    return run


def exported_run(folder: Path, classifier: Classifier | None = None) -> Path:
    """The folder of a finished run that exported a tiny classifier."""
    run = run_of_few_photos(folder)
    export(classifier or tiny_classifier(), run, QUIET)
    run.finish(PublishedVersion(run.export_folder).read_metrics())
    return run.folder
