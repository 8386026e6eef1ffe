"""Everything that determines a training run."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from car_classifier.errors import UserError
from car_classifier.settings import Settings, fields_of
from car_classifier.training.augmentation import Augmentation, Share, ShareAboveZero, Strength

ALL, HEAD = "all", "head"
"""Names that `unfreeze` accepts besides patterns of layer names."""

Precision = Literal["auto", "float32", "bfloat16", "float16"]
HeadName = Literal["auto", "lda", "sgd"]
StrategyName = Literal["none", "mirrored", "multiworker"]


def _image_size(value: Any) -> Any:
    """Height and width from a pair, from `224` or from `HEIGHTxWIDTH`."""
    if isinstance(value, str):
        first, _, second = value.lower().partition("x")
        value = first, second or first
    try:
        height, width = map(int, value)
    except (TypeError, ValueError):
        height = width = 0
    if min(height, width) < 1:
        raise ValueError("must be one number of pixels or HEIGHTxWIDTH, such as 224 or 96x144")
    return height, width


def _check_stages(stages: tuple[str, ...]) -> tuple[str, ...]:
    if not stages or not all(part.strip() for stage in stages for part in stage.split(",")):
        raise ValueError("must be all, head or patterns of layer names such as conv5")
    if HEAD in stages and len(stages) > 1:
        raise ValueError("must not have other stages beside head, which trains the classifier alone")
    if len(set(stages)) < len(stages):
        raise ValueError("must not name a stage twice")
    for pattern in patterns_of(stages):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"must be patterns of layer names, and {pattern} is not a pattern: {error}") from error
    return stages


def patterns_of(stages: Sequence[str]) -> tuple[str, ...]:
    """All patterns of layer names in some stages."""
    return tuple(part for stage in stages if stage not in (ALL, HEAD) for part in stage.split(","))


Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]
ImageSize = Annotated[tuple[int, int], BeforeValidator(_image_size)]
Stages = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: tuple(value.split()) if isinstance(value, str) else value),
    AfterValidator(_check_stages),
]


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with the augmentation's as a group, as they are now; older files hold its fields beside the others."""
    flat = {name: value for name, value in settings.items() if name in Augmentation.model_fields}
    rest = {name: value for name, value in settings.items() if name not in flat}
    return rest | {"augmentation": flat | dict(rest.get("augmentation", {}))} if flat else rest


