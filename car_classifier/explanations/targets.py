"""The number to explain, computed from a classifier's logits.

A target is any callable from logits [..., classes] to values [...]. It takes logits, never probabilities: a probability
near 1 has hardly any gradient, and also rises when another class's logit falls.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf

Target = Callable[[tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class ClassLogit:
    """The logit of one class: why this class?"""

    index: int

    def __call__(self, logits: tf.Tensor) -> tf.Tensor:
        """The class's logit, [...]."""
        return logits[..., self.index]


@dataclass(frozen=True)
class Contrast:
    """One class against another: why this class and not that one?

    Evidence that both classes share cancels out; the evidence that distinguishes them remains. This is the idea of
    Finer-CAM (Zhang et al. 2025, https://arxiv.org/abs/2501.11309).
    """

    index: int
    versus: int

    def __call__(self, logits: tf.Tensor) -> tf.Tensor:
        """The difference of both logits, [...]."""
        return logits[..., self.index] - logits[..., self.versus]


def values(targets: Sequence[Target], logits: tf.Tensor) -> tf.Tensor:
    """Each photo's target, computed from that photo's logits.

    Args:
        targets: One per photo.
        logits: float32 [n, classes].

    Returns:
        float32 [n].
    """
    return tf.stack([target(logits[i]) for i, target in enumerate(targets)])
