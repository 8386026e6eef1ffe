"""Drawing a set of photos into a folder."""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from car_classifier.data.manifest import DRAWN
from car_classifier.data.splits import place_in_draw
from car_classifier.demo_cars.catalogue import CATALOGUE, DemoModel, models_of
from car_classifier.demo_cars.part_boxes import PARTS_COLUMNS
from car_classifier.demo_cars.photo import draw_photo, jpeg_bytes
from car_classifier.errors import UserError
from car_classifier.files import read_json, sha256_of, write_bytes, write_csv, write_json
from car_classifier.progress import Report, silent

WRONG_LABELS = "wrong_labels.csv"
"""Name of the file that lists the photos of a hard set whose name is another model's."""

WRONG = 5
"""Number of such photos."""

LEAST_HARD = 3
"""Least number of models, and of photos of each, in a hard set: a wrong label is another make's."""

WRONG_COLUMNS = ("file_name", "label", "true_label")


@dataclass(frozen=True)
class DemoSettings:
    """The settings that determine every byte of a drawn set.

    Attributes:
        classes: Number of models.
        per_class: Number of photos of each.
        seed: Source of everything random.
        is_hard: Whether two of the models are twins, and `WRONG` photos have a wrong label.
    """

    classes: int = 8
    per_class: int = 80
    seed: int = 0
    is_hard: bool = False

    def __post_init__(self) -> None:
        if not 2 <= self.classes <= len(CATALOGUE):
            raise UserError(f"--classes must be from 2 to {len(CATALOGUE)}. Received: {self.classes}")
        if self.per_class < 1:
            raise UserError(f"--per-class must be at least 1. Received: {self.per_class}")
        if self.is_hard and min(self.classes, self.per_class) < LEAST_HARD:
            raise UserError(f"--hard needs at least {LEAST_HARD} models and {LEAST_HARD} photos of each.")
        if self.seed < 0:
            raise UserError(f"--seed must be 0 or more. Received: {self.seed}")

    @property
    def models(self) -> tuple[DemoModel, ...]:
        """The models to draw."""
        return models_of(self.classes, self.is_hard)

    def as_json(self) -> dict[str, object]:
        """The settings as the drawn set records them."""
        settings = asdict(self)
        return {"drawn_by": "car-classifier data demo", "hard": settings.pop("is_hard"), **settings}


def draw_demo_set(out: Path, settings: DemoSettings, report: Report = silent) -> bool:
    """Draw photos into `out/images`, and `out/parts.csv` with the boxes of their distinguishing parts.

    `wrong_labels.csv` of a hard set lists its wrong labels.

    A finished set of the same settings is left as it is; an unfinished one is drawn again.

    Args:
        out: The folder for the set. Files of another set in it are an error; they are not overwritten.
        settings: What to draw.
        report: Called with the number of photos drawn so far, and of all photos.

    Returns:
        Whether anything was drawn.

    Raises:
        UserError: The folder holds something else.
    """
    images, parts, settings_path = out / "images", out / "parts.csv", out / DRAWN
    description = settings.as_json()
    jobs = [(model, i) for model in settings.models for i in range(settings.per_class)]
    try:
        images.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {images} cannot be made: {error.strerror}.") from error
    if any(images.iterdir()):
        _check_same_set(out, settings_path, description)
        if parts.is_file() and len(list(images.glob("*.jpg"))) == len(jobs):
            return False
        for old in images.glob("*.jpg" if settings.is_hard else ".*.jpg"):  # names of wrong labels depend on all photos
            old.unlink()
    # The list of parts is written last: without it the set counts as unfinished.
    parts.unlink(missing_ok=True)
    write_json(settings_path, description)

    boxes: list[tuple[str | int, ...]] = []
    chunks = [jobs[i : i + 4] for i in range(0, len(jobs), 4)]
    workers = min(os.cpu_count() or 1, len(chunks))
    context = multiprocessing.get_context("spawn")  # OpenCV's threads do not survive a fork
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        futures = [pool.submit(_draw_files, images, settings.seed, chunk) for chunk in chunks]
        try:
            done = 0
            for future in as_completed(futures):
                drawn = future.result()
                boxes += drawn
                done += len({row[0] for row in drawn})
                report(done, len(jobs))
        except BaseException:
            pool.shutdown(cancel_futures=True)  # otherwise leaving the block would wait for all of them
            raise
    renamed = _give_wrong_labels(out, settings) if settings.is_hard else {}
    named = sorted((renamed.get(str(name), name), *box) for name, *box in boxes)
    write_csv(parts, PARTS_COLUMNS, (dict(zip(PARTS_COLUMNS, box, strict=True)) for box in named))
    return True


