"""A published version as a Keras net, for work that needs its layers and gradients and not only its answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from car_classifier.errors import UserError
from car_classifier.files import read_text
from car_classifier.network.backbones import Backbone, find_backbone, normalise
from car_classifier.network.preprocessing import load_photos
from car_classifier.network.signatures import WEIGHTS
from car_classifier.network.two_layers import SpreadCells
from car_classifier.registry.class_names import ClassNames
from car_classifier.registry.published_version import REPUBLISH, PublishedVersion


@dataclass(frozen=True)
class PublishedNet:
    """The Keras net of a published version.

    Attributes:
        model: From normalised images [n, height, width, 3] to logits, float32 [n, classes].
        backbone: Kind of the net, which decides how images are normalised.
        names: The classes.
        temperature: Logits are divided by it before softmax.
    """

    model: keras.Model
    backbone: Backbone
    names: ClassNames
    temperature: float

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the net's input in pixels."""
        height, width = self.model.input_shape[1:3]
        return int(height), int(width)

    def load(self, image_bytes: Sequence[bytes] | tf.Tensor) -> NDArray[np.float32]:
        """Decode and resize photos for the net.

        Args:
            image_bytes: Bytes of JPEG or PNG files.

        Returns:
            RGB from 0 to 255, not yet normalised, float32 [n, height, width, 3].

        Raises:
            tf.errors.InvalidArgumentError: A photo cannot be read.
        """
        photos: NDArray[np.float32] = load_photos(tf.convert_to_tensor(image_bytes), self.image_size).numpy()
        return photos

    def normalised(self, photos: Any) -> tf.Tensor:
        """The model's input, for photos as `load` returns them."""
        return normalise(self.backbone, tf.identity(photos))


def read_published_net(version_dir: Path) -> PublishedNet:
    """Rebuild the net of a published version, with its weights.

    Raises:
        UserError: An older car-classifier or another program published the version, without what this needs.
    """
    version = PublishedVersion(version_dir)
    names = version.names
    if not version.architecture_path.is_file():
        raise UserError(
            f"The model in {version} has no architecture.json: an older car-classifier published it. {REPUBLISH}"
        )
    config = version.read_config()
    try:
        architecture = read_text(version.architecture_path)
        model = keras.models.model_from_json(architecture, custom_objects={"SpreadCells": SpreadCells})
    except (OSError, ValueError) as error:
        raise UserError(f"{version.architecture_path} is damaged. {REPUBLISH}") from error
    checkpoint = tf.train.load_checkpoint(str(version_dir / "variables" / "variables"))
    for i, variable in enumerate(model.variables):
        variable.assign(checkpoint.get_tensor(f"{WEIGHTS}/{i}/.ATTRIBUTES/VARIABLE_VALUE"))
    # The model that Keras reads from JSON takes and returns lists.
    model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return PublishedNet(model, find_backbone(config["training"]["base"]), names, config["temperature"])
