"""Why a published model answers as it does about one photo."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car_classifier.errors import UserError
from car_classifier.evaluation.predictions import known_labels, load_signature, read_class_names
from car_classifier.evaluation.published_net import read_published_net
from car_classifier.explanations.methods import METHODS, Method, explain
from car_classifier.explanations.targets import ClassLogit, Contrast
from car_classifier.network.map_extent import Extent


@dataclass(frozen=True)
class PhotoExplanation:
    """A map and what it adds up to.

    Attributes:
        label: The class that is explained.
        versus: The class against which it is; None for the class alone.
        probability: Of the label.
        method: How the map was made.
        cells: The map as the method gives it, float32 [h, w]: positive for the label, negative against it or, in a
            contrast, for the other one.
        extent: Where the cells lie on the photo.
        logit: Of the label, or the difference of both; what is explained.
        bias: What no place on the photo contributes to it; known of exact maps only.
    """

    label: str
    versus: str | None
    probability: float
    method: Method
    cells: NDArray[np.float32]
    extent: Extent
    logit: float
    bias: float | None

    @property
    def title(self) -> str:
        """What the map shows, in words."""
        if not self.method.heeds_target:
            return self.method.title
        label, versus = (None if name is None else name.replace("_", " ") for name in (self.label, self.versus))
        question = f"Why {label} and not {versus}?" if versus else f"Why {label}? ({self.probability:.0%})"
        return question if self.method.name == "exact" else f"{question} · {self.method.title}"

    @property
    def sum_of_contributions(self) -> float:
        """Of all cells."""
        return float(self.cells.sum(dtype=np.float64))

    @property
    def off_by(self) -> float | None:
        """How far contributions and bias are from the logit; None for a map that need not add up."""
        return None if self.bias is None else abs(self.sum_of_contributions + self.bias - self.logit)

    def as_json(self) -> dict[str, Any]:
        """All but the map itself, as JSON holds it."""
        return {
            "label": self.label,
            "versus": self.versus,
            "probability": self.probability,
            "method": self.method.name,
            "map_extent": list(self.extent),
            "logit": self.logit,
            "bias": self.bias,
            "sum_of_contributions": None if self.bias is None else self.sum_of_contributions,
        }


class Explainer:
    """Explains a published version's answers.

    Args:
        version_dir: Folder of a version.
        method: How. `exact` asks the SavedModel, as a server would; others take the net out of it.

    Raises:
        UserError: There is no such model, or it has no such layer as the method's.
    """

    def __init__(self, version_dir: Path, method: Method = METHODS["exact"]) -> None:
        self.method = method
        self.labels = read_class_names(version_dir).labels
        self._signature = load_signature(version_dir, "explain")
        self._net = None if method.name == "exact" else read_published_net(version_dir)
        if self._net is not None:
            method.check_layer(self._net.model)

    def explain(self, content: bytes, label: str | None = None, versus: str | None = None) -> PhotoExplanation:
        """Why the photo shows `label` (the most likely one if left out), and why not `versus` if that is given.

        Args:
            content: Bytes of a JPEG or PNG file.
            label: A class of the model.
            versus: Another one.

        Raises:
            UserError: The model does not know a label, or both are the same, or the photo cannot be read.
        """
        import tensorflow as tf

        label, versus = known_labels(self.labels, label, versus)
        asked = [-1 if label is None else self.labels.index(label)] + (
            [] if versus is None else [self.labels.index(versus)]
        )
        try:
            answer = self._signature(image_bytes=tf.constant([content] * len(asked)), class_index=tf.constant(asked))
        except tf.errors.InvalidArgumentError as error:
            raise UserError("it is damaged, too large or no JPEG or PNG file") from error
        found = {name: value.numpy() for name, value in answer.items()}
        label = str(found["asked_label"][0].decode())
        if label == versus:
            raise UserError(f"--versus must be another class than the one that is explained, {label}.")
        sign = np.array([1, -1], np.float32)[: len(asked)]
        probability, logit = float(found["asked_probability"][0]), float(sign @ found["asked_logit"])
        if self._net is None:
            cells = np.tensordot(sign, found["asked_contributions"], axes=1)
            top, left, bottom, right = map(float, found["map_extent"][0])
            extent, bias = (top, left, bottom, right), float(sign @ found["asked_bias"])
            return PhotoExplanation(label, versus, probability, self.method, cells, extent, logit, bias)
        index = self.labels.index(label)
        target = ClassLogit(index) if versus is None else Contrast(index, self.labels.index(versus))
        images = self._net.normalised(self._net.load([content]))
        cells = explain(self._net.model, images, target, self.method.function)[0]
        extent = self.method.extent(self._net.model)
        return PhotoExplanation(label, versus, probability, self.method, cells, extent, logit, None)
