"""What a version is to learn or forget, read from what a user gives. Free of TensorFlow."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from car_classifier.data.indexing import index_photos
from car_classifier.data.layouts import Classes
from car_classifier.data.manifest import Manifest, ManifestRow, is_manifest, read_manifest
from car_classifier.data.photo_sources import sum_up
from car_classifier.errors import UserError
from car_classifier.progress import progress_bar


@dataclass(frozen=True)
class Lesson:
    """The changes to a version.

    Attributes:
        manifest: Locates the photos to learn.
        rows: The photos to learn; they may be of classes that the version does not know.
        forget: Labels to forget.
        relabel: New label of some labels; one that the version knows already joins the two classes.
    """

    manifest: Manifest | None = None
    rows: Sequence[ManifestRow] = ()
    forget: Sequence[str] = ()
    relabel: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def lesson_of(
    photos: Path | None,
    forget: Sequence[str],
    relabel: Sequence[str],
    classes: Classes | None,
    makes: bool | None,
    console: Console,
) -> Iterator[Lesson]:
    """The lesson that a user's words describe, during a `with` block.

    Args:
        photos: A manifest, of which the training photos are learnt, or photos in any form that can be indexed.
        forget: Labels.
        relabel: Texts OLD=NEW.
        classes: Where classes are read from; None for the first place that fits.
        makes: Whether a class `Make_Model` has a make; None if all are named so.
        console: Where progress and notes are shown.

    Raises:
        UserError: The photos or texts cannot be used.
    """
    labels = dict(_pair(text) for text in relabel)
    if photos is None:
        yield Lesson(forget=forget, relabel=labels)
        return
    manifest = photos / "manifest.csv" if photos.is_dir() else photos
    if manifest.is_file() and is_manifest(manifest):
        known = read_manifest(manifest)
        yield Lesson(known, known.split("train"), forget, labels)
        return
    with TemporaryDirectory() as folder:
        with progress_bar("Reading photos", console) as report:
            result = index_photos(
                photos, Path(folder) / "manifest.csv", min_classes=1, classes=classes, makes=makes, report=report
            )
        console.print(result.reading, markup=False)
        for note in (*sum_up(result.left_out), *(f"Note: {item}" for item in result.warnings)):
            console.print(note, style="yellow", markup=False)
        yield Lesson(result.manifest, result.manifest.kept, forget, labels)


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (equals and old.strip() and new.strip()):
        raise UserError(f"--relabel takes OLD=NEW, such as Fiat_500=Fiat_500e. Received: {text}")
    return old.strip(), new.strip()