def _give_wrong_labels(out: Path, settings: DemoSettings) -> dict[str, str]:
    """Rename photos as another make's models, and list them in `wrong_labels.csv`; returns their new names.

    They are the last photos of their models in the draw of a split, so test photos: what a model says about photos that
    it was trained on is no evidence against their label.
    """
    renamed, rows = {}, []
    models = settings.models
    for i, model in enumerate(models[:WRONG]):
        other = next(other for other in models[i + 2 :] + models if other.make != model.make)
        photos = (out / "images").glob(f"{model.label}_*.jpg")
        photo = max(photos, key=lambda path: place_in_draw(0, sha256_of(path)))
        name = photo.name.replace(model.label, other.label, 1)
        rows.append({"file_name": f"images/{name}", "label": other.label, "true_label": model.label})
        renamed[f"images/{photo.name}"] = f"images/{name}"
    for old, new in renamed.items():
        (out / old).rename(out / new)
    write_csv(out / WRONG_LABELS, WRONG_COLUMNS, sorted(rows, key=lambda row: str(row["file_name"])))
    return renamed


def _start_worker() -> None:
    """Make a worker use one core, leave Ctrl-C to its parent process, and end with that process."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check_same_set(out: Path, settings_path: Path, description: dict[str, object]) -> None:
    try:
        existing = read_json(settings_path)
    except (FileNotFoundError, ValueError):
        existing = None
    if isinstance(existing, dict):
        existing = {"hard": False} | existing  # older versions drew no hard sets
    if existing != description:
        others = "photos that this command did not draw"
        content = others if existing is None else f"a drawn set with other settings ({existing})"
        raise UserError(f"{out} holds {content}. Choose another folder with --out, or remove this one.")


def _draw_files(images: Path, seed: int, jobs: list[tuple[DemoModel, int]]) -> list[tuple[str | int, ...]]:
    """Draw photos and return their rows for `parts.csv`."""
    rows: list[tuple[str | int, ...]] = []
    for model, index in jobs:
        rng = np.random.default_rng([seed, CATALOGUE.index(model), index])
        file_name = _file_name(model, index, rng)
        photo = draw_photo(model, rng)
        write_bytes(images / file_name, jpeg_bytes(photo))
        rows += [(f"images/{file_name}", model.part, *box) for box in photo.part_boxes]
    return rows


def _file_name(model: DemoModel, index: int, rng: np.random.Generator) -> str:
    """A name with all fields of `CarName`, most of them random."""
    style = {"pickup": "Pickup", "van": "Van", "roadster": "Convertible"}.get(model.variant, "4dr")
    numbers = [
        int(rng.integers(2012, 2026)), int(rng.integers(18, 60)), int(rng.integers(15, 20)),
        int(rng.integers(9, 30)) * 10, int(rng.integers(12, 30)), 4, int(rng.integers(68, 73)),
        int(rng.integers(56, 75)), int(rng.integers(153, 197)), int(rng.integers(20, 45)),
    ]  # fmt: skip
    doors = 2 if style == "Convertible" else 4
    fields = [model.make, model.model, *numbers, "AWD", 5, doors, style, f"{index:04d}"]
    return "_".join(str(field) for field in fields) + ".jpg"