class TrainingConfig(Settings):
    """Settings of a run; written beside the model, so that the run can be repeated.

    The defaults are the recipe; docs/training.md shows what the recipe reaches on real photos and what its parts
    contribute.
    """

    manifest: str
    """Path of the manifest."""

    base: str = "ResNet50V2"
    """The backbone to fine-tune; a wrong name lists all."""

    weights: str = "imagenet"
    """Initial weights: `imagenet`, `none` (random) or the path of a weights file."""

    unfreeze: Stages = (ALL,)
    """Layers to fine-tune after the classifier is trained on the frozen net, one stage after the other: `all`, "head"
    (nothing more), or patterns of layer names with commas between them, such as `conv5`. With random weights there is
    nothing to freeze, so all layers are trained at once."""

    head: HeadName = "auto"
    """How the classifier is trained on the frozen net: `lda`, in closed form from one look at each photo, on the last
    layer and one with finer cells; `sgd`, by gradient steps on the last layer alone; or `auto`, which is `lda` if the
    classifier alone is trained and `sgd` if fine-tuning follows, because fine-tuning from a head in closed form lost
    accuracy in all tries so far. From random weights, or with hidden units, the classifier is trained by gradient steps
    in any case."""

    image_size: ImageSize = (320, 480)
    """Height and width of the net's input in pixels: one number or HEIGHTxWIDTH. Wider than high, as photos of cars
    are: squashed into a square, they would lose a third of their width. Larger than the usual 224, because the parts
    that distinguish two models are small."""

    output_stride: int = 32
    """Pixels of the input for each cell of an explanation, across and down: 32, or 16 for heatmaps twice as fine."""

    hidden_units: Annotated[int, Field(ge=0)] = 0
    """Units of a hidden layer on the flattened activations, as VGG16's own head has; 0 for global average pooling and
    one dense layer, whose explanations are exact in closed form."""

    batch_size: Count = 32
    """Photos in a training step."""

    head_epochs: Count = 25
    """Maximum number of epochs of the classifier's training by gradient steps, on features that are computed once."""

    head_learning_rate: Rate = 1e-3
    """Peak learning rate of the classifier's training by gradient steps."""

    epochs: Count = 15
    """Maximum number of epochs of each fine-tuning stage."""

    learning_rate: Rate = 3e-4
    """Peak learning rate of fine-tuning. The rate rises during a warm-up and then falls along a cosine: without a
    warm-up, the first steps of a stage would undo the pretraining."""

    backbone_rate: ShareAboveZero = 1.0
    """The backbone's learning rate as a share of the classifier's: the backbone's kernels are already good. Weight
    decay uses the full rate."""

    warm_up: Share = 0.1
    """Share of the steps in which the learning rate rises."""

    weight_decay: Strength = 0.05
    """Decoupled weight decay of kernels. Biases and norms are left out: pulling them towards zero does not improve
    generalisation, it only worsens the fit."""

    ema_epochs: Strength = 1.0
    """The published weights are an average over about this many of the last epochs, which is better than any single
    epoch; 0 for none."""

    label_smoothing: Share = 0.1
    """Share of the target that is spread over all classes, against overconfidence on the training photos."""

    augmentation: Augmentation = Augmentation()
    """Random changes of the training photos."""

    views: Annotated[int, Field(ge=0)] = 4
    """Number of versions of each photo (the photo itself, then random crops and colours) that run through frozen lower
    layers once; their features are kept on disk. 0 keeps none and runs every photo through the whole net in every
    epoch."""

    class_weights: bool = True
    """Whether photos of rare classes count more, so that all classes count alike."""

    patience: Count = 5
    """Epochs without a better validation accuracy after which a stage ends."""

    wrong_at_most: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """The share of the answers called sure that may be wrong: the lowest probability from which on that holds on the
    validation photos is kept in the model, and answers below it are called not sure. It is never below one half."""

    precision: Precision = "auto"
    """Number format of the arithmetic: `auto` uses bfloat16 or float16 on devices that are made for it. Weights are
    always float32, and so is the published model."""

    strategy: StrategyName = "none"
    """`none` for one device, `mirrored` for all GPUs of a machine, `multiworker` for several machines (TF_CONFIG)."""

    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Random seed: the same seed gives the same result."""

    @model_validator(mode="before")
    @classmethod
    def _read_older_layout(cls, settings: Any) -> Any:
        return nested(settings) if isinstance(settings, dict) else settings

    @model_validator(mode="after")
    def _check_frozen_layers(self) -> Self:
        if self.weights == "none" and self.unfreeze != (ALL,):
            raise ValueError(
                "With --weights none all layers are random, and frozen ones would stay so. "
                "Give weights, or use --unfreeze all."
            )
        return self

    @property
    def has_closed_form_head(self) -> bool:
        """Whether the classifier begins as a closed-form head on the frozen net."""
        is_wanted = self.head == "lda" or (self.head == "auto" and self.unfreeze == (HEAD,))
        return is_wanted and self.weights != "none" and not self.hidden_units

    @property
    def patterns(self) -> tuple[str, ...]:
        """All patterns of layer names in all stages."""
        return patterns_of(self.unfreeze)

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON holds them."""
        return self.model_dump(mode="json")


def run_key(config: TrainingConfig, manifest_sha256: str, weights_sha256: str) -> str:
    """The name of a run: the same settings, photos and weights give the same key, so that it can be resumed."""
    settings = config.as_json()
    flat = settings | settings.pop("augmentation")  # as older versions kept them, whose runs can be resumed as well
    if flat["wrong_at_most"] == TrainingConfig.model_fields["wrong_at_most"].default:  # older runs had no such setting
        del flat["wrong_at_most"]
    return key_of(flat | {"manifest": manifest_sha256, "weights": weights_sha256})


def key_of(parts: Mapping[str, Any]) -> str:
    """A short name that differs for other parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def merged(values: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Values of a config with some set from texts such as `weight_decay=0.1` or `augmentation.cutmix=0`.

    The rules hold for the config that is made afterwards, so for what is left after all settings. The augmentation's
    fields may be named without their group, as in older commands.

    Raises:
        UserError: There is no such field.
    """
    values = dict(values)
    for setting in settings:
        name, equals, text = setting.partition("=")
        path = name.strip().replace("-", "_").split(".")
        if path[0] in Augmentation.model_fields:
            path = ["augmentation", *path]
        if not equals or ".".join(path) not in dict(fields_of(TrainingConfig)):
            known = ", ".join(name for name, _ in fields_of(TrainingConfig))
            raise UserError(f"--set takes FIELD=VALUE with one of {known}. Received: {setting}")
        *groups, field = path
        if groups:
            values[groups[0]] = dict(values.get(groups[0], {})) | {field: text.strip()}
        else:
            values[field] = text.strip()
    return values


def written(value: Any) -> str:
    """A setting as `--set` takes it."""
    if isinstance(value, list | tuple):  # a size, or stages
        return ("x" if all(isinstance(part, int) for part in value) else " ").join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
