"""A training run: its settings, its photos and the folder with its state. Does not import TensorFlow."""

import itertools
import shutil
import time
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from car_classifier.data.manifest import Manifest, Split, class_indices, read_manifest
from car_classifier.data.photo_files import Photo, read_photo
from car_classifier.data.photo_sources import Candidate
from car_classifier.errors import UserError
from car_classifier.files import check_writable, exclusive_lock, read_json, sha256_of, write_json
from car_classifier.network.backbones import check_backbone_input, find_backbone
from car_classifier.progress import print_left_out, progress_bar
from car_classifier.subject import default_subject, read_subject
from car_classifier.training.cluster import place_in_cluster
from car_classifier.training.config import ALL, HEAD, TrainingConfig, run_key
from car_classifier.training.feature_store import store_folder
from car_classifier.training.live_progress import FILE, LiveProgress
from car_classifier.words import counted

FEW_PHOTOS = 5
"""A class with fewer training photos is hardly learnt."""

CHIEF_SECONDS = 120
"""Seconds that the other machines wait for the first one to begin."""

EXPORT_SECONDS = 3600
"""Seconds that the other machines wait for the first one to check all photos, and to export and evaluate the model."""

CLOSED_FORM = "closed_form.npz"
"""Name of the file with a closed-form head and the moments that it was fitted to."""

EXPORT = "export"
"""Name of the folder in a run's folder that holds the exported model until it is published."""


