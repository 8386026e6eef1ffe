"""Importing visitors' feedback: photos and manifest rows for the next training."""

import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from car_classifier.data.class_labels import is_name, make_and_model
from car_classifier.data.feedback_database import FeedbackTable, Opinion
from car_classifier.data.manifest import Manifest, ManifestRow, write_manifest
from car_classifier.data.near_duplicates import near_duplicate_groups
from car_classifier.data.photo_files import Photo, read_photo
from car_classifier.data.photo_sources import Candidate, LeftOut
from car_classifier.errors import UserError
from car_classifier.files import check_writable, relative_folder, write_bytes
from car_classifier.progress import Report, silent

NEW_CLASS = "feedback: a class that the data set does not have"
"""Reason for excluding a photo of a new class: a class of one photo does more harm than good."""

NO_CONSENT = "not to be trained on"
NO_LABEL = "nobody said what they show"
CONTRADICTORY = "visitors disagree on what they show"
KNOWN = "in the manifest already"
HELD_OUT = "like a photo of validation or test"
UNUSABLE = "photo or name cannot be used"


@dataclass(frozen=True)
class FeedbackImport:
    """The result of an import.

    Attributes:
        manifest: After the import.
        added: The rows that were added to it.
        left_out: Number of photos that were left out, by reason.
    """

    manifest: Manifest
    added: tuple[ManifestRow, ...]
    left_out: Counter[str]


def import_feedback(table: FeedbackTable, manifest: Manifest, out: Path, report: Report = silent) -> FeedbackImport:
    """Add the photos that visitors released for training, if their opinions about a photo agree.

    All go into the train split. A near-duplicate of a validation or test photo is left out, because the net would
    then be trained on what it is measured on. Photos of classes that the manifest does not have are added as
    excluded. Existing rows stay, and a second import of the same feedback adds nothing.

    Args:
        table: The feedback.
        manifest: The manifest to add to; replaced in one step once all photos are written.
        out: Folder for the photos, `Make_Model/Make_Model_….jpg` or `….png`.
        report: Called with the number of the manifest's photos read so far, and of all of them.

    Raises:
        UserError: A photo of the manifest is missing, or the folder cannot be written.
    """
    check_writable(out / "photo.jpg")
    check_writable(manifest.path)
    known = {row.sha256 for row in manifest.rows}
    left_out: Counter[str] = Counter()
    agreed = []
    for photo_opinions in _by_photo(table.opinions()):
        agreement = agree(photo_opinions)
        if isinstance(agreement, str):
            left_out[agreement] += 1
        elif photo_opinions[0].photo_sha256 in known:
            left_out[KNOWN] += 1
        else:
            agreed.append(agreement)
    with tempfile.TemporaryDirectory() as folder:
        photos = _read(table, agreed, manifest, Path(folder), left_out)
    if not photos:
        return FeedbackImport(manifest, (), left_out)
    known_photos = _read_manifest_photos(manifest, report)
    photos, regrouped = _without_leaks(photos, known_photos, left_out)
    return _add(photos, regrouped, manifest, out, left_out)


@dataclass(frozen=True)
class Agreement:
    """The label that all visitors agree on for a photo.

    Attributes:
        label: The class.
        photo_row: Id of the row that holds the photo's bytes.
    """

    label: str
    photo_row: int


def agree(opinions: Sequence[Opinion]) -> Agreement | str:
    """The label that all opinions on one photo agree on, or the reason for leaving the photo out.

    An opinion counts even if its sender does not allow training on the photo, as long as another sender does.
    """
    photo_row = next((opinion.photo_row for opinion in opinions if opinion.photo_row is not None), None)
    if photo_row is None:
        return NO_CONSENT
    labels = {opinion.label for opinion in opinions if opinion.label}
    if not labels:
        return NO_LABEL
    if len(labels) > 1 or labels & {opinion.denied for opinion in opinions}:
        return CONTRADICTORY
    return Agreement(labels.pop(), photo_row)


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


def _read(
    table: FeedbackTable, agreed: Sequence[Agreement], manifest: Manifest, folder: Path, left_out: Counter[str]
) -> list[_NewPhoto]:
    classes = {row.label: (row.make, row.model) for row in manifest.rows}
    photos = []
    for agreement in agreed:
        content = table.photo(agreement.photo_row)
        path = folder / f"{agreement.photo_row}.jpg"
        path.write_bytes(content)
        make, model = classes.get(agreement.label) or make_and_model(agreement.label, manifest.has_makes)
        photo = read_photo(Candidate(path, make, model, None, "train"))
        is_usable = agreement.label in classes or _folder_name(agreement.label) == agreement.label
        if isinstance(photo, LeftOut) or not is_name(model) or not is_usable:
            left_out[UNUSABLE] += 1
        else:
            photos.append(_NewPhoto(photo, content))
    return photos


def _can_be_file(name: str) -> bool:
    return name.isprintable() and "/" not in name and not name.startswith(".") and len(name.encode()) <= 255


def _folder_name(label: str) -> str:
    """The label of a class, or its likeness if it can be no folder, as `C/V Cargo Van` cannot."""
    if _can_be_file(f"{label}_12345678.jpg"):
        return label
    printable = "".join(letter if letter.isprintable() and letter != "/" else "-" for letter in label)
    return f"-{printable}".encode()[:200].decode(errors="ignore")


def _read_manifest_photos(manifest: Manifest, report: Report) -> list[tuple[ManifestRow, Photo]]:
    """The rows of the manifest with their photos, except excluded rows whose photo is missing."""
    candidates = [
        Candidate(manifest.photo_path(row), row.make, row.model, row.year, row.split) for row in manifest.rows
    ]
    known_photos = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, (row, result) in enumerate(
            zip(manifest.rows, pool.map(read_photo, candidates), strict=True), start=1
        ):
            report(done, len(candidates))
            if not isinstance(result, LeftOut):
                known_photos.append((row, result))
            elif not row.excluded:
                raise UserError(f"{result}. Make the manifest again with car-classifier data index.")
    return known_photos


def _without_leaks(
    new: Sequence[_NewPhoto], known_photos: Sequence[tuple[ManifestRow, Photo]], left_out: Counter[str]
) -> tuple[list[_NewPhoto], dict[str, str]]:
    """Leave out near-duplicates of validation and test photos, and group the others with their near-duplicates.

    Returns:
        The photos that are left; and, by file name, the new groups of rows that were in no group before.
    """
    hashes = [photo.perceptual_hash for _, photo in known_photos] + [item.photo.perceptual_hash for item in new]
    groups = near_duplicate_groups(hashes)
    alike: dict[int, list[ManifestRow]] = defaultdict(list)
    for (row, _), group in zip(known_photos, groups, strict=False):
        if group is not None:
            alike[group].append(row)
    taken = {row.near_duplicate_group for row, _ in known_photos}
    free = (str(number) for number in count(1) if str(number) not in taken)
    names: dict[int, str] = {}
    kept = []
    for item, group in zip(new, groups[len(known_photos) :], strict=True):
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
        # A folder for each class: where a model's name holds an underscore, parsing the file's name would cut it.
        folder = _folder_name(photo.label)
        suffix = "png" if item.content.startswith(b"\x89PNG") else "jpg"
        path = out / folder / f"{folder}_{photo.sha256[:8]}.{suffix}"
        write_bytes(path, item.content)
        added.append(
            ManifestRow(
                file_name=(relative_folder(path.parent, manifest.path.parent) / path.name).as_posix(),
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
