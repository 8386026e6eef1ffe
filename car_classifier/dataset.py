"""From a folder of photos, in any of three forms, to a manifest."""

import hashlib
import io
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from car_classifier.errors import UserError
from car_classifier.file_names import PHOTO_SUFFIXES, is_name, parse_file_name, parse_label
from car_classifier.manifest import SPLITS, Manifest, ManifestRow, Split, csv_columns, read_csv, write_manifest
from car_classifier.near_duplicates import near_duplicate_groups, perceptual_hash
from car_classifier.progress import Report, silent
from car_classifier.splits import SplitItem, split_photos

MAX_PIXELS = 50_000_000
"""Photos above this many pixels are left out; the exported model refuses them too."""

_LIST_COLUMNS = ("file_name", "make", "model")

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
    perceptual_hash: NDArray[np.uint8]
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
        out: The manifest to write. Where it is found in `source` from an earlier run, it is not read.
        split_csv: A CSV with `file_name,split` that settles the sides of the photos it names.
        validation: Share of the photos without a settled side for validation.
        test: Share for the test.
        seed: Seed of the split.
        min_classes: Fewest classes that will do; a classifier needs two, an evaluation one.
        report: Called with photos read and photos in all.

    Raises:
        UserError: The source cannot be used, or holds no usable photo or only one class.
    """
    if not (validation >= 0 and test >= 0 and validation + test < 1):
        raise UserError(
            f"The shares for validation and test must leave some for training. Received: {validation}, {test}"
        )
    _check_writable(out)
    listed = _read_split_csv(split_csv) if split_csv else {}
    left_out: list[LeftOut] = []
    candidates = list(_find_photos(source, out, left_out))
    photos: list[_Photo] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool, warnings.catch_warnings():
        # Pillow warns of huge pictures, which we leave out ourselves, and of damaged EXIF data, which do no harm.
        warnings.filterwarnings("ignore", module=r"PIL\.")
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

    photos.sort(key=lambda photo: photo.candidate.path)
    groups = near_duplicate_groups([photo.perceptual_hash for photo in photos])
    given = [_listed_side(photo.candidate.path, listed) or photo.candidate.split for photo in photos]
    items = [
        SplitItem(photo.sha256, photo.label, group, side)
        for photo, group, side in zip(photos, groups, given, strict=True)
    ]
    sides = split_photos(items, validation, test, seed)
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
    notes = list(_doubts(photos, rows))
    if listed and None in given:
        notes.insert(0, f"{given.count(None)} photos are not in {split_csv}; their split was drawn with seed {seed}.")
    return IndexResult(write_manifest(out, rows), tuple(left_out), tuple(notes))


def _check_writable(out: Path) -> None:
    """Refuse an impossible `out` before the work, not after it."""
    if out.is_dir():
        raise UserError(f"{out} is a folder. Name a file in it with --out, such as {out / 'manifest.csv'}.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder of {out} cannot be made: {error.strerror}.") from error


def _find_photos(source: Path, out: Path, left_out: list[LeftOut]) -> Iterator[_Candidate]:
    if source.is_file():
        yield from _listed_photos(source, left_out)
        return
    if not source.is_dir():
        raise UserError(f"There is no folder or CSV file at {source}.")
    others = (path for path in sorted(source.glob("*.csv")) if path.resolve() != out.resolve())
    lists = [path for path in others if set(_LIST_COLUMNS) <= set(csv_columns(path))]
    if len(lists) > 1:
        names = ", ".join(path.name for path in lists)
        raise UserError(
            f"{source} holds several lists of photos: {names}. Name the one to index in the folder's place."
        )
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
                yield _Candidate(path, make, model, _year_in(path.name, f"{make}_{model}"), split)
            else:
                car = parse_file_name(path.name)
                yield _Candidate(path, car.make, car.model, car.year, split)
        except ValueError as error:
            left_out.append(LeftOut(path, str(error)))


def _year_in(file_name: str, label: str) -> int | None:
    """The year in the name of a photo that lies in a class folder, if the name follows the contract too."""
    try:
        car = parse_file_name(file_name)
    except ValueError:
        return None
    return car.year if car.label == label else None


def _listed_photos(path: Path, left_out: list[LeftOut]) -> Iterator[_Candidate]:
    seen: set[Path] = set()
    for line, row in read_csv(path, _LIST_COLUMNS):
        photo = path.parent / row["file_name"]
        make, model, year = row["make"].strip(), row["model"].strip(), (row.get("year") or "").strip()
        side = _side(path, line, row["split"]) if (row.get("split") or "").strip() else None
        if photo in seen:
            left_out.append(LeftOut(photo, f"listed a second time in line {line} of {path.name}"))
        elif not is_name(make) or not is_name(model):
            left_out.append(LeftOut(photo, f"line {line} of {path.name} gives it no make or no model"))
        else:
            seen.add(photo)
            yield _Candidate(photo, make, model, int(year) if year.isdecimal() else None, side)


def _side(path: Path, line: int, word: str) -> Split:
    """The side that a word in a line of a CSV file means."""
    side = _SPLIT_FOLDERS.get(word.strip().lower())
    if side is None:
        raise UserError(f"{path}, line {line}: split must be one of {', '.join(SPLITS)}. Received: {word!r}")
    return side


def _read_photo(candidate: _Candidate) -> _Photo | LeftOut:
    try:
        content = candidate.path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            if image.format not in ("JPEG", "PNG", "MPO"):
                return LeftOut(candidate.path, f"a {image.format} file; convert it to JPEG or PNG")
            width, height = image.size
            if width * height > MAX_PIXELS:
                return LeftOut(candidate.path, f"{width}×{height} pixels; at most {MAX_PIXELS // 10**6} megapixels")
            image.load()
            is_rotated = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
            # A palette with transparency has no grey values of its own.
            code = perceptual_hash(image.convert("RGBA") if image.mode == "P" else image)
    except UnidentifiedImageError:
        return LeftOut(candidate.path, "empty file" if not content else "not a picture, or damaged")
    except FileNotFoundError:
        return LeftOut(candidate.path, "no such file")
    except Image.DecompressionBombError:
        return LeftOut(candidate.path, f"far more than {MAX_PIXELS // 10**6} megapixels")
    except (OSError, ValueError, SyntaxError) as error:
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


def _read_split_csv(path: Path) -> dict[str, Split]:
    """The side of each photo that a `file_name,split` list names."""
    sides: dict[str, Split] = {}
    for line, row in read_csv(path, ("file_name", "split")):
        name, side = Path(row["file_name"]).as_posix(), _side(path, line, row["split"])
        if sides.setdefault(name, side) != side:
            raise UserError(f"{path}, line {line}: {name} is put in {side}, but in {sides[name]} before.")
    return sides


def _listed_side(path: Path, listed: dict[str, Split]) -> Split | None:
    """The side that a list gives a photo, by its name or by any longer end of its path."""
    parts = path.absolute().parts
    ends = (Path(*parts[-n:]).as_posix() for n in range(len(parts), 0, -1))
    return next((listed[end] for end in ends if end in listed), None) if listed else None


def _doubts(photos: list[_Photo], rows: list[ManifestRow]) -> Iterator[str]:
    """What a user should know of a manifest that is usable all the same."""
    sides_of_group: dict[str, set[Split]] = {}
    for row in rows:
        if row.near_duplicate_group:
            sides_of_group.setdefault(row.near_duplicate_group, set()).add(row.split)
    torn = sum(len(sides) > 1 for sides in sides_of_group.values())
    if torn:
        yield f"{torn} groups of near-duplicates lie on several sides of the given split, which flatters the accuracy."
    per_side = {side: Counter(row.label for row in rows if row.split == side) for side in SPLITS}
    for side in SPLITS:
        missing = sorted({row.label for row in rows} - set(per_side[side]))
        if missing and (per_side[side] or side == "train"):
            named = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            yield f"{len(missing)} classes have no photo for {side}: {named}"
    rotated = sum(photo.is_rotated for photo in photos)
    if rotated:
        yield f"{rotated} photos are turned by an EXIF tag, which TensorFlow ignores; better turn their pixels."
