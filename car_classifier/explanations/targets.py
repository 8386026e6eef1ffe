"""What is explained: one number of a classifier's logits.

A target is any callable from logits [..., classes] to values [...]. Logits, never probabilities: a probability near 1
has hardly any gradient, and rises just as well when another class's logit falls.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf

Target = Callable[[tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class ClassLogit:
    """One class: why this one?"""

    index: int

    def __call__(self, logits: tf.Tensor) -> tf.Tensor:
        """Its logit."""
        return logits[..., self.index]


@dataclass(frozen=True)
class Contrast:
    """One class against another: why this one and not that one?

    What both have in common cancels out, so that only what tells them apart is left: the idea of Finer-CAM (Zhang et
    al. 2025, https://arxiv.org/abs/2501.11309).
    """

    index: int
    versus: int

    def __call__(self, logits: tf.Tensor) -> tf.Tensor:
        """The difference of their logits."""
        return logits[..., self.index] - logits[..., self.versus]


def values(targets: Sequence[Target], logits: tf.Tensor) -> tf.Tensor:
    """Each photo's target of its own logits.

    Args:
        targets: One for each photo.
        logits: float32 [n, classes].

    Returns:
        float32 [n].
    """
    return tf.stack([target(logits[i]) for i, target in enumerate(targets)])
