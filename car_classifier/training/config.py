"""Everything that determines a training run."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from car_classifier.errors import UserError
from car_classifier.training.augmentation import Augmentation

ALL, HEAD = "all", "head"
"""What can be unfrozen beside patterns of layer names."""

Precision = Literal["auto", "float32", "bfloat16", "float16"]
StrategyName = Literal["none", "mirrored", "multiworker"]


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a run; written beside the model, so that the run can be repeated.

    The defaults are the recipe; docs/training.md has what it reaches on real photos and what its parts give.

    Attributes:
        manifest: Path of the manifest.
        base: Name of the backbone; a wrong one lists all.
        weights: `imagenet`, `none` (random) or the path of a weights file.
        unfreeze: What is fine-tuned once the classifier on the frozen net is trained, one stage after the other:
            `all`, `head` (nothing more), or patterns of layer names with commas between them, such as `conv5`. From
            random weights there is nothing to freeze, so all is trained at once.
        image_size: Height and width of the net's input in pixels. Wider than high, as photos of cars are: squashed
            into a square they lose a third of their width; and larger than the usual 224, for what tells two
            models apart is small.
        output_stride: Pixels of the input for each cell of an explanation, across and down: 32 or 16.
        hidden_units: Units of a hidden layer on the flattened activations, as VGG16's own head has; 0 for global
            average pooling and one dense layer, whose explanations are exact in closed form.
        batch_size: Photos in a step.
        head_epochs: Epochs of the classifier's training. It runs on features that are computed once.
        head_learning_rate: Peak rate of the classifier's training.
        epochs: Epochs of each stage of fine-tuning.
        learning_rate: Peak rate of fine-tuning, reached after a warm-up and then lowered along a cosine: the first
            steps after a change of what is trained would otherwise undo the pretraining.
        backbone_rate: The backbone's rate as a share of the classifier's: its kernels are good already. Weight decay
            keeps to the full rate.
        warm_up: Share of the steps in which the rate rises.
        weight_decay: Decoupled weight decay of kernels. Biases and norms are left out: pulled towards zero, they
            would not generalise better, only fit worse.
        ema_epochs: The published weights are an average over about so many of the last epochs, which is better
            than any one of them; 0 for none.
        label_smoothing: Share of the target that is spread over all classes, against certainty about the training
            photos.
        mixup: Strength of MixUp (Zhang et al. 2018, https://arxiv.org/abs/1710.09412); 0 for none.
        cutmix: Strength of CutMix (Yun et al. 2019, https://arxiv.org/abs/1905.04899); 0 for none.
        crop_area: Smallest share of a photo's area that a random crop keeps: enough to recognise the car.
        stretch: Most that a crop's aspect ratio departs from the photo's, as a logarithm.
        flip: Whether photos are mirrored at random.
        colour: Strength of changes in brightness, contrast and saturation: a car's colour is not its model.
        erase: Largest share of a photo that is blanked at random.
        views: Where layers below the unfrozen ones stay frozen, so many versions of each photo (the photo itself,
            then random crops and colours) are run through them once and their features kept on disk; 0 keeps none
            and runs every photo of every epoch through the whole net.
        class_weights: Whether rare classes count more, so that all classes count alike.
        patience: Epochs without a better validation accuracy after which a stage ends.
        precision: Number format of the arithmetic: `auto` takes bfloat16 or float16 where the device is made for
            it. Weights are float32 always, and so is the published model.
        strategy: `none` for one device, `mirrored` for all GPUs of a machine, `multiworker` for several machines
            (TF_CONFIG).
        seed: Seed of everything random.
    """

    manifest: str
    base: str = "ResNet50V2"
    weights: str = "imagenet"
    unfreeze: tuple[str, ...] = (ALL,)
    image_size: tuple[int, int] = (256, 384)
    output_stride: int = 32
    hidden_units: int = 0
    batch_size: int = 32
    head_epochs: int = 25
    head_learning_rate: float = 1e-3
    epochs: int = 15
    learning_rate: float = 3e-4
    backbone_rate: float = 1.0
    warm_up: float = 0.1
    weight_decay: float = 0.05
    ema_epochs: float = 1.0
    label_smoothing: float = 0.1
    mixup: float = 0.0
    cutmix: float = 0.4
    crop_area: float = 0.5
    stretch: float = 0.15
    flip: bool = True
    colour: float = 0.25
    erase: float = 0.0
    views: int = 4
    class_weights: bool = True
    patience: int = 5
    precision: Precision = "auto"
    strategy: StrategyName = "none"
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.unfreeze or not all(part.strip() for stage in self.unfreeze for part in stage.split(",")):
            raise UserError("--unfreeze must be all, head or patterns of layer names such as conv5.")
        if HEAD in self.unfreeze and len(self.unfreeze) > 1:
            raise UserError("--unfreeze head trains the classifier alone: give it without other stages.")
        if len(set(self.unfreeze)) < len(self.unfreeze):
            raise UserError("--unfreeze names a stage twice.")
        for pattern in self.patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise UserError(f"--unfreeze {pattern} is not a pattern: {error}.") from error
        if self.weights == "none" and self.unfreeze != (ALL,):
            raise UserError(
                "With --weights none all layers are random, and frozen ones would stay so. "
                "Give weights, or use --unfreeze all."
            )
        for names, rule, holds in RULES:
            for name in names.split():
                if not holds(getattr(self, name)):
                    raise UserError(f"{name} must be {rule}. Received: {getattr(self, name)}")

    @property
    def patterns(self) -> tuple[str, ...]:
        """All patterns of layer names in all stages."""
        return tuple(part for stage in self.unfreeze if stage not in (ALL, HEAD) for part in stage.split(","))

    @property
    def augmentation(self) -> Augmentation:
        """How training photos are changed."""
        return Augmentation(self.crop_area, self.stretch, self.flip, self.colour, self.erase)

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON holds them."""
        return asdict(self) | {"image_size": list(self.image_size), "unfreeze": list(self.unfreeze)}


RULES: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    ("batch_size head_epochs epochs patience", "at least 1", lambda value: value >= 1),
    ("head_learning_rate learning_rate", "above 0", lambda value: value > 0),
    ("backbone_rate crop_area", "above 0 and at most 1", lambda value: 0 < value <= 1),
    ("warm_up label_smoothing stretch colour erase", "from 0 to below 1", lambda value: 0 <= value < 1),
    ("hidden_units weight_decay ema_epochs mixup cutmix views", "at least 0", lambda value: value >= 0),
    ("seed", "from 0 to 2147483647", lambda value: 0 <= value < 2**31),
    ("precision", f"one of {', '.join(get_args(Precision))}", lambda value: value in get_args(Precision)),
    ("strategy", f"one of {', '.join(get_args(StrategyName))}", lambda value: value in get_args(StrategyName)),
)
"""Names of fields, what their values must be, and whether one is."""


def run_key(config: TrainingConfig, manifest_sha256: str, weights_sha256: str) -> str:
    """What names a run: the same settings, photos and weights give the same key, so that it can be resumed."""
    return key_of(config.as_json() | {"manifest": manifest_sha256, "weights": weights_sha256})


def key_of(parts: Mapping[str, Any]) -> str:
    """A short name that other parts would not have."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def with_settings(config: TrainingConfig, settings: Sequence[str]) -> TrainingConfig:
    """A config with some fields set from texts such as `weight_decay=0.1`.

    Raises:
        UserError: There is no such field, or the text is no value for it.
    """
    known = {field.name: field.type for field in fields(TrainingConfig)}
    changes: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip().replace("-", "_")
        if name not in known or not equals:
            raise UserError(f"--set takes FIELD=VALUE with one of {', '.join(known)}. Received: {setting}")
        changes[name] = _parse(name, known[name], text.strip())
    return replace(config, **changes)


def _parse(name: str, kind: Any, text: str) -> Any:
    if name == "image_size":
        return parse_image_size(text)
    if name == "unfreeze":
        return tuple(text.split())
    try:
        if kind is bool:
            return {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}[text.lower()]
        return kind(text) if kind in (int, float) else text
    except (KeyError, ValueError) as error:
        word = {bool: "true or false", int: "a whole number", float: "a number"}[kind]
        raise UserError(f"{name} must be {word}. Received: {text}") from error


def parse_image_size(text: str) -> tuple[int, int]:
    """Height and width from `224` or `HEIGHTxWIDTH`.

    Raises:
        UserError: It is neither.
    """
    height, _, width = text.lower().partition("x")
    try:
        size = int(height), int(width or height)
    except ValueError:
        size = (0, 0)
    if min(size) < 1:
        raise UserError(
            f"--image-size must be one number of pixels or HEIGHTxWIDTH, such as 224 or 96x144. Received: {text}"
        )
    return size
