"""Photos that cannot be read: found before the training, or only in the middle of it."""

from collections.abc import Callable, Collection
from typing import TypeVar

import tensorflow as tf

from car_classifier.files import read_json, write_json
from car_classifier.training.photos import PhotoSource, find_unreadable
from car_classifier.training.run import TrainingRun

Result = TypeVar("Result")


def leave_out_unreadable(run: TrainingRun) -> None:
    """Decode all photos of all splits before the first epoch, and leave out those that training could not use later.

    A resumed run uses the record of the first check, so that its photos stay the same. So do the other machines.
    """
    if run.unreadable_path.is_file():
        return
    if run.is_chief:
        rows = run.manifest.kept
        with run.live.bar("Checking photos") as report:
            reasons = dict(find_unreadable([run.manifest.photo_path(row) for row in rows], report))
        photos = {row.file_name: run.manifest.photo_path(row) for row in rows}
        unreadable = {name: reasons[path] for name, path in photos.items() if path in reasons}
        run.leave_out(unreadable)
        write_json(run.unreadable_path, unreadable)
    else:
        run.wait_for_check()
        run.leave_out(read_json(run.unreadable_path))


def despite_broken_photos(run: TrainingRun, sources: Collection[PhotoSource], work: Callable[[], Result]) -> Result:
    """Do work that can be interrupted; if it fails because of a photo, do the rest of it without that photo."""
    while True:
        try:
            return work()
        except tf.errors.OpError as error:
            if run.config.strategy == "multiworker":  # the other machines wait for this one within a step
                raise _explained(error, sources) from error
            notes = [note for source in sources for note in source.replace_unreadable()]
            if not notes:
                raise
            for note in notes:
                run.console.print(f"Note: {note}", style="yellow", markup=False)


def _explained(error: tf.errors.OpError, sources: Collection[PhotoSource]) -> Exception:
    """The error that names the photo because of which a stage failed; the original error if it was no photo."""
    for source in sources:
        try:
            return source.explain_failure(error)
        except tf.errors.OpError:  # no photo of this source is the cause
            continue
    return error
