"""From what visitors said of their photos to photos and manifest rows for the next training."""

import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from car_classifier.data.feedback_database import FeedbackTable, Opinion
from car_classifier.data.file_names import parse_label
from car_classifier.data.manifest import Manifest, ManifestRow, write_manifest
from car_classifier.data.near_duplicates import near_duplicate_groups
from car_classifier.data.photo_files import Photo, read_photo
from car_classifier.data.photo_sources import Candidate, LeftOut
from car_classifier.errors import UserError
from car_classifier.files import check_writable, write_bytes
from car_classifier.progress import Report, silent

NEW_CLASS = "feedback: a class that the data set does not have"
"""Why a photo of a new class is excluded: a class of one photo spoils more than it adds."""

NO_CONSENT = "not to be trained on"
NO_LABEL = "nobody said what they show"
CONTRADICTORY = "visitors disagree on what they show"
KNOWN = "in the manifest already"
HELD_OUT = "like a photo of validation or test"
UNUSABLE = "photo or name cannot be used"


@dataclass(frozen=True)
class FeedbackImport:
    """What an import did.

    Attributes:
        manifest: As it is now.
        added: The rows that are new in it.
        left_out: How many photos were left out, by the reason.
    """

    manifest: Manifest
    added: tuple[ManifestRow, ...]
    left_out: Counter[str]


def import_feedback(table: FeedbackTable, manifest: Manifest, out: Path, report: Report = silent) -> FeedbackImport:
    """Adds the photos that visitors left for training, if it is clear what they show.

    They are for training only, whatever they resemble: a photo like one of validation or test is left out, since the
    net would have seen what it is measured on. Photos of classes that the manifest does not have are added as
    excluded. What is in the manifest stays there, and a second import of the same feedback adds nothing.

    Args:
        table: What visitors said.
        manifest: To add to; replaced in one step once all photos are written.
        out: Folder for the photos, `Make_Model/Make_Model_….jpg`.
        report: Called with the photos of the manifest that were looked at, and all of them.

    Raises:
        UserError: A photo of the manifest is gone, or the folder cannot be written.
    """
    check_writable(out / "photo.jpg")
    check_writable(manifest.path)
    known = {row.sha256 for row in manifest.rows}
    left_out: Counter[str] = Counter()
    wanted = []
    for photo_opinions in _by_photo(table.opinions()):
        found = settle(photo_opinions)
        reason = found if isinstance(found, str) else KNOWN if photo_opinions[0].photo_sha256 in known else None
        if reason:
            left_out[reason] += 1
        elif not isinstance(found, str):
            wanted.append(found)
    with tempfile.TemporaryDirectory() as folder:
        photos = _read(table, wanted, Path(folder), left_out)
    if not photos:
        return FeedbackImport(manifest, (), left_out)
    seen = _look_at(manifest, report)
    photos, regrouped = _unlike_held_out(photos, seen, left_out)
    return _add(photos, regrouped, manifest, out, left_out)


@dataclass(frozen=True)
class Settled:
    """A photo of which it is clear what it shows.

    Attributes:
        label: `Make_Model`.
        photo_row: Where its JPEG is.
    """

    label: str
    photo_row: int


def settle(opinions: Sequence[Opinion]) -> Settled | str:
    """What all opinions on one photo come to, or why they come to nothing.

    Those count as well whose sender does not let us train on the photo, if another one does.
    """
    photo_row = next((opinion.photo_row for opinion in opinions if opinion.photo_row is not None), None)
    if photo_row is None:
        return NO_CONSENT
    labels = {opinion.label for opinion in opinions if opinion.label}
    if not labels:
        return NO_LABEL
    if len(labels) > 1 or labels & {opinion.denied for opinion in opinions}:
        return CONTRADICTORY
    return Settled(labels.pop(), photo_row)


def _by_photo(opinions: Iterable[Opinion]) -> list[list[Opinion]]:
    photos: dict[str, list[Opinion]] = {}
    for opinion in opinions:
        photos.setdefault(opinion.photo_sha256, []).append(opinion)
    return list(photos.values())


@dataclass(frozen=True)
class _NewPhoto:
    photo: Photo
    content: bytes
    near_duplicate_group: str = ""


