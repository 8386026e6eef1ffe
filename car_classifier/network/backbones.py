"""The nets that can be fine-tuned, a row for each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from car_classifier.errors import UserError


@dataclass(frozen=True)
class Backbone:
    """A net of `keras.applications`, with the facts that are needed to use it.

    Attributes:
        name: Name of the constructor in `keras.applications`.
        module: Module of `keras.applications` that holds its `preprocess_input`.
        explained_layer: Name of the layer with the last convolutional activations, which the head follows; None for
            the net's last layer.
        finer_layer: Name of the last layer with finer cells whose activations a linear head can use as well:
            activated where the net activates, so of a net that normalises and activates before each block
            (ResNet50V2) not a block's sum but the next block's activated input. None for a net without one.
        image_size: Default height and width of its input in pixels.
        min_size: Smallest height or width of its input in pixels.
        last_downsampling: Names of the layers that halve the resolution for the last time; None where this cannot be
            undone.
        last_stage: Prefix of the names of the layers that follow `last_downsampling`.
    """

    name: str
    module: str
    explained_layer: str | None
    finer_layer: str | None = None
    image_size: tuple[int, int] = (224, 224)
    min_size: int = 32
    last_downsampling: tuple[str, ...] | None = None
    last_stage: str = "conv5"


BACKBONES = {
    backbone.name: backbone
    for backbone in (
        Backbone(
            "ResNet50V2",
            "resnet_v2",
            "post_relu",
            "conv4_block6_preact_relu",
            last_downsampling=("conv4_block6_2_conv", "max_pooling2d_2"),
        ),
        Backbone(
            "ResNet50",
            "resnet",
            "conv5_block3_out",
            "conv4_block6_out",
            last_downsampling=("conv5_block1_0_conv", "conv5_block1_1_conv"),
        ),
        Backbone("VGG16", "vgg16", "block5_conv3", "block4_conv3"),
        Backbone("MobileNetV2", "mobilenet_v2", "out_relu", "block_13_expand_relu"),
        Backbone("EfficientNetV2B0", "efficientnet_v2", "top_activation", "block6a_expand_activation"),
        Backbone("ConvNeXtTiny", "convnext", None, "convnext_tiny_stage_2_block_8_identity"),
    )
}


def find_backbone(name: str) -> Backbone:
    """The backbone of that name; upper and lower case do not matter.

    Raises:
        UserError: There is no such backbone.
    """
    backbone = {key.lower(): backbone for key, backbone in BACKBONES.items()}.get(name.lower())
    if backbone is None:
        raise UserError(f"--base must be one of {', '.join(BACKBONES)}. Received: {name}")
    return backbone


def check_backbone_input(
    backbone: Backbone, image_size: tuple[int, int], weights: str, output_stride: int = 32
) -> None:
    """Check, without building it, that a backbone can be built with these settings.

    Raises:
        UserError: The size is too small, the weights file does not exist, or the output stride is not possible.
    """
    if output_stride not in (16, 32):
        raise UserError(f"--output-stride must be 32 or 16. Received: {output_stride}")
    if output_stride == 16 and backbone.last_downsampling is None:
        able = ", ".join(other.name for other in BACKBONES.values() if other.last_downsampling)
        raise UserError(f"--output-stride 16 works with {able}, not with {backbone.name}.")
    if min(image_size) < backbone.min_size:
        raise UserError(
            f"--image-size must be at least {backbone.min_size} for {backbone.name}. "
            f"Received: {image_size[0]}x{image_size[1]}"
        )
    if weights not in ("imagenet", "none") and not Path(weights).is_file():
        raise UserError(f"--weights must be imagenet, none or the path of a weights file. Received: {weights}")


def build_backbone(backbone: Backbone, image_size: tuple[int, int], weights: str, output_stride: int = 32) -> Any:
    """Build a net without its classifier.

    Args:
        backbone: The net to build.
        image_size: Height and width of its input in pixels.
        weights: `imagenet` (downloaded by Keras and kept in its cache), `none` (random), or the path of a
            weights file.
        output_stride: Height and width in input pixels of a cell of the activations: 32, or 16 for explanations that
            are twice as fine.

    Returns:
        A `keras.Model` from normalised images [n, height, width, 3] to the activations of
        `explained_layer`, [n, h, w, channels].

    Raises:
        UserError: The size is too small, or the weights cannot be downloaded or do not fit.
    """
    import keras

    check_backbone_input(backbone, image_size, weights, output_stride)
    keras.utils.clear_session()  # so that the numbers in automatic layer names start from the beginning
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
        net = _without_last_downsampling(backbone, net, dilate_kernels=weights != "none")
    last = net.get_layer(backbone.explained_layer) if backbone.explained_layer else net.layers[-1]
    return keras.Model(net.input, last.output, name=backbone.name.lower())


def _without_last_downsampling(backbone: Backbone, net: Any, dilate_kernels: bool) -> Any:
    """The net with its last downsampling undone.

    Pretrained weights keep their meaning if the kernels that follow are dilated: each then sees the same part of the
    photo as before, at twice the density (Chen et al. 2017, atrous convolution, https://arxiv.org/abs/1706.05587).
    Random weights have no meaning to keep, and kernels without dilation localise better.
    """
    import keras

    config = net.get_config()
    for layer in config["layers"]:
        layer.pop("build_config", None)  # it holds the old shapes
        settings = layer["config"]
        if settings["name"] in (backbone.last_downsampling or ()):
            settings["strides"] = (1, 1)
        elif dilate_kernels and settings["name"].startswith(backbone.last_stage):
            if layer["class_name"] == "Conv2D" and tuple(settings["kernel_size"]) == (3, 3):
                settings["dilation_rate"] = (2, 2)
            elif layer["class_name"] == "ZeroPadding2D":
                settings["padding"] = ((2, 2), (2, 2))
    finer = keras.Model.from_config(config)
    finer.set_weights(net.get_weights())
    return finer


def normalise(backbone: Backbone, images: Any) -> Any:
    """Apply a backbone's own preprocessing.

    Args:
        backbone: The net.
        images: RGB from 0 to 255, float32 [n, height, width, 3].

    Returns:
        float32 [n, height, width, 3], in the range that the backbone expects.
    """
    import keras

    return getattr(keras.applications, backbone.module).preprocess_input(images)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
