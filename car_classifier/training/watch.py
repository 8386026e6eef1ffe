"""A dozen test photos to watch a training by: their answers and heatmaps after each epoch, as small files of the run.

`watch/photos.json` lists the photos, `watch/<stage>-<epoch>.json` has the answers after an epoch. They are for looking
at only: nothing is chosen by them, so they do not flatter what is later measured on the test photos.
"""

import io
import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from car_classifier.files import read_bytes, write_bytes, write_json
from car_classifier.network.backbones import normalise
from car_classifier.network.map_extent import Extent
from car_classifier.network.preprocessing import decode_photo_array, load_photo
from car_classifier.network.signatures import contributions_of
from car_classifier.training.live_progress import Budget
from car_classifier.training.run import TrainingRun

FOLDER = "watch"
"""Name of the folder in a run's folder."""

PHOTOS = 12

SHARE_OF_TIME = 0.03
"""Share of a stage's time that the answers may take; where they take longer, epochs are left out."""

_SIDE = 320  # pixels of the longer side of the copies
_FULL = 100  # the largest number in a map

Features = Callable[[Any], Any]
"""From normalised images, float32 [n, height, width, 3], to the activations that a head takes."""


def _answers_name(place: int, epoch: int) -> str:
    return f"{place}-{epoch:03d}.json"


def forget_answers(folder: Path, place: int, epoch: int) -> None:
    """Delete the answers after an epoch and all later ones of a stage, which is done again.

    Args:
        folder: Folder of the run.
        place: Index of the stage.
        epoch: The first epoch whose answers go.
    """
    for path in (folder / FOLDER).glob(f"{place}-*.json"):
        if int(path.stem.rpartition("-")[2]) >= epoch:
            path.unlink(missing_ok=True)


class Watch:
    """The photos of a run that are watched; none if it has no test photos.

    Args:
        run: The run.
        is_on: Whether this process writes the files.
    """

    def __init__(self, run: TrainingRun, is_on: bool) -> None:
        self._run, self._folder = run, run.folder / FOLDER
        rows = run.manifest.split("test") if is_on else []
        self._rows = rows[:: max(len(rows) // PHOTOS, 1)][:PHOTOS]

    def of_stage(
        self, stage: str, place: int, head: Any, extent: Extent, prepare: Features, activations: Features
    ) -> Callable[[int], None]:
        """The function to call after each epoch of a stage, with the number of the epoch.

        Args:
            stage: Name of the stage.
            place: Its index among the stages.
            head: From activations to logits.
            extent: Where the cells of the activations lie on a photo.
            prepare: The part of the net that does not change in this stage; it is asked once.
            activations: The rest of the net, from what `prepare` gives to the activations.
        """
        budget = Budget(SHARE_OF_TIME)
        prepared: list[Any] = []

        def after_epoch(epoch: int) -> None:
            if not self._rows or not budget.allows():
                return
            with budget.spending():
                images = self._images
                if images is None:
                    return
                if not prepared:
                    prepared.append(prepare(images))
                self._write(_answers_name(place, epoch), stage, epoch, activations(prepared[0]), head, extent)

        return after_epoch

    @cached_property
    def _images(self) -> Any:
        """The photos as the net takes them; their copies are written. None if one cannot be read (any more)."""
        run = self._run
        try:
            contents = [read_bytes(run.manifest.photo_path(row)) for row in self._rows]
            copies = [_small_copy(content) for content in contents]
            images = tf.stack([load_photo(tf.constant(content), run.config.image_size) for content in contents])
        except (OSError, ValueError, tf.errors.OpError):
            return None
        photos = []
        for number, (row, (copy, width, height)) in enumerate(zip(self._rows, copies, strict=True), start=1):
            name = f"{number:02d}.jpg"
            write_bytes(self._folder / name, copy)
            photos.append({"photo": name, "label": row.label, "width": width, "height": height})
        write_json(self._folder / "photos.json", photos)
        return normalise(run.backbone, images)

    def _write(self, name: str, stage: str, epoch: int, activations: Any, head: Any, extent: Extent) -> None:
        activations = tf.cast(activations, tf.float32)
        logits = head(activations, training=False)
        top = tf.argmax(logits, axis=1, output_type=tf.int32)[:, None]
        maps, _ = contributions_of(head)(activations, top, tf.gather(logits, top, batch_dims=1))
        probabilities = tf.nn.softmax(tf.cast(logits, tf.float32)).numpy()
        answers = []
        for row, shares, best, cells in zip(self._rows, probabilities, top[:, 0].numpy(), maps[:, 0], strict=True):
            truth = self._run.labels.index(row.label) if row.label in self._run.labels else None
            answers.append(
                {
                    "label": self._run.labels[best],
                    "probability": round(float(shares[best]), 4),
                    "truth_probability": None if truth is None else round(float(shares[truth]), 4),
                    "map": _in_whole_numbers(cells.numpy()).tolist(),
                }
            )
        content = {"stage": stage, "epoch": epoch, "extent": [round(edge, 5) for edge in extent], "answers": answers}
        write_bytes(self._folder / name, json.dumps(content, ensure_ascii=False).encode())


def _in_whole_numbers(cells: NDArray[np.float32]) -> NDArray[np.int64]:
    """A map whose strongest evidence is 100; all 0 where there is none."""
    strongest = float(np.abs(cells).max())
    scaled = cells * (_FULL / strongest) if np.isfinite(strongest) and strongest > 0 else np.zeros_like(cells)
    return np.asarray(np.rint(scaled), np.int64)


def _small_copy(content: bytes) -> tuple[bytes, int, int]:
    """A small JPEG of a photo, its width and its height."""
    image = Image.fromarray(decode_photo_array(content, (_SIDE // 2, _SIDE // 2)))
    image.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return file.getvalue(), *image.size