def _read(table: FeedbackTable, wanted: Sequence[Settled], folder: Path, left_out: Counter[str]) -> list[_NewPhoto]:
    photos = []
    for settled in wanted:
        content = table.photo(settled.photo_row)
        path = folder / f"{settled.photo_row}.jpg"
        path.write_bytes(content)
        try:
            make, model = parse_label(settled.label)
        except ValueError:
            left_out[UNUSABLE] += 1
            continue
        photo = read_photo(Candidate(path, make, model, None, "train"))
        if isinstance(photo, LeftOut) or not _can_be_file(_file_name(photo)):
            left_out[UNUSABLE] += 1
        else:
            photos.append(_NewPhoto(photo, content))
    return photos


def _file_name(photo: Photo) -> str:
    return f"{photo.label}_{photo.sha256[:8]}.jpg"


def _can_be_file(name: str) -> bool:
    return name.isprintable() and "/" not in name and not name.startswith(".") and len(name.encode()) <= 255


def _look_at(manifest: Manifest, report: Report) -> list[tuple[ManifestRow, Photo]]:
    """The rows of the manifest with their photos; without the excluded ones whose photo is gone."""
    candidates = [
        Candidate(manifest.photo_path(row), row.make, row.model, row.year, row.split) for row in manifest.rows
    ]
    seen = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, (row, result) in enumerate(
            zip(manifest.rows, pool.map(read_photo, candidates), strict=True), start=1
        ):
            report(done, len(candidates))
            if not isinstance(result, LeftOut):
                seen.append((row, result))
            elif not row.excluded:
                raise UserError(f"{result}. Make the manifest anew with car-classifier data index.")
    return seen


def _unlike_held_out(
    new: Sequence[_NewPhoto], seen: Sequence[tuple[ManifestRow, Photo]], left_out: Counter[str]
) -> tuple[list[_NewPhoto], dict[str, str]]:
    """Leaves out the photos that resemble one of validation or test, and groups the others with what they resemble.

    Returns:
        The photos that are left; and the groups of those rows that were in none before, by file name.
    """
    hashes = [photo.perceptual_hash for _, photo in seen] + [item.photo.perceptual_hash for item in new]
    groups = near_duplicate_groups(hashes)
    alike: dict[int, list[ManifestRow]] = defaultdict(list)
    for (row, _), group in zip(seen, groups, strict=False):
        if group is not None:
            alike[group].append(row)
    named = {row.near_duplicate_group for row, _ in seen}
    free = (str(number) for number in count(1) if str(number) not in named)
    names: dict[int, str] = {}
    kept = []
    for item, group in zip(new, groups[len(seen) :], strict=True):
        if group is None:
            kept.append(item)
        elif any(row.split != "train" for row in alike[group]):
            left_out[HELD_OUT] += 1
        else:
            before = {row.near_duplicate_group for row in alike[group]} - {""}
            names[group] = names.get(group) or min(before, default="") or next(free)
            kept.append(replace(item, near_duplicate_group=names[group]))
    new_members = [(row, names[group]) for group in names for row in alike[group] if not row.near_duplicate_group]
    return kept, {row.file_name: name for row, name in new_members}


def _add(
    photos: Sequence[_NewPhoto], regrouped: Mapping[str, str], manifest: Manifest, out: Path, left_out: Counter[str]
) -> FeedbackImport:
    classes = {row.label for row in manifest.kept}
    added = []
    for item in photos:
        photo = item.photo
        # A folder for each class: a model's name may hold an underscore, and a file's name would end it there.
        path = out / photo.label / _file_name(photo)
        write_bytes(path, item.content)
        added.append(
            ManifestRow(
                file_name=Path(os.path.relpath(path, manifest.path.parent)).as_posix(),
                sha256=photo.sha256,
                make=photo.candidate.make,
                model=photo.candidate.model,
                label=photo.label,
                year=None,
                width=photo.width,
                height=photo.height,
                split="train",
                near_duplicate_group=item.near_duplicate_group,
                excluded="" if photo.label in classes else NEW_CLASS,
            )
        )
    old = [
        replace(row, near_duplicate_group=regrouped.get(row.file_name, row.near_duplicate_group))
        for row in manifest.rows
    ]
    return FeedbackImport(write_manifest(manifest.path, [*old, *added]), tuple(added), left_out)
