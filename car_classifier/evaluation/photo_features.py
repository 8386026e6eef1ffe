"""A few numbers for each photo, computed by a published net: photos that look alike to it lie close together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from car_classifier.data.manifest import Manifest, ManifestRow, read_manifest
from car_classifier.errors import UserError
from car_classifier.evaluation.predictions import ask_in_batches
from car_classifier.evaluation.published_net import PublishedNet, read_published_net
from car_classifier.files import check_writable, sha256_of, write_atomically
from car_classifier.network.layers import last_map_layer
from car_classifier.network.preprocessing import load_photos
from car_classifier.progress import Report, silent
from car_classifier.registry.published_version import PublishedVersion

FEATURES_FILE = "features.npz"
MOST_NUMBERS = 64
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class PhotoFeatures:
    """The features of a manifest's photos, and the file that holds them.

    Attributes:
        path: The file, beside the manifest.
        version: Name of the folder of the version that computed the features.
        features: float16 [n, d], d at most 64, each row of length 1, so that the dot product of two rows is the cosine
            of the angle between them.
    """

    path: Path
    version: str
    features: NDArray[np.float16]


def write_photo_features(
    manifest_path: Path,
    version: PublishedVersion,
    report: Report = silent,
    notify: Callable[[str], object] | None = None,
) -> PhotoFeatures:
    """Run a published net over all photos of a manifest, and write their features to `features.npz` beside it.

    The file holds `file_names` [n], as in the manifest; `features`, float16 [n, d]; and `model_version` and
    `weights_sha256` of the model. It appears complete or not at all.

    Args:
        manifest_path: The manifest. Excluded photos get features too.
        version: A version.
        report: Called with photos done and photos in all.
        notify: That of `ask_in_batches`.

    Raises:
        UserError: The manifest or the model cannot be used, a photo is missing or cannot be read, or the file cannot
            be written.
    """
    manifest = read_manifest(manifest_path)
    path = manifest.path.with_name(FEATURES_FILE)
    check_writable(path)
    net = read_published_net(version.folder)
    rows, activations = pooled_activations(net, manifest, report, notify)
    features = principal_directions(activations)
    content = {
        "file_names": np.array([row.file_name for row in rows]),
        "features": features,
        "model_version": np.array(version.folder.name),
        "weights_sha256": np.array(sha256_of(version.folder / "variables" / "variables.data-00000-of-00001")),
    }

    def write(target: Path) -> None:
        with target.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **content)

    write_atomically(path, write)
    return PhotoFeatures(path, version.folder.name, features)


def pooled_activations(
    net: PublishedNet,
    manifest: Manifest,
    report: Report = silent,
    notify: Callable[[str], object] | None = None,
) -> tuple[list[ManifestRow], NDArray[np.float16]]:
    """The net's last activations that have positions on the photo, averaged over the positions.

    Args:
        net: A published version.
        manifest: The photos, including excluded ones.
        report: Called with photos done and photos in all.
        notify: That of `ask_in_batches`.

    Returns:
        The photos that could be read, in the manifest's order, and their activations, float16 [n, channels].

    Raises:
        UserError: The net has no such layer, or a photo is missing or cannot be read; the message names it.
    """
    try:
        layer = net.model.get_layer(last_map_layer(net.model))
    except ValueError as error:
        raise UserError(f"{error} Similar photos cannot be found with this model.") from error
    pooled = keras.Model(net.model.input, keras.layers.GlobalAveragePooling2D()(layer.output))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def features_of(image_bytes: tf.Tensor) -> Any:
        return pooled(net.normalised(load_photos(image_bytes, net.image_size)), training=False)

    activations = np.empty((len(manifest.rows), pooled.output_shape[-1]), np.float16)
    largest = np.finfo(np.float16).max
    rows: list[ManifestRow] = []
    for batch, answer in ask_in_batches(features_of, manifest, manifest.rows, report, notify):
        activations[len(rows) : len(rows) + len(batch)] = np.clip(answer.numpy(), -largest, largest)
        rows += batch
    return rows, activations[: len(rows)]


def principal_directions(activations: NDArray[np.floating[Any]], most: int = MOST_NUMBERS) -> NDArray[np.float16]:
    """The direction in which each photo lies from the mean of all, in the dimensions that vary most (PCA).

    Args:
        activations: [n, channels].
        most: The largest number of dimensions to keep; fewer are kept if there are fewer photos or channels.

    Returns:
        float16 [n, d], each row of length 1, or of length 0 for a photo that lies at the mean.
    """
    count, channels = activations.shape
    mean = np.mean(activations, axis=0, dtype=np.float64)
    scatter = np.zeros((channels, channels))
    for start in range(0, count, _ROWS_AT_ONCE):  # all rows at once, in float64, would need gigabytes
        centred = activations[start : start + _ROWS_AT_ONCE] - mean
        scatter += centred.T @ centred
    _, axes = np.linalg.eigh(scatter)  # in ascending order: the last ones vary most
    kept = axes[:, -min(most, count, channels) :]
    scores = np.concatenate(
        [(activations[start : start + _ROWS_AT_ONCE] - mean) @ kept for start in range(0, count, _ROWS_AT_ONCE)]
    )
    lengths = np.linalg.norm(scores, axis=1, keepdims=True)
    directions: NDArray[np.float16] = (scores / np.where(lengths > 0, lengths, 1)).astype(np.float16)
    return directions