class TrainingRun:
    """A training run: its settings, photos and folder.

    The folder, `<runs-dir>/<time>`, holds a key of everything that the run depends on. The same command therefore
    finds an unfinished run again, and does not repeat finished stages and epochs. A finished run keeps its settings,
    its history, TensorBoard's events and its metrics.
    """

    def __init__(self, config: TrainingConfig, runs_dir: Path, console: Console, command: str = "") -> None:
        self.config = config
        self.console = console
        self.backbone = find_backbone(config.base)
        self.manifest = read_manifest(Path(config.manifest))
        check_backbone_input(self.backbone, config.image_size, config.weights, config.output_stride)
        _check_splits(self.manifest)
        _note_rare(self.manifest, console)
        for note in self.manifest.notes():
            console.print(f"Note: {note}", style="yellow", markup=False)
        self.labels = self.manifest.labels
        self.subject = read_subject(self.manifest.path.parent) or default_subject(self.manifest.has_makes)
        weights = Path(config.weights)
        self.weights_sha256 = sha256_of(weights) if weights.is_file() else config.weights
        self.key = run_key(config, sha256_of(self.manifest.path), self.weights_sha256)
        self.is_chief = config.strategy != "multiworker" or place_in_cluster()[0] == 0
        unfinished: Path | None = _unfinished(runs_dir, self.key) if self.is_chief else _of_chief(runs_dir, self.key)
        if unfinished is None:  # of an unfinished run, a photo that is gone costs the photo and not the run
            self.manifest.check_photos(self.manifest.kept)
        self.folder = unfinished or _new_folder(runs_dir)
        self.is_resumed = self.history_path.is_file() or (self.state_folder / "features").is_dir()
        if self.is_chief:
            lock = ExitStack()
            lock.enter_context(_lock(self.state_folder))
            weakref.finalize(self, lock.close)
        if self.unreadable_path.is_file():
            self.leave_out(read_json(self.unreadable_path))
        if self.is_resumed:
            _check_unchanged(self.manifest, console)
        if unfinished is None:
            write_json(self.folder / "config.json", {"key": self.key, "training": config.as_json()})
        path = self.folder / FILE if self.is_chief else None
        self.live = LiveProgress(path, console, self._settings_in_short(), command, stages=len(self.stage_titles))

    @property
    def stage_titles(self) -> list[str]:
        """What the stages are called where the progress is shown."""
        config = self.config
        titles = ["Checking photos and loading weights"]
        if config.weights == "none":
            titles.append(_title(ALL))
        else:
            titles.append(f"{'Fitting' if config.has_closed_form_head else 'Training'} the classifier")
            titles += [_title(stage) for stage in config.unfreeze if stage != HEAD]
        return [*titles, "Exporting and testing"]

    def begin_stage(self) -> None:
        """The next stage begins."""
        self.live.begin_stage(self.stage_titles[self.live.stage_number])

    @contextmanager
    def removed_if_it_fails_early(self) -> Iterator[None]:
        """Remove the folder of a new run if a `with` block fails before there is anything that could be resumed.

        Without the weights, for example, which cannot be downloaded, nothing is trained.
        """
        try:
            yield
        except Exception:
            if self.is_chief and not self.is_resumed and self.live.stage_number <= 1:
                shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _settings_in_short(self) -> str:
        config = self.config
        weights = {"none": "random weights", "imagenet": "ImageNet weights"}.get(config.weights, config.weights)
        photos = counted(len(self.manifest.split("train")), "training photo")
        return (
            f"{config.base} from {weights}, {config.image_size[0]}×{config.image_size[1]} pixels, "
            f"{photos} of {counted(len(self.labels), 'class')}"
        )

    @property
    def history_path(self) -> Path:
        """`history.csv`, with the loss and accuracy of every epoch."""
        return self.folder / "history.csv"

    @property
    def state_folder(self) -> Path:
        """The folder that an unfinished run resumes from: checkpoints and cached features."""
        return self.folder / "state"

    @property
    def closed_form_path(self) -> Path:
        """The closed-form head, once it is fitted, with what it takes to change it later."""
        return self.state_folder / CLOSED_FORM

    @property
    def has_closed_form(self) -> bool:
        """Whether the classifier is the closed-form head on the frozen net, and not fine-tuned from there."""
        return self.config.has_closed_form_head and self.config.unfreeze == (HEAD,)

    @property
    def feature_folder(self) -> Path:
        """The folder of features that runs share, beside the manifest; the run's own where nothing can be written."""
        return store_folder(self.manifest.path, self.state_folder)

    @property
    def export_folder(self) -> Path:
        """The folder of the exported model until it is published."""
        return self.folder / EXPORT

    @property
    def unreadable_path(self) -> Path:
        """The record of the check of all photos: the names of those that cannot be read, each with the reason."""
        return self.state_folder / "unreadable.json"

    def leave_out(self, unreadable: Mapping[str, str]) -> None:
        """Use photos for nothing, as if the manifest excluded them.

        Args:
            unreadable: The photos by their names in the manifest, each with the reason, which completes a sentence
                that begins with the photo.

        Raises:
            UserError: The others are too few to train on.
        """
        folder = self.manifest.path.parent
        notes = [f"{folder / name} {reason}, so it is left out." for name, reason in unreadable.items()]
        print_left_out(self.console, notes)
        rows = (
            replace(row, excluded=unreadable[row.file_name]) if row.file_name in unreadable else row
            for row in self.manifest.rows
        )
        self.manifest = Manifest(self.manifest.path, tuple(rows))
        _check_splits(self.manifest)
        self.labels = self.manifest.labels

    def wait_for_chief(self) -> None:
        """Wait until the chief has exported the model.

        Raises:
            UserError: It has not done so within `EXPORT_SECONDS`.
        """
        _wait_for(_metrics_path(self.folder), "exported nothing")

    def wait_for_check(self) -> None:
        """Wait until the chief has checked that all photos can be read.

        Raises:
            UserError: It has not done so within `EXPORT_SECONDS`.
        """
        _wait_for(self.unreadable_path, "not checked the photos")

    def finish(self, metrics: dict[str, Any]) -> None:
        """Record the metrics of the exported model, and delete the state that only an unfinished run needs."""
        write_json(_metrics_path(self.folder), metrics)
        shutil.rmtree(self.state_folder, ignore_errors=True)

    def paths_and_classes(self, split: Split) -> tuple[list[Path], list[int]]:
        """Photo paths and class indices of one split."""
        rows = self.manifest.split(split)
        return [self.manifest.photo_path(row) for row in rows], class_indices(rows, self.labels)

    def photos_key(self, split: Split) -> list[str]:
        """The hashes of the photos of one split, in their order, which identify them."""
        return [row.sha256 for row in self.manifest.split(split)]


def _title(stage: str) -> str:
    return "Training all layers" if stage == ALL else f"Training layers {stage}"


def note_version(run: Path, version: Path) -> None:
    """Record in a finished run's `metrics.json`, if it exists, as which version the run was published."""
    if not _metrics_path(run).is_file():
        return
    metrics = read_json(_metrics_path(run))
    write_json(_metrics_path(run), {"version": str(version)} | metrics)


