"""Making a manifest from a folder or a list of photos."""

import os
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from car_classifier.data.exclusions import check_top, keep_most_frequent
from car_classifier.data.file_names import PICTURE_SUFFIXES
from car_classifier.data.layouts import WAYS_TO_SORT, Classes, find_photos
from car_classifier.data.manifest import (
    SPLITS,
    Manifest,
    ManifestRow,
    Split,
    check_manifest_out,
    relocated,
    write_manifest,
)
from car_classifier.data.near_duplicates import near_duplicate_groups
from car_classifier.data.photo_files import Photo, read_photo
from car_classifier.data.photo_sources import CONVERTED, LeftOut, listed_split, read_split_csv, split_of_folder
from car_classifier.data.splits import SplitItem, split_photos
from car_classifier.errors import UserError
from car_classifier.progress import Report, silent
from car_classifier.subject import Subject, read_subject, write_subject
from car_classifier.words import counted


@dataclass(frozen=True)
class IndexResult:
    """The manifest, the files that were left out, notes for the user, how the source was read, and its subject."""

    manifest: Manifest
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]
    reading: str
    subject: Subject | None


def index_photos(
    source: Path,
    out: Path,
    split_csv: Path | None = None,
    validation: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
    min_classes: int = 2,
    top: int | None = None,
    convert: bool = False,
    report: Report = silent,
    classes: Classes | None = None,
    makes: bool | None = None,
    subject: Subject | None = None,
) -> IndexResult:
    """Index photos and write the manifest.

    Args:
        source: A folder with a folder for each class (with or without `train/validation/test` above them), a folder
            of files named `Make_Model_….jpg`, or a list of photos (or a folder that holds one): see `layouts`.
        out: The manifest to write. If it lies in `source` from an earlier run, it is not read as a list.
        split_csv: A CSV with `file_name,split` that decides the split of the photos it names.
        validation: Share for validation of the photos whose split is not decided yet, from 0 to 1.
        test: Share for the test.
        seed: Seed of the split.
        min_classes: Fewest classes that are enough: two for a classifier, one for an evaluation.
        top: Number of classes to keep, those with the most photos; the others are excluded. None keeps all.
        convert: Whether to write JPEGs of photos in formats that the net cannot decode, into `converted/` beside `out`.
        report: Called with the number of photos read so far, and of all photos.
        classes: Where classes are read from; None for the first place that fits.
        makes: Whether a class `Make_Model` has a make; if left out, if all classes are called so.
        subject: What the photos show; None keeps the subject that was named before, if any.

    Raises:
        UserError: The source cannot be used, or it holds no usable photo or too few classes; or the subject that was
            named before cannot be read.
    """
    if not (validation >= 0 and test >= 0 and validation + test < 1):
        raise UserError(
            f"The shares for validation and test must leave some for training. Received: {validation}, {test}"
        )
    if top is not None:
        check_top(top)
    check_manifest_out(out)
    named = subject or read_subject(out.parent)
    listed = read_split_csv(split_csv) if split_csv else {}
    found = find_photos(source, out, classes, makes, min_classes)
    candidates, left_out = found.candidates, found.left_out
    photos: list[Photo] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool, warnings.catch_warnings():
        # Pillow warns of huge pictures, which we leave out ourselves, and of damaged EXIF data, which does no harm.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        results = pool.map(partial(read_photo, converted=out.parent / CONVERTED if convert else None), candidates)
        try:
            for done, result in enumerate(results, start=1):
                if isinstance(result, LeftOut):
                    left_out.append(result)
                else:
                    photos.append(result)
                report(done, len(candidates))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    left_out.sort(key=lambda item: item.path)
    _check_usable(source, photos, left_out, min_classes, found.notes)

    photos.sort(key=lambda photo: photo.candidate.path)
    groups = near_duplicate_groups([photo.perceptual_hash for photo in photos])
    decided = [listed_split(photo.candidate.path, listed) or photo.candidate.split for photo in photos]
    given = set(decided)
    has_no_validation = not listed and given >= {"train"} and not {None, "validation"} & given
    if has_no_validation:
        decided = _free_training_photos(groups, decided)
    items = [
        SplitItem(photo.sha256, photo.label, group, split)
        for photo, group, split in zip(photos, groups, decided, strict=True)
    ]
    splits = split_photos(items, validation, 0 if has_no_validation and "test" in decided else test, seed)
    rows = [
        ManifestRow(
            file_name=str(photo.path),
            sha256=photo.sha256,
            make=photo.candidate.make,
            model=photo.candidate.model,
            label=photo.label,
            year=photo.candidate.year,
            width=photo.width,
            height=photo.height,
            split=split,
            near_duplicate_group="" if group is None else str(group + 1),
            original="" if photo.path == photo.candidate.path else str(photo.candidate.path),
        )
        for photo, group, split in zip(photos, groups, splits, strict=True)
    ]
    rows = relocated(rows, Path(), out.parent)  # so far their names are relative to the current folder
    if top is not None:
        rows = keep_most_frequent(rows, top)
    notes = [*_warnings(photos, [row for row in rows if not row.excluded]), *found.notes]
    notes += _conversions(photos, left_out, out.parent / CONVERTED)
    if listed and None in decided:
        are = counted(decided.count(None), "photo is", "photos are")
        notes.insert(0, f"{are} not in {split_csv}; the split was drawn with seed {seed}.")
    for split in reversed(SPLITS[1:]):
        if has_no_validation and split not in given and split in splits:
            drawn = counted(splits.count(split), "of those for training was", "of those for training were")
            notes.insert(0, f"No photos were for {split}: {drawn} drawn, with seed {seed}.")
    if test and given >= {"train", "validation"} and not {None, "test"} & given:
        notes.insert(0, "No photos are for test, so that a model is measured on those for validation.")
    manifest = write_manifest(out, rows)
    if not manifest.split("train"):
        notes.insert(0, _no_training_note(source))
    if subject is not None:
        write_subject(out.parent, subject)
    return IndexResult(manifest, tuple(left_out), tuple(notes), found.reading, named)


