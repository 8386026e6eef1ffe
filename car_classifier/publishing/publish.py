"""Publish a trained net as the next version of a model folder: complete and through the gate, or not at all."""

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from car_classifier.errors import UserError
from car_classifier.files import check_writable
from car_classifier.publishing.gate import MARGIN, check_answers, check_metrics
from car_classifier.publishing.interruption import defer_signals
from car_classifier.registry.assets import check_checksums, note_publication
from car_classifier.registry.labels import (
    CONFIG_NAME,
    PREVIOUS,
    STABLE,
    ensure_live,
    next_version,
    publishing_lock,
    wait_until_followed,
    with_label,
    write_labels,
)
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.training.config import TrainingConfig
from car_classifier.training.run import EXPORT, TrainingRun, note_version, version_of

if TYPE_CHECKING:
    from car_classifier.network.signatures import Classifier

_DRAFT = ".publishing-"


@dataclass(frozen=True)
class EarlyVersion:
    """A version that is published while its training goes on.

    Attributes:
        epoch: The epoch, from 1, after which it is exported.
        publish: Called with the run's folder.
    """

    epoch: int
    publish: Callable[[Path], object]


def train_and_export(
    config: TrainingConfig, runs_dir: Path, console: Console, command: str = "", early: EarlyVersion | None = None
) -> TrainingRun:
    """Train a classifier and export it into the run's folder.

    Args:
        config: The settings.
        runs_dir: Folder of the runs.
        console: Where progress is shown.
        command: The command that goes on if this is interrupted, for those who watch the run; empty if unknown.
        early: A version in the middle of a training from random weights, if one is wanted.

    Returns:
        The run. On a machine that only helped the first one to train there is nothing to publish.

    Raises:
        UserError: The manifest, the weights or a setting cannot be used.
    """
    run = TrainingRun(config, runs_dir, console, command)
    with run.removed_if_it_fails_early(), run.live.running():
        from car_classifier.publishing.export import export  # TensorFlow: imported only after the settings were checked
        from car_classifier.training.stages import Snapshot, train

        def publish_early(classifier: "Classifier") -> None:
            export(classifier, run, console)
            if early is not None:
                early.publish(run.folder)

        classifier = train(run, Snapshot(early.epoch, publish_early) if early else None)
        if run.is_chief:
            export(classifier, run, console)
            run.finish(PublishedVersion(run.export_folder).read_metrics())
        else:
            run.wait_for_chief()
    return run


def publish(
    source: Path,
    model_dir: Path,
    console: Console,
    label: str = STABLE,
    margin: float = MARGIN,
    is_kept: bool = True,
) -> Path:
    """Publish a run's exported model as the next version, if it passes the gate, and give it a label.

    The export is copied beside the versions, under a name that servers ignore, goes through the gate there, and is then
    renamed. The run keeps no copy of its own.

    Args:
        source: Folder of a training run, or of a published version to publish again.
        model_dir: The model folder.
        console: Where progress is shown.
        label: Label by which clients ask for the version; the version that had it loses it.
        margin: How far figures may fall below the live version's, see `gate`.
        is_kept: Whether the source stays if it is not published, which the error then says.

    Returns:
        The folder of the new version.

    Raises:
        UserError: There is nothing to publish, or the gate refuses it.
    """
    check_writable(model_dir / CONFIG_NAME)
    with publishing_lock(model_dir, console):
        exported = _exported(source)
        labels = ensure_live(model_dir)
        _check_label(label, labels)
        for abandoned in model_dir.glob(f"{_DRAFT}*"):  # by a process that was killed
            shutil.rmtree(abandoned, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(dir=model_dir, prefix=_DRAFT))
        try:
            number = _pass_gate(exported, draft, model_dir, labels.get(STABLE), margin, console)
            if labels:
                wait_until_followed(model_dir, console)
            note_publication(PublishedVersion(draft / str(number)))
            version = model_dir / str(number)
            with defer_signals():
                (draft / str(number)).rename(version)
                write_labels(model_dir, with_label(labels, label, number))
                if exported.folder != source:
                    note_version(source, version)
                    shutil.rmtree(exported.folder)
        except UserError as error:
            still = f"; it is still in {exported}" if is_kept else ""
            raise UserError(f"Not published{still}. {error}") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return version


def _exported(source: Path) -> PublishedVersion:
    """The version to publish: the export of a run, or a published version itself.

    Raises:
        UserError: There is no SavedModel.
    """
    for version in (PublishedVersion(source / EXPORT), PublishedVersion(source)):
        if version.saved_model_path.is_file():
            return version
    if published := version_of(source):
        raise UserError(f"{source} was published as {published}. To publish again: car-classifier publish {published}")
    raise UserError(
        f"{source} holds no exported model. Give the folder of a finished training run, such as "
        "runs/2026-01-31T12-00-00, or a version, such as model/1."
    )


def _check_label(label: str, labels: Mapping[str, int]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", label) or label == PREVIOUS:
        raise UserError(
            f"A label is made of letters, digits and _ . - and cannot be {PREVIOUS}, which marks the version that "
            f"was {STABLE} before. Received: {label!r}."
        )
    if label != STABLE and STABLE not in labels:
        raise UserError(f"There is no live version beside which {label} could be tried. Publish without --label first.")


def _pass_gate(
    candidate: PublishedVersion, draft: Path, model_dir: Path, live: int | None, margin: float, console: Console
) -> int:
    """Check a candidate, copy it into the draft folder as the next version, and return its number.

    Raises:
        UserError: The candidate does not pass.
    """
    check_checksums(candidate)
    if live is not None:
        comparison = check_metrics(candidate, PublishedVersion(model_dir / str(live)), margin)
        if comparison is None:
            result = f"The live version {live} was measured on other photos, so there is nothing to compare with."
        else:
            result = f"Compared with the live version {live}: {comparison}."
        console.print(result, markup=False)
    number = next_version(model_dir)
    shutil.copytree(candidate.folder, draft / str(number))
    console.print("Asking a server about the golden photos …")
    photos = check_answers(draft, number)
    console.print(f"It answers all {photos} as recorded.")
    return number
