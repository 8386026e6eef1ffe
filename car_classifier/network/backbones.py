"""The nets that can be fine-tuned: one row each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from car_classifier.errors import UserError


@dataclass(frozen=True)
class Backbone:
    """A net of `keras.applications` and what must be known to use it.

    Attributes:
        name: Name of the constructor in `keras.applications`.
        module: Module of `keras.applications` that holds its `preprocess_input`.
        explained_layer: The last convolutional activations, which pooling and the classifier follow; None for
            the net's last layer.
        image_size: Height and width of its input when none is asked for, in pixels.
        min_size: Smallest height or width that it takes.
        last_downsampling: Layers that halve the resolution for the last time; None where that cannot be undone.
        last_stage: Prefix of the names of the layers that follow them.
    """

    name: str
    module: str
    explained_layer: str | None
    image_size: tuple[int, int] = (224, 224)
    min_size: int = 32
    last_downsampling: tuple[str, ...] | None = None
    last_stage: str = "conv5"


BACKBONES = {
    backbone.name: backbone
    for backbone in (
        Backbone("ResNet50V2", "resnet_v2", "post_relu", last_downsampling=("conv4_block6_2_conv", "max_pooling2d_2")),
        Backbone(
            "ResNet50", "resnet", "conv5_block3_out", last_downsampling=("conv5_block1_0_conv", "conv5_block1_1_conv")
        ),
        Backbone("VGG16", "vgg16", "block5_conv3"),
        Backbone("MobileNetV2", "mobilenet_v2", "out_relu"),
        Backbone("EfficientNetV2B0", "efficientnet_v2", "top_activation"),
        Backbone("ConvNeXtTiny", "convnext", None),
    )
}


def find_backbone(name: str) -> Backbone:
    """The backbone of that name, in any case.

    Raises:
        UserError: There is none.
    """
    found = {key.lower(): backbone for key, backbone in BACKBONES.items()}.get(name.lower())
    if found is None:
        raise UserError(f"--base must be one of {', '.join(BACKBONES)}. Received: {name}")
    return found


def check_backbone_input(
    backbone: Backbone, image_size: tuple[int, int], weights: str, output_stride: int = 32
) -> None:
    """Make sure that a backbone can be built, as far as that is known without building it.

    Raises:
        UserError: The size is too small, there is no such weights file, or no such output stride.
    """
    if output_stride not in (16, 32):
        raise UserError(f"--output-stride must be 32 or 16. Received: {output_stride}")
    if output_stride == 16 and backbone.last_downsampling is None:
        able = ", ".join(other.name for other in BACKBONES.values() if other.last_downsampling)
        raise UserError(f"--output-stride 16 is there for {able}, not for {backbone.name}.")
    if min(image_size) < backbone.min_size:
        raise UserError(
            f"--image-size must be at least {backbone.min_size} for {backbone.name}. "
            f"Received: {image_size[0]}x{image_size[1]}"
        )
    if weights not in ("imagenet", "none") and not Path(weights).is_file():
        raise UserError(f"--weights must be imagenet, none or the path of a weights file. Received: {weights}")


def build_backbone(backbone: Backbone, image_size: tuple[int, int], weights: str, output_stride: int = 32) -> Any:
    """The net without its classifier.

    Args:
        backbone: Which.
        image_size: Height and width of its input in pixels.
        weights: `imagenet` (downloaded by Keras and kept in its cache), `none` (random), or the path of a
            weights file.
        output_stride: Pixels of the input for each cell of the activations, across and down: 32, or 16 for
            explanations that are twice as fine.

    Returns:
        A `keras.Model` from normalised images [n, height, width, 3] to the activations of
        `explained_layer`, [n, h, w, channels].

    Raises:
        UserError: The size is too small, or the weights cannot be had or do not fit.
    """
    import keras

    check_backbone_input(backbone, image_size, weights, output_stride)
    keras.utils.clear_session()  # so that layers without a name of their own are counted from the start
    constructor = getattr(keras.applications, backbone.name)
    try:
        net = constructor(
            include_top=False, weights=None if weights == "none" else weights, input_shape=(*image_size, 3)
        )
    except Exception as error:
        if weights == "imagenet":
            raise UserError(
                f"The ImageNet weights of {backbone.name} could not be downloaded ({_first_line(error)}). "
                "Go online once, or give a weights file with --weights PATH, "
                "or train from random weights with --weights none."
            ) from error
        if weights != "none":
            raise UserError(
                f"{weights} does not hold the weights of {backbone.name} without its top: {_first_line(error)}"
            ) from error
        raise
    if output_stride == 16:
        net = _without_last_downsampling(backbone, net, spread_kernels=weights != "none")
    last = net.get_layer(backbone.explained_layer) if backbone.explained_layer else net.layers[-1]
    return keras.Model(net.input, last.output, name=backbone.name.lower())


def _without_last_downsampling(backbone: Backbone, net: Any, spread_kernels: bool) -> Any:
    """The net with its last downsampling undone.

    Pretrained weights keep their meaning if the kernels that follow are spread to match: each sees the same part of
    the photo as before, at twice the density (Chen et al. 2017, atrous convolution,
    https://arxiv.org/abs/1706.05587). Random weights have no meaning to keep, and close kernels find what they look
    for nearer to where it is.
    """
    import keras

    config = net.get_config()
    for layer in config["layers"]:
        layer.pop("build_config", None)  # it holds the old shapes
        settings = layer["config"]
        if settings["name"] in (backbone.last_downsampling or ()):
            settings["strides"] = (1, 1)
        elif spread_kernels and settings["name"].startswith(backbone.last_stage):
            if layer["class_name"] == "Conv2D" and tuple(settings["kernel_size"]) == (3, 3):
                settings["dilation_rate"] = (2, 2)
            elif layer["class_name"] == "ZeroPadding2D":
                settings["padding"] = ((2, 2), (2, 2))
    finer = keras.Model.from_config(config)
    finer.set_weights(net.get_weights())
    return finer


def normalise(backbone: Backbone, images: Any) -> Any:
    """The backbone's own preprocessing.

    Args:
        backbone: Which.
        images: RGB from 0 to 255, float32 [n, height, width, 3].

    Returns:
        float32 [n, height, width, 3], as the backbone wants it.
    """
    import keras

    return getattr(keras.applications, backbone.module).preprocess_input(images)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
