"""The optimizer of the recipe."""

import keras
import numpy as np
import pytest

from car_classifier.network.head import CLASSIFIER_LAYER
from car_classifier.training.config import TrainingConfig
from car_classifier.training.optimizer import make_optimizer


def variables() -> dict[str, keras.Variable]:
    """The variables of a convolution, a norm and the classifier, all ones, by layer and name."""
    net = keras.Sequential(
        [
            keras.layers.Input((4, 4, 3)),
            keras.layers.Conv2D(2, 1, name="conv"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, name=CLASSIFIER_LAYER),
        ]
    )
    for variable in net.trainable_variables:
        variable.assign(np.ones(variable.shape))
    return {variable.path.partition("/")[2]: variable for variable in net.trainable_variables}


def moved(gradient: float, **settings) -> dict[str, float]:
    """The change of each variable in one step at rate 0.01."""
    moving = variables()
    config = TrainingConfig(manifest="manifest.csv", warm_up=0, ema_epochs=0, **settings)
    optimizer = make_optimizer(config, 0.01, epochs=100, steps_per_epoch=100)
    optimizer.apply([keras.ops.full(v.shape, gradient) for v in moving.values()], list(moving.values()))
    return {path: float(np.mean(1 - np.array(variable))) for path, variable in moving.items()}


def test_the_backbone_has_a_rate_of_its_own():
    steps = moved(1.0, weight_decay=0, backbone_rate=0.25)
    assert steps == pytest.approx(
        {"conv/kernel": 0.0025, "conv/bias": 0.0025, "norm/gamma": 0.0025, "norm/beta": 0.0025}
        | {f"{CLASSIFIER_LAYER}/kernel": 0.01, f"{CLASSIFIER_LAYER}/bias": 0.01},
        rel=1e-3,
    )


def test_weight_decay_leaves_out_biases_and_norms():
    steps = moved(0.0, weight_decay=0.5)
    decayed = {path for path, step in steps.items() if step}
    assert decayed == {"conv/kernel", f"{CLASSIFIER_LAYER}/kernel"}
    assert steps["conv/kernel"] == pytest.approx(0.01 * 0.5, rel=1e-3)


@pytest.mark.parametrize(
    ("ema_epochs", "steps", "momentum"),
    [(0, 10, None), (1, 1, None), (0.1, 10, None), (1, 10, 0.9), (2, 10, 0.95), (0.5, 10, 0.8)],
)
def test_weights_are_averaged_over_epochs_if_that_is_more_than_a_step(ema_epochs, steps, momentum):
    config = TrainingConfig(manifest="manifest.csv", ema_epochs=ema_epochs)
    optimizer = make_optimizer(config, 0.01, epochs=5, steps_per_epoch=steps)
    assert optimizer.use_ema is (momentum is not None)
    if momentum:
        assert optimizer.ema_momentum == pytest.approx(momentum)


def rates(warm_up: float, steps: int) -> list[float]:
    moving = list(variables().values())
    config = TrainingConfig(manifest="manifest.csv", warm_up=warm_up)
    optimizer = make_optimizer(config, 0.01, epochs=2, steps_per_epoch=steps // 2)
    seen = []
    for _ in range(steps):
        seen.append(float(np.array(optimizer.learning_rate)))
        optimizer.apply([keras.ops.zeros(v.shape) for v in moving], moving)
    return [*seen, float(np.array(optimizer.learning_rate))]


def test_the_rate_rises_and_then_falls_to_zero_along_a_cosine():
    seen = rates(warm_up=0.2, steps=20)
    np.testing.assert_allclose(seen[:5], np.linspace(0.0005, 0.01, 5), rtol=1e-5)
    np.testing.assert_allclose(seen[4:], 0.005 * (1 + np.cos(np.linspace(0, np.pi, 17))), atol=1e-8)
    assert seen[-1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("warm_up", "steps"), [(0, 8), (0.1, 2)])
def test_without_room_for_a_warm_up_the_rate_begins_at_its_peak(warm_up, steps):
    assert rates(warm_up, steps)[0] == pytest.approx(0.01)
