"""The served versions of a model folder, and the labels by which clients ask for them. Free of TensorFlow.

Both are in the folder's `models.config`, in the format of TensorFlow Serving, whose servers re-read the file every few
seconds. Such a server refuses to move a label to a version that it has not loaded, and then ignores the rest of the
file as well (`ServerCore::ReloadConfig`) until it re-reads it. It also unloads the versions that the file does not name
while it loads new ones (`AvailabilityPreservingPolicy`). So the file always has servers load the next version beside
all versions with a label, and a label that moved takes effect on each server once that version is loaded there.
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
"""The model folder in a container; the embedded server uses the folder that it is given instead."""

STABLE = "stable"
"""The label of the version that serves default traffic."""

PREVIOUS = "previous"
"""The label of the version that was stable before. It stays loaded, so that a rollback takes effect at once."""

CANARY = "canary"
"""The label of a version that is tried beside the stable one."""

SECONDS_TO_FOLLOW = 20.0
"""After a change of the file no version is published for this long. By then a server that re-reads the file every five
seconds has loaded what the file names."""

_HEADER = """\
# Written by car-classifier publish, promote and rollback: which versions of car_classifier are served, and their
# labels. The next of these commands overwrites changes that are made here by hand.
"""


def read_config(path: Path) -> Any:
    """The `ModelServerConfig` message that a file holds.

    Raises:
        UserError: The file cannot be read, or holds something else.
    """
    from tensorflow_serving.config import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    read_text_proto(path, config, "model configuration")
    return config


def read_labels(model_dir: Path) -> dict[str, int]:
    """The version of each label; no labels while there is no `models.config`.

    Raises:
        UserError: The file cannot be used.
    """
    path = model_dir / CONFIG_NAME
    return dict(_entry(read_config(path), path).version_labels) if path.is_file() else {}


def next_version(model_dir: Path) -> int:
    """The number for the next version: one that servers load by themselves."""
    path = model_dir / CONFIG_NAME
    numbers = [number + 1 for number in versions(model_dir)]
    if path.is_file():
        numbers += _entry(read_config(path), path).model_version_policy.specific.versions
    return max(numbers, default=1)


def wait_until_followed(model_dir: Path, console: Console) -> None:
    """Wait until servers have had time to follow the last change of the file."""
    left = (model_dir / CONFIG_NAME).stat().st_mtime + SECONDS_TO_FOLLOW - time.time()
    if left > 0:
        console.print(f"Giving servers {left:.0f} seconds to follow the last change of {CONFIG_NAME} …")
        time.sleep(min(left, SECONDS_TO_FOLLOW))


def with_label(labels: Mapping[str, int], label: str, number: int) -> dict[str, int]:
    """The labels after a version was given one. The version that was stable before becomes the previous one."""
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
    """The labels after a step back: the previous version is stable again, or any other label is removed.

    Raises:
        UserError: There is nothing to go back to.
    """
    if label not in labels:
        raise UserError(f"No version has the label {label}. The labels are: {', '.join(sorted(labels)) or 'none'}.")
    if label != STABLE:
        return {name: number for name, number in labels.items() if name != label}
    if PREVIOUS not in labels:
        raise UserError(
            "There is no previous version to go back to. An older one can be published again: "
            "car-classifier publish model/NUMBER."
        )
    return {name: number for name, number in labels.items() if name != PREVIOUS} | {STABLE: labels[PREVIOUS]}


def write_labels(model_dir: Path, labels: Mapping[str, int]) -> None:
    """Write `models.config`, without the labels of versions that are gone.

    Raises:
        UserError: The stable version is gone, or the existing file cannot be used or written.
    """
    path, published = model_dir / CONFIG_NAME, versions(model_dir)
    if STABLE in labels and labels[STABLE] not in published:
        raise UserError(
            f"Version {labels[STABLE]} would become {STABLE} but is not in {model_dir}. Nothing has changed. Put it "
            "back, or let car-classifier up --prepare-only choose another version."
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
    """Make sure that there is a stable version: if there is none, the previous or else the newest becomes stable.

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
    """Have servers load the labelled versions, and the next version as soon as it is there.

    Requests without a label go to the newest version that is loaded. After a step back a newer version must not answer
    them, so the file names the versions to load. TensorFlow Serving then logs that the next one is not there yet.
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
    """The part of the file that is about this model; the file may name other models too."""
    for entry in config.model_config_list.config:
        if entry.name == MODEL_NAME:
            return entry
    raise UserError(
        f"{path} has no model named {MODEL_NAME}. Add it, or remove the file: car-classifier then writes a new one."
    )
