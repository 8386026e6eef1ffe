"""From a folder of photos, in any of three forms, to a manifest."""

import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from car_classifier.errors import UserError
from car_classifier.file_names import PHOTO_SUFFIXES, parse_file_name, parse_label
from car_classifier.manifest import SPLITS, Manifest, ManifestRow, Split, write_manifest
from car_classifier.near_duplicates import near_duplicate_groups, perceptual_hash
from car_classifier.progress import Report, silent
from car_classifier.splits import SplitItem, split_photos

MAX_PIXELS = 50_000_000
"""Photos above this many pixels are left out; the exported model refuses them too."""

_SPLIT_FOLDERS: dict[str, Split] = {
    "train": "train", "training": "train", "validation": "validation", "val": "validation", "valid": "validation",
    "test": "test",
}  # fmt: skip


@dataclass(frozen=True)
class LeftOut:
    """A file that is not in the manifest, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class IndexResult:
    """What indexing found."""

    manifest: Manifest
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Candidate:
    path: Path
    make: str
    model: str
    year: int | None
    split: Split | None


@dataclass(frozen=True)
class _Photo:
    candidate: _Candidate
    sha256: str
    width: int
    height: int
    perceptual_hash: np.uint64
    is_rotated: bool

    @property
    def label(self) -> str:
        return f"{self.candidate.make}_{self.candidate.model}"


def index_photos(
    source: Path,
    out: Path,
    split_csv: Path | None = None,
    validation: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
    min_classes: int = 2,
    report: Report = silent,
) -> IndexResult:
    """Index photos and write the manifest.

    Args:
        source: A flat folder named by the contract, a folder with a folder per class (with or without
            `train/validation/test` above them), or a CSV with `file_name,make,model[,split]` (or a folder
            that holds such a CSV).
        out: The manifest to write.
        split_csv: A CSV with `file_name,split` that settles the sides of the photos it names.
        validation: Share of the photos without a settled side for validation.
        test: Share for the test.
        seed: Seed of the split.
        min_classes: Fewest classes that will do; a classifier needs two, an evaluation one.
        report: Called with photos read and photos in all.

    Raises:
        UserError: The source cannot be used, or holds no usable photo or only one class.
    """
    if validation < 0 or test < 0 or validation + test >= 1:
        raise UserError(
            f"The shares for validation and test must leave some for training. Received: {validation}, {test}"
        )
    left_out: list[LeftOut] = []
    candidates = list(_find_photos(source, left_out))
    photos: list[_Photo] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(_read_photo, candidates)
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
    _check_usable(source, photos, left_out, min_classes)

    warnings: list[str] = []
    photos.sort(key=lambda photo: photo.candidate.path)
    groups = near_duplicate_groups([photo.perceptual_hash for photo in photos])
    sides = _settle_splits(photos, groups, split_csv, validation, test, seed, warnings)
    rows = [
        ManifestRow(
            file_name=Path(os.path.relpath(photo.candidate.path, out.parent)).as_posix(),
            sha256=photo.sha256,
            make=photo.candidate.make,
            model=photo.candidate.model,
            label=photo.label,
            year=photo.candidate.year,
            width=photo.width,
            height=photo.height,
            split=side,
            near_duplicate_group="" if group is None else str(group + 1),
        )
        for photo, group, side in zip(photos, groups, sides, strict=True)
    ]
    warnings += _doubts(photos, rows)
    return IndexResult(write_manifest(out, rows), tuple(left_out), tuple(warnings))


def _find_photos(source: Path, left_out: list[LeftOut]) -> Iterator[_Candidate]:
    if source.is_file():
        yield from _listed_photos(source, left_out)
        return
    if not source.is_dir():
        raise UserError(f"There is no folder or CSV file at {source}.")
    lists = [path for path in sorted(source.glob("*.csv")) if {"file_name", "make", "model"} <= set(_columns(path))]
    if lists:
        yield from _listed_photos(lists[0], left_out)
        return
    for path in sorted(source.rglob("*")):
        inner = path.relative_to(source)
        if path.is_dir() or any(part.startswith(".") for part in inner.parts) or path.suffix.lower() in (".csv", ".md"):
            continue
        if path.suffix.lower() not in PHOTO_SUFFIXES:
            left_out.append(LeftOut(path, "not a JPEG or PNG file by its name"))
            continue
        folders = inner.parts[:-1]
        split = next((_SPLIT_FOLDERS[name.lower()] for name in folders if name.lower() in _SPLIT_FOLDERS), None)
        class_folder = next((name for name in reversed(folders) if "_" in name), None)
        try:
            if class_folder is not None:
                make, model = parse_label(class_folder)
                yield _Candidate(path, make, model, None, split)
            else:
                car = parse_file_name(path.name)
                yield _Candidate(path, car.make, car.model, car.year, split)
        except ValueError as error:
            left_out.append(LeftOut(path, str(error)))


def _columns(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        return next(csv.reader(file), [])


def _listed_photos(path: Path, left_out: list[LeftOut]) -> Iterator[_Candidate]:
    for line, row in _csv_rows(path, ("file_name", "make", "model")):
        photo = path.parent / row["file_name"]
        split = (row.get("split") or "").strip()
        if split and split not in SPLITS:
            raise UserError(f"{path}, line {line}: split must be one of {', '.join(SPLITS)}. Received: {split!r}")
        try:
            make, model = parse_label(f"{row['make']}_{row['model']}")
        except ValueError as error:
            left_out.append(LeftOut(photo, str(error)))
            continue
        year = row.get("year") or ""
        yield _Candidate(photo, make, model, int(year) if year.isdigit() else None, split or None)  # type: ignore[arg-type]


def _csv_rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    if not path.is_file():
        raise UserError(f"There is no file at {path}.")
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            reader = csv.DictReader(file)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise UserError(f"{path} has no column {', '.join(missing)}: it must hold {', '.join(needed)}.")
            for line, row in enumerate(reader, start=2):
                if any(row[name] is None for name in needed):
                    raise UserError(f"{path}, line {line}: the row is cut short.")
                yield line, row
        except (UnicodeDecodeError, csv.Error) as error:
            raise UserError(f"{path} cannot be read as a CSV file: {error}") from error


def _read_photo(candidate: _Candidate) -> _Photo | LeftOut:
    try:
        content = candidate.path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            if image.format not in ("JPEG", "PNG", "MPO"):
                return LeftOut(candidate.path, f"a {image.format} file; convert it to JPEG or PNG")
            width, height = image.size
            if width * height > MAX_PIXELS:
                return LeftOut(candidate.path, f"{width}×{height} pixels; at most {MAX_PIXELS // 10**6} megapixels")
            is_rotated = image.getexif().get(0x0112, 1) != 1
            image.load()
            code = perceptual_hash(image)
    except UnidentifiedImageError:
        return LeftOut(candidate.path, "empty file" if not content else "not a picture, or damaged")
    except FileNotFoundError:
        return LeftOut(candidate.path, "no such file")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return LeftOut(candidate.path, f"cannot be read: {error}")
    return _Photo(candidate, hashlib.sha256(content).hexdigest(), width, height, code, is_rotated)


def _check_usable(source: Path, photos: list[_Photo], left_out: list[LeftOut], min_classes: int) -> None:
    if not photos:
        first = (
            f" The first of {len(left_out)} files left out: {left_out[0].path.name}: {left_out[0].reason}."
            if left_out
            else ""
        )
        raise UserError(
            f"{source} holds no usable photo.{first} "
            "Photos are JPEG or PNG files named Make_Model_….jpg, or lie in folders named Make_Model."
        )
    labels = {photo.label for photo in photos}
    if len(labels) < min_classes:
        raise UserError(
            f"All {len(photos)} usable photos in {source} are of one class, {labels.pop()}. "
            "A classifier needs at least two: add photos of another make and model."
        )


def _settle_splits(
    photos: list[_Photo],
    groups: list[int | None],
    split_csv: Path | None,
    validation: float,
    test: float,
    seed: int,
    warnings: list[str],
) -> list[Split]:
    listed = _read_split_csv(split_csv) if split_csv else {}
    given = [_listed_side(photo.candidate.path, listed) or photo.candidate.split for photo in photos]
    if listed and None in given:
        warnings.append(f"{given.count(None)} photos are not in {split_csv}; their split was drawn with seed {seed}.")
    items = [
        SplitItem(photo.sha256, photo.label, group, side)
        for photo, group, side in zip(photos, groups, given, strict=True)
    ]
    return split_photos(items, validation, test, seed)


def _read_split_csv(path: Path) -> dict[str, Split]:
    sides: dict[str, Split] = {}
    for line, row in _csv_rows(path, ("file_name", "split")):
        side = _SPLIT_FOLDERS.get(row["split"].strip().lower())
        if side is None:
            raise UserError(
                f"{path}, line {line}: split must be one of {', '.join(SPLITS)}. Received: {row['split']!r}"
            )
        sides[Path(row["file_name"]).as_posix()] = side
    return sides


def _listed_side(path: Path, listed: dict[str, Split]) -> Split | None:
    """The side that a list gives a photo, by its name or by any longer end of its path."""
    ends = (Path(*path.parts[-n:]).as_posix() for n in range(len(path.parts), 0, -1))
    return next((listed[end] for end in ends if end in listed), None) if listed else None


def _doubts(photos: list[_Photo], rows: list[ManifestRow]) -> Iterator[str]:
    """What a user should know of a manifest that is usable all the same."""
    sides_of_group: dict[str, set[Split]] = {}
    for row in rows:
        if row.near_duplicate_group:
            sides_of_group.setdefault(row.near_duplicate_group, set()).add(row.split)
    torn = sum(len(sides) > 1 for sides in sides_of_group.values())
    if torn:
        yield f"{torn} groups of near-duplicates lie on several sides of the split that was given: accuracy will flatter."
    per_side = {side: Counter(row.label for row in rows if row.split == side) for side in SPLITS}
    for side in SPLITS:
        missing = sorted({row.label for row in rows} - set(per_side[side]))
        if missing and (per_side[side] or side == "train"):
            named = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            yield f"{len(missing)} classes have no photo for {side}: {named}"
    rotated = sum(photo.is_rotated for photo in photos)
    if rotated:
        yield f"{rotated} photos are turned by an EXIF tag that TensorFlow ignores; turn their pixels for the best accuracy."