def _no_training_note(source: Path) -> str:
    """The advice where all photos are for validation or test, as in a data set of which only `val/` was fetched."""
    beside = source.iterdir() if source.is_dir() else ()
    inner = sorted(path for path in beside if split_of_folder(path.name) and path.is_dir())
    folder = f"index the folder inside, such as {inner[0]}, or " if inner else ""
    return (
        "No photo is for training, so that these photos can measure a model, but train none. To divide them, "
        f"{folder}name the split of each with --split-file."
    )


def _free_training_photos(groups: Sequence[int | None], decided: Sequence[Split | None]) -> list[Split | None]:
    """Free training photos for another split, but not those that resemble a photo whose split stays."""
    stay = {group for group, split in zip(groups, decided, strict=True) if split != "train"} - {None}
    return [
        None if split == "train" and group not in stay else split for group, split in zip(groups, decided, strict=True)
    ]


def _check_usable(
    source: Path, photos: list[Photo], left_out: list[LeftOut], min_classes: int, notes: list[str]
) -> None:
    hints = "".join(f" {note}" for note in notes)
    if not photos:
        shown = sorted(left_out, key=lambda item: item.path.suffix.lower() not in PICTURE_SUFFIXES)
        first = f" The first of {counted(len(left_out), 'file')} left out: {shown[0]}." if shown else ""
        raise UserError(f"{source} holds no usable photo.{first} Photos are JPEG or PNG files. {WAYS_TO_SORT}{hints}")
    labels = {photo.label for photo in photos}
    if len(labels) < min_classes:
        several = f"All {len(photos)} usable photos in {source} are"
        all_photos = several if len(photos) > 1 else f"The only usable photo in {source} is"
        raise UserError(
            f"{all_photos} of one class, {labels.pop()}. "
            f"A classifier needs at least two: add photos of another class.{hints}"
        )


def _conversions(photos: list[Photo], left_out: list[LeftOut], folder: Path) -> Iterator[str]:
    """Notes on photos in formats that the net cannot decode."""
    converted = sum(photo.path != photo.candidate.path for photo in photos)
    if converted:
        yield f"{counted(converted, 'photo is', 'photos are')} in other formats; the JPEGs are in {folder}."
    formats = Counter(item.format for item in left_out if item.format)
    if formats:
        # Suffixes may lie: a browser saves WebP as .jpg.
        first = {item.format: item.path for item in reversed(left_out)}
        kinds = ", ".join(f"{count} {kind} such as {first[kind]}" for kind, count in formats.most_common())
        are = counted(formats.total(), "photo is", "photos are")
        yield f"{are} in formats that the net cannot decode ({kinds}): --convert takes them."


def _warnings(photos: list[Photo], rows: list[ManifestRow]) -> Iterator[str]:
    """Warnings about a manifest that can still be used."""
    if len({photo.label for photo in photos}) == len(photos):
        yield (
            f"Each photo is a class of its own, such as {photos[0].label}. If this is not intended, the names were "
            "misread: put the photos of each class into a folder with its name."
        )
    else:
        single = sorted(label for label, count in Counter(row.label for row in rows).items() if count == 1)
        if single:
            yield f"{counted(len(single), 'class has', 'classes have')} a single photo: {_first_of(single)}"
    yield from _same_bytes_notes(rows)
    splits_of_group: dict[str, set[Split]] = {}
    for row in rows:
        if row.near_duplicate_group:
            splits_of_group.setdefault(row.near_duplicate_group, set()).add(row.split)
    torn = sum(len(splits) > 1 for splits in splits_of_group.values())
    if torn:
        yield f"Near-duplicates lie in different splits, which makes the accuracy look too good (groups: {torn})."
    for split in SPLITS:
        labels = {row.label for row in rows if row.split == split}
        missing = sorted({row.label for row in rows} - labels)
        if missing and labels:
            yield f"{counted(len(missing), 'class has', 'classes have')} no photo for {split}: {_first_of(missing)}"


def _same_bytes_notes(rows: list[ManifestRow]) -> Iterator[str]:
    """A note on files that are the same, byte by byte, but have different classes: one of the labels is wrong."""
    by_content: dict[str, list[ManifestRow]] = defaultdict(list)
    for row in rows:
        by_content[row.sha256].append(row)
    torn = [same for same in by_content.values() if len({row.label for row in same}) > 1]
    if torn:
        first, *others = torn[0]
        other = next(row for row in others if row.label != first.label)
        yield (
            f"{counted(len(torn), 'photo is', 'photos are')} in several classes, so that one label is wrong: "
            f"{first.file_name} ({first.label}) "
            f"and {other.file_name} ({other.label}) are the same file."
        )


def _first_of(labels: list[str]) -> str:
    return ", ".join(labels[:5]) + (" …" if len(labels) > 5 else "")
