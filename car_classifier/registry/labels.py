"""Which versions of a model folder are served, and the labels by which clients ask for them. Free of TensorFlow.

Both are kept in the folder's `models.config`, in the format of TensorFlow Serving, whose servers look at it again and
again. Such a server refuses to move a label to a version that it has not loaded, and with the label everything else
that the file says (`ServerCore::ReloadConfig`); it tries again at its next look. It also lets go of what the file does
not name while it loads what is new (`AvailabilityPreservingPolicy`). So the file always lets it load the next version
beside all that have a label, and a label that moved takes effect on each server once that version is loaded there.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from rich.console import Console

from car_classifier.errors import UserError
from car_classifier.files import check_writable, exclusive_lock, write_bytes
from car_classifier.registry.folder import versions
from car_classifier.registry.text_proto import read_text_proto

MODEL_NAME = "car_classifier"
"""The model's name on servers."""

CONFIG_NAME = "models.config"
SERVED_FROM = f"/models/{MODEL_NAME}"
"""Where a container has the model folder; the embedded server looks into the folder that it is given."""

STABLE = "stable"
"""What everybody is answered by."""

PREVIOUS = "previous"
"""What was stable before: kept loaded, so that going back takes effect at once."""

CANARY = "canary"
"""What is tried beside it."""

SECONDS_TO_FOLLOW = 20.0
"""How long after a change of the file no version is published: by then every server has looked at it and loaded what it
says, if it looks every five seconds."""

_HEADER = """\
# Written by car-classifier publish, promote and rollback: which versions of car_classifier are served, and their
# labels. What is changed here by hand about them is lost the next time.
"""


def read_config(path: Path) -> Any:
    """The `ModelServerConfig` message that a file holds.

    Raises:
        UserError: It cannot be read, or holds something else.
    """
    from tensorflow_serving.config import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    read_text_proto(path, config, "model configuration")
    return config


def read_labels(model_dir: Path) -> dict[str, int]:
    """Version of each label; none while there is no `models.config`.

    Raises:
        UserError: The file cannot be used.
    """
    path = model_dir / CONFIG_NAME
    return dict(_entry(read_config(path), path).version_labels) if path.is_file() else {}


def next_version(model_dir: Path) -> int:
    """The number of the version that is published next: one that servers load by themselves."""
    path = model_dir / CONFIG_NAME
    numbers = [number + 1 for number in versions(model_dir)]
    if path.is_file():
        numbers += _entry(read_config(path), path).model_version_policy.specific.versions
    return max(numbers, default=1)


def wait_until_followed(model_dir: Path, console: Console) -> None:
    """Wait until servers have had the time to follow the last change of the file."""
    left = (model_dir / CONFIG_NAME).stat().st_mtime + SECONDS_TO_FOLLOW - time.time()
    if left > 0:
        console.print(f"Giving servers {left:.0f} seconds to follow the last change of {CONFIG_NAME} …")
        time.sleep(min(left, SECONDS_TO_FOLLOW))


def with_label(labels: Mapping[str, int], label: str, number: int) -> dict[str, int]:
    """The labels after a version was given one; what was stable before is the previous one then."""
    moved = dict(labels) | {label: number}
    before = labels.get(STABLE)
    if label == STABLE and before not in (None, number):
        moved[PREVIOUS] = before
    return moved


def promoted(labels: Mapping[str, int]) -> dict[str, int]:
    """The labels after the canary has become stable.

    Raises:
        UserError: There is no canary.
    """
    if CANARY not in labels:
        raise UserError(f"No version has the label {CANARY}. Publish one with car-classifier publish --label {CANARY}.")
    rest = {label: number for label, number in labels.items() if label != CANARY}
    return with_label(rest, STABLE, labels[CANARY])


def rolled_back(labels: Mapping[str, int], label: str) -> dict[str, int]:
    """The labels after a step back: stable is the previous version again; any other label is taken away.

    Raises:
        UserError: There is nothing to go back to.
    """
    if label not in labels:
        raise UserError(f"No version has the label {label}. The labels are: {', '.join(sorted(labels)) or 'none'}.")
    if label != STABLE:
        return {name: number for name, number in labels.items() if name != label}
    if PREVIOUS not in labels:
        raise UserError(
            "There is no previous version to go back to. An older one can be published anew: "
            "car-classifier publish model/NUMBER."
        )
    return {name: number for name, number in labels.items() if name != PREVIOUS} | {STABLE: labels[PREVIOUS]}


def write_labels(model_dir: Path, labels: Mapping[str, int]) -> None:
    """Write `models.config`; labels of versions that are gone are left out.

    Raises:
        UserError: The stable version is gone, or the file that is there cannot be used or written.
    """
    path, published = model_dir / CONFIG_NAME, versions(model_dir)
    if STABLE in labels and labels[STABLE] not in published:
        raise UserError(
            f"Version {labels[STABLE]} would be {STABLE}, and is not in {model_dir}. Nothing has changed. Put it back, "
            "or let car-classifier up --prepare-only choose another one."
        )
    check_writable(path)
    config = read_config(path) if path.is_file() else _new_config()
    entry = _entry(config, path)
    kept = {label: number for label, number in labels.items() if number in published}
    entry.version_labels.clear()
    entry.version_labels.update(kept)
    entry.ClearField("model_version_policy")
    _set_policy(entry.model_version_policy, sorted(set(kept.values())), published)
    _write(path, config)


def ensure_live(model_dir: Path) -> dict[str, int]:
    """Make sure that a version is stable: where none is, or that one is gone, the previous or else the newest.

    Returns:
        The labels, as `read_labels` gives them.
    """
    labels, published = read_labels(model_dir), versions(model_dir)
    if published and labels.get(STABLE) not in published:
        previous = labels.pop(PREVIOUS, None)
        write_labels(model_dir, labels | {STABLE: previous if previous in published else published[-1]})
    return read_labels(model_dir)


def publishing_lock(model_dir: Path, console: Console) -> AbstractContextManager[None]:
    """Let one process at a time publish into a model folder or move its labels; the others wait, and say so."""
    busy = f"Waiting for another process that publishes into {model_dir} …"
    return exclusive_lock(model_dir, busy, console.print)


def _set_policy(policy: Any, labelled: Sequence[int], published: Sequence[int]) -> None:
    """Have the labelled versions loaded, and the next one as soon as it is there.

    After a step back, newer versions must not answer requests without a label, which go to the newest that is loaded:
    then the versions are named. TensorFlow Serving notes in its log that the next one is not there yet.
    """
    if list(labelled) == list(published[len(published) - len(labelled) :]):
        policy.latest.num_versions = len(labelled) + 1
    else:
        policy.specific.versions.extend([*labelled, published[-1] + 1])


def _new_config() -> Any:
    from tensorflow_serving.config import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    config.model_config_list.config.add(name=MODEL_NAME, base_path=SERVED_FROM, model_platform="tensorflow")
    return config


def _write(path: Path, config: Any) -> None:
    from google.protobuf import text_format

    write_bytes(path, (_HEADER + text_format.MessageToString(config)).encode())


def _entry(config: Any, path: Path) -> Any:
    """The part of the file that is about this model; other models may stand beside it."""
    for entry in config.model_config_list.config:
        if entry.name == MODEL_NAME:
            return entry
    raise UserError(f"{path} has no model named {MODEL_NAME}. Add it, or remove the file to have it made anew.")
