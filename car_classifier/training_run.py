"""One run of training: its settings, its photos and the folder that holds its state. Free of TensorFlow."""

import shutil
from pathlib import Path

from rich.console import Console

from car_classifier.backbones import check_backbone_input, find_backbone
from car_classifier.errors import UserError
from car_classifier.files import check_writable, sha256_of, write_json
from car_classifier.manifest import Manifest, Split, class_indices, read_manifest
from car_classifier.training_config import TrainingConfig, run_key

RUNS_FOLDER = ".runs"


class TrainingRun:
    """One run of training: its settings, photos and folder.

    The folder, `<model-dir>/.runs/<key>`, is named for everything that the run depends on. The same command
    therefore finds it again: finished stages and epochs are not repeated, and a cached feature is never stale.
    """

    def __init__(self, config: TrainingConfig, model_dir: Path, console: Console) -> None:
        self.config = config
        self.console = console
        self.backbone = find_backbone(config.base)
        self.manifest = read_manifest(Path(config.manifest))
        check_backbone_input(self.backbone, config.image_size, config.weights, config.output_stride)
        _check_manifest(self.manifest)
        self.labels = self.manifest.labels
        weights = Path(config.weights)
        key = run_key(
            config, sha256_of(self.manifest.path), sha256_of(weights) if weights.is_file() else config.weights
        )
        self.folder = model_dir / RUNS_FOLDER / key
        self.is_resumed = self.folder.is_dir()
        check_writable(self.folder / "config.json")
        write_json(self.folder / "config.json", config.as_json())

    @property
    def history_path(self) -> Path:
        """Loss and accuracy of every epoch, `history.csv`."""
        return self.folder / "history.csv"

    def remove(self) -> None:
        """Delete the folder, once what it led to is published."""
        shutil.rmtree(self.folder)

    def paths_and_classes(self, split: Split) -> tuple[list[Path], list[int]]:
        """Photo paths and class indices of one split."""
        rows = self.manifest.split(split)
        return [self.manifest.photo_path(row) for row in rows], class_indices(rows, self.labels)


def _check_manifest(manifest: Manifest) -> None:
    sides: tuple[Split, ...] = ("train", "validation")
    missing = [side for side in sides if not manifest.split(side)]
    if missing:
        raise UserError(
            f"{manifest.path} has no photos for {' and '.join(missing)}. Index with other shares or another split."
        )
    if len(manifest.labels) < 2:
        raise UserError(f"{manifest.path} has one class only. A classifier needs at least two.")
    untrained = set(manifest.labels) - {row.label for row in manifest.split("train")}
    if untrained:
        raise UserError(f"{manifest.path} has no training photo of {', '.join(sorted(untrained)[:5])}.")
    gone = next((row for row in manifest.rows if not manifest.photo_path(row).is_file()), None)
    if gone:
        raise UserError(f"{manifest.photo_path(gone)} is gone. Make the manifest anew with car-classifier data index.")
