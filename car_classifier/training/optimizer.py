"""The optimizer of the recipe: AdamW with a schedule, averaged weights, and rates by part of the net."""

from typing import Any

import keras

from car_classifier.network.head import CLASSIFIER_LAYER
from car_classifier.training.config import TrainingConfig


@keras.saving.register_keras_serializable("car_classifier")
class RatedAdamW(keras.optimizers.AdamW):
    """AdamW (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101) with a lower rate for the backbone.

    Args:
        backbone_rate: Learning rate of all variables outside the classifier, as a share of the classifier's.
        **settings: Settings of `keras.optimizers.AdamW`.
    """

    def __init__(self, backbone_rate: float = 1.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.backbone_rate = backbone_rate
        self._rates: list[float] = []

    def build(self, variables: Any) -> None:
        """Create the state of each variable, and record its rate."""
        self._rates = [1.0 if CLASSIFIER_LAYER in variable.path else self.backbone_rate for variable in variables]
        super().build(variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable."""
        super().update_step(gradient, variable, learning_rate * self._rates[self._get_variable_index(variable)])

    def get_config(self) -> dict[str, Any]:
        """The settings to construct an equal optimizer."""
        return super().get_config() | {"backbone_rate": self.backbone_rate}


def make_optimizer(config: TrainingConfig, peak_rate: float, epochs: int, steps_per_epoch: int) -> RatedAdamW:
    """Make the optimizer of one stage.

    Args:
        config: The settings.
        peak_rate: Learning rate at the end of the warm-up, from which it falls to zero along a cosine.
        epochs: Number of epochs in the stage.
        steps_per_epoch: Number of steps in each epoch.
    """
    steps = epochs * steps_per_epoch
    warm_up = round(config.warm_up * steps)
    rate = keras.optimizers.schedules.CosineDecay(
        peak_rate / 20 if warm_up else peak_rate,
        max(steps - warm_up, 1),
        warmup_target=peak_rate if warm_up else None,
        warmup_steps=warm_up,
    )
    window = config.ema_epochs * steps_per_epoch
    optimizer = RatedAdamW(
        config.backbone_rate,
        learning_rate=rate,
        weight_decay=config.weight_decay,
        use_ema=window > 1,
        ema_momentum=max(1 - 1 / window, 0.0) if window > 1 else 0.99,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
