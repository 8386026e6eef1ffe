"""The nets of `keras.applications` that score photos for the prefilter."""

from pathlib import Path

from car_classifier.errors import UserError
from car_classifier.files import sha256_of
from car_classifier.network.backbones import find_backbone, normalise
from car_classifier.prefilter.scoring import ImageNetNet, Predict


def imagenet_net(base: str, weights: str) -> ImageNetNet:
    """A net of `keras.applications` with its classifier.

    Args:
        base: Name of a backbone.
        weights: `imagenet` (downloaded by Keras and kept in its cache) or the path of a weights file.

    Raises:
        UserError: There is no such net or file. `load` raises it if the weights cannot be downloaded or do not fit.
    """
    backbone = find_backbone(base)
    if weights != "imagenet" and not Path(weights).is_file():
        raise UserError(f"--weights must be imagenet or the path of a weights file. Received: {weights}")
    key = f"{backbone.name} {weights if weights == 'imagenet' else sha256_of(Path(weights))}"

    def load() -> Predict:
        import keras
        import tensorflow as tf

        try:
            net = getattr(keras.applications, backbone.name)(weights=weights)
        except Exception as error:
            if weights == "imagenet":
                raise UserError(
                    f"The ImageNet weights of {backbone.name} could not be downloaded. Go online once, or give a "
                    "weights file of this or another net with --base NET --weights PATH."
                ) from error
            raise UserError(
                f"{weights} does not hold the weights of {backbone.name} with its classifier of 1000 classes."
            ) from error
        graph = tf.function(
            lambda images: net(normalise(backbone, images), training=False), reduce_retracing=True, autograph=False
        )
        return lambda images: graph(images).numpy()

    return ImageNetNet(key, backbone.image_size, load)
