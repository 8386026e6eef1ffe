"""All explanation methods, behind one interface."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from car_classifier.errors import UserError
from car_classifier.explanations import (
    baselines,
    class_activation_maps,
    perturbations,
    pixel_gradients,
)
from car_classifier.explanations.targets import Target
from car_classifier.network.layers import last_map_layer
from car_classifier.network.map_extent import WHOLE, Extent, map_extent
from car_classifier.progress import Report, silent

Function = Callable[[keras.Model, Any, Sequence[Target]], Any]


@dataclass(frozen=True)
class Method:
    """One explanation method.

    Attributes:
        name: On the command line.
        title: In figures and tables.
        function: From a classifier, images and targets to maps.
        resolution: Whether a map has the cells of the last spatial layer, or the pixels of the net's input.
        is_baseline: Whether it ignores the net.
        is_signed: Whether maps have negative values, as evidence against the target.
        is_class_specific: Whether the map depends on the target.
        is_slow: Whether it takes a dozen passes through the net or more.
        layer: The layer whose cells a map has, where another one than the last spatial layer was chosen.
    """

    name: str
    title: str
    function: Function
    resolution: Literal["layer", "pixels"] = "pixels"
    is_baseline: bool = False
    is_signed: bool = False
    is_class_specific: bool = True
    is_slow: bool = False
    layer: str | None = None

    @property
    def takes_layer(self) -> bool:
        """Whether the map can be drawn over any spatial layer."""
        return "layer" in signature(self.function).parameters

    def check_layer(self, model: keras.Model) -> None:
        """Make sure that a chosen layer is one of a model's.

        Raises:
            UserError: There is no such layer, or it is not spatial.
        """
        spatial = [layer.name for layer in model.layers if len(getattr(layer.output, "shape", ())) == 4]
        if self.layer is not None and self.layer not in spatial:
            raise UserError(
                f"--layer must be a layer of the net whose output is a map, such as {', '.join(spatial[-3:])}. "
                f"Received: {self.layer}"
            )

    def extent(self, model: keras.Model) -> Extent:
        """Where the method's maps lie on a photo."""
        if self.resolution == "pixels":
            return WHOLE
        return map_extent(keras.Model(model.input, model.get_layer(self.layer or last_map_layer(model)).output))


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method("exact", "Exact map", class_activation_maps.exact_map, "layer", is_signed=True),
        Method("gradcam", "Grad-CAM", class_activation_maps.grad_cam, "layer"),
        Method("gradcam++", "Grad-CAM++", class_activation_maps.grad_cam_plus_plus, "layer"),
        Method("hirescam", "HiResCAM", class_activation_maps.hires_cam, "layer", is_signed=True),
        Method("layercam", "LayerCAM", class_activation_maps.layer_cam, "layer"),
        Method(
            "scorecam",
            "Score-CAM, 32 channels",
            partial(perturbations.score_cam, channels=32),
            "layer",
            is_slow=True,
        ),
        Method("occlusion", "Occlusion", perturbations.occlusion, is_signed=True, is_slow=True),
        Method("gradients", "Gradients", pixel_gradients.vanilla_gradients),
        Method("gradient-x-input", "Gradient × input", pixel_gradients.gradient_x_input, is_signed=True),
        Method("smoothgrad", "SmoothGrad", pixel_gradients.smooth_grad, is_slow=True),
        Method(
            "integrated-gradients",
            "Integrated gradients",
            pixel_gradients.integrated_gradients,
            is_signed=True,
            is_slow=True,
        ),
        Method("activations", "Activations", class_activation_maps.activation_map, "layer", is_class_specific=False),
        Method("random", "Random map", baselines.random_map, "layer", is_baseline=True, is_class_specific=False),
        Method("gaussian", "Centred Gaussian", baselines.centred_gaussian, is_baseline=True, is_class_specific=False),
    )
}


def find_method(name: str, layer: str | None = None) -> Method:
    """The method with this name, over the cells of a layer if one is named.

    Raises:
        UserError: There is no such method, or it takes no layer.
    """
    if name not in METHODS:
        raise UserError(f"There is no method {name}. Take one of {', '.join(METHODS)}.")
    method = METHODS[name]
    if layer is None:
        return method
    if not method.takes_layer:
        takers = ", ".join(name for name, other in METHODS.items() if other.takes_layer)
        raise UserError(f"The method {name} takes no --layer. Choose one that does with --method: {takers}.")
    function: Any = method.function  # takes a layer, which its type does not say
    return replace(method, function=partial(function, layer=layer), layer=layer)


def explain(
    model: keras.Model,
    images: Any,
    target: Target | Sequence[Target],
    method: Function = class_activation_maps.exact_map,
    batch_size: int = 8,
    report: Report = silent,
) -> NDArray[np.float32]:
    """Maps of the evidence for a target in images, a batch at a time so that memory does not grow with their number.

    Args:
        model: A classifier from normalised images [n, height, width, 3] to logits [n, classes].
        images: Normalised for the model, float [n, height, width, 3].
        target: The number to explain, a callable of logits (see `targets`): one for all images or one per image.
        method: One of the functions in this package, such as `METHODS["gradcam"].function`.
        batch_size: Largest number of images at a time.
        report: Called with the number of images done and the total.

    Returns:
        float32 [n, h, w]: large where the method sees evidence for the target, negative (in signed methods) where it
        sees evidence against it, all zeros if there is no evidence.

    Raises:
        ValueError: The images do not have the model's input shape, their number differs from that of the targets, or
            the method does not suit the model.
    """
    images = np.asarray(images, np.float32)
    input_shape = tuple(model.input_shape[1:])
    if images.shape[1:] != input_shape or not len(images):
        raise ValueError(f"`images` must be float32 [n, {', '.join(map(str, input_shape))}]. Received: {images.shape}")
    targets = [target] * len(images) if callable(target) else list(target)
    if len(targets) != len(images):
        raise ValueError(
            f"`target` must be one target, or one for each of {len(images)} images. Received: {len(targets)}"
        )
    maps = []
    for start in range(0, len(images), batch_size):
        end = min(start + batch_size, len(images))
        maps.append(np.asarray(method(model, images[start:end], targets[start:end]), np.float32))
        report(end, len(images))
    return np.concatenate(maps)


def positive_part(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Evidence for the target, each map scaled from 0 to 1 by its own maximum; all zeros if there is no evidence.

    Args:
        maps: float32 [..., h, w].
    """
    positive = np.maximum(maps, 0)
    largest = positive.max(axis=(-2, -1), keepdims=True)
    scaled: NDArray[np.float32] = np.divide(positive, largest, out=np.zeros_like(positive), where=largest > 0)
    return scaled