def version_of(run: Path) -> Path | None:
    """The version as which a run was published; None if it was not, or if the folder is no run's."""
    try:
        return Path(read_json(_metrics_path(run))["version"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _wait_for(path: Path, failure: str) -> None:
    end = time.monotonic() + EXPORT_SECONDS
    while not path.is_file():
        if time.monotonic() > end:
            raise UserError(f"The first machine has {failure} in {EXPORT_SECONDS // 60} minutes; see there.")
        time.sleep(1)


def _metrics_path(folder: Path) -> Path:
    return folder / "metrics.json"


def _unfinished(runs_dir: Path, key: str) -> Path | None:
    """The folder of an unfinished run with this key."""
    for path in sorted(runs_dir.glob("*/config.json"), reverse=True):
        try:
            run_key_of_folder = read_json(path).get("key")
        except (ValueError, AttributeError):  # not a run's file
            continue
        if run_key_of_folder == key and not _metrics_path(path.parent).is_file():
            return path.parent
    return None


def _of_chief(runs_dir: Path, key: str) -> Path:
    """The folder that the chief of several machines has made, or will make soon.

    Raises:
        UserError: It does not exist after `CHIEF_SECONDS`.
    """
    end = time.monotonic() + CHIEF_SECONDS
    while time.monotonic() < end:
        folder = _unfinished(runs_dir, key)
        if folder is not None:
            return folder
        time.sleep(0.2)
    raise UserError(
        f"The first machine of TF_CONFIG has made no run in {runs_dir} within {CHIEF_SECONDS} seconds. All machines "
        "must be given the same command, photos and weights, and a --runs-dir that they share."
    )


def _new_folder(runs_dir: Path) -> Path:
    """A new folder, named by the time."""
    check_writable(runs_dir / "run")
    name = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
    for number in itertools.count(1):
        folder = runs_dir / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir()
            break
    return folder


def _lock(state_folder: Path) -> AbstractContextManager[None]:
    """Keep other processes from a run; entering it is a `UserError` while another process is at work on the run."""
    state_folder.mkdir(exist_ok=True)
    busy = (
        f"Another process is training this run, in {state_folder.parent}. Wait for it, or give this one another --seed."
    )
    return exclusive_lock(state_folder / "lock", busy)


def _check_unchanged(manifest: Manifest, console: Console) -> None:
    """Make sure that the photos are still those whose features are cached, or cannot be read at all."""
    paths = [manifest.photo_path(row) for row in manifest.kept]
    with ThreadPoolExecutor() as pool, progress_bar("Checking photos", console) as report:
        for done, (row, sha256) in enumerate(zip(manifest.kept, pool.map(_sha256_of, paths), strict=True), start=1):
            candidate = Candidate(manifest.photo_path(row), row.make, row.model, row.year, row.split)
            if sha256 != row.sha256 and isinstance(read_photo(candidate), Photo):
                raise UserError(
                    f"{manifest.photo_path(row)} has changed since it was indexed, and an unfinished run resumes only "
                    "with the same photos. Index the photos again with car-classifier data index."
                )
            report(done, len(paths))


def _sha256_of(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None


def _check_splits(manifest: Manifest) -> None:
    splits: tuple[Split, ...] = ("train", "validation")
    missing = [split for split in splits if not manifest.split(split)]
    if missing:
        raise UserError(
            f"{manifest.path} has no photos for {' and '.join(missing)}. Index with other shares or another split."
        )
    if len(manifest.labels) < 2:
        raise UserError(f"{manifest.path} has one class only. A classifier needs at least two.")
    counts = Counter(row.label for row in manifest.split("train"))
    untrained = [label for label in manifest.labels if not counts[label]]
    if untrained:
        raise UserError(
            f"{manifest.path} has no training photo of {', '.join(untrained[:5])}. "
            "Add photos, or leave rare classes out with car-classifier data index --top N."
        )


def _note_rare(manifest: Manifest, console: Console) -> None:
    counts = Counter(row.label for row in manifest.split("train"))
    rare = [label for label in manifest.labels if counts[label] < FEW_PHOTOS]
    if rare:
        more = f" and {len(rare) - 3} more" if len(rare) > 3 else ""
        console.print(
            f"Note: fewer than {FEW_PHOTOS} training photos of {', '.join(rare[:3])}{more}: hardly enough to learn.",
            style="yellow",
            markup=False,
        )
