"""Everything that determines a training run."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast, get_args

from car_classifier.errors import UserError

Stage = Literal["head", "all"]


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a run; written beside the model, so that the run can be repeated.

    Attributes:
        manifest: Path of the manifest.
        base: Name of the backbone.
        weights: `imagenet`, `none` or a path.
        stage: `head` trains the classifier on the frozen backbone's features; `all` then fine-tunes the whole
            net. From random weights there is nothing to freeze, so all is trained at once.
        image_size: Height and width of the net's input in pixels.
        output_stride: Pixels of the input for each cell of an explanation, across and down: 32 or 16.
        batch_size: Photos in a step.
        head_epochs: Most epochs of the head stage.
        epochs: Most epochs of the fine-tuning.
        head_learning_rate: Rate of the head stage.
        learning_rate: Peak rate of the fine-tuning, reached after a warm-up and then lowered along a cosine.
        patience: Epochs without a better validation loss after which a stage ends.
        label_smoothing: Share of the target that is spread over all classes.
        class_weights: Whether rare classes count more, so that all classes count alike.
        seed: Seed of everything random.
    """

    manifest: str
    base: str = "ResNet50V2"
    weights: str = "imagenet"
    stage: Stage = "all"
    image_size: tuple[int, int] = (224, 224)
    output_stride: int = 32
    batch_size: int = 32
    head_epochs: int = 60
    epochs: int = 15
    head_learning_rate: float = 1e-3
    learning_rate: float = 1e-4
    patience: int = 5
    label_smoothing: float = 0.1
    class_weights: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.weights == "none" and self.stage == "head":
            raise UserError(
                "--stage head trains on the features of a frozen net, and with --weights none they are random. "
                "Give weights, or use --stage all."
            )
        for name in ("batch_size", "head_epochs", "epochs", "patience"):
            if getattr(self, name) < 1:
                raise UserError(f"--{name.replace('_', '-')} must be at least 1. Received: {getattr(self, name)}")
        for name in ("head_learning_rate", "learning_rate"):
            if not getattr(self, name) > 0:
                raise UserError(f"--{name.replace('_', '-')} must be above 0. Received: {getattr(self, name)}")

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON holds them."""
        return asdict(self) | {"image_size": list(self.image_size)}


def run_key(config: TrainingConfig, manifest_sha256: str, weights_sha256: str) -> str:
    """What names a run: the same settings, photos and weights give the same key, so that it can be resumed."""
    parts = config.as_json() | {"manifest": manifest_sha256, "weights": weights_sha256}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def parse_stage(text: str) -> Stage:
    """A stage by its name.

    Raises:
        UserError: There is no such stage.
    """
    if text not in get_args(Stage):
        raise UserError(f"--stage must be one of {', '.join(get_args(Stage))}. Received: {text}")
    return cast(Stage, text)


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
