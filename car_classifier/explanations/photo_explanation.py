"""Why a published model gives its answer for one photo."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car_classifier.errors import UserError
from car_classifier.evaluation.predictions import known_labels
from car_classifier.evaluation.published_net import read_published_net
from car_classifier.explanations.methods import METHODS, Method, explain
from car_classifier.explanations.targets import ClassLogit, Contrast
from car_classifier.network.map_extent import Extent
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.words import SURE_ABOVE


@dataclass(frozen=True)
class PhotoExplanation:
    """The explanation of one answer: a map, and the logit that it adds up to.

    Attributes:
        label: The explained class.
        versus: The class that it is contrasted with; None without a contrast.
        probability: Of the label, from 0 to 1.
        method: The method that made the map.
        contributions: The map, float32 [h, w]: positive for the label, negative against it or, in a contrast, for the
            other class.
        extent: Where the map lies on the photo.
        logit: The explained number: the label's logit, or the difference of both classes' logits.
        bias: The part of the logit that no place on the photo contributes; known for exact maps only.
        orientation: The photo's EXIF orientation, from which the model turned it: 1 for one that was upright. The map
            lies on the upright photo.
        is_sure: Whether the label, which is then the model's answer, is likely enough; None if it was asked for.
    """

    label: str
    versus: str | None
    probability: float
    method: Method
    contributions: NDArray[np.float32]
    extent: Extent
    logit: float
    bias: float | None
    orientation: int = 1
    is_sure: bool | None = None

    @property
    def title(self) -> str:
        """The question that the map answers, and whether the model is not sure of the answer that it is about."""
        doubt = f" ({self.probability:.0%}, not sure)" if self.is_sure is False else ""
        if not self.method.is_class_specific:
            return self.method.title + doubt
        label, versus = (None if name is None else name.replace("_", " ") for name in (self.label, self.versus))
        question = f"Why {label} and not {versus}?" if versus else f"Why {label}?"
        question += doubt or ("" if versus else f" ({self.probability:.0%})")
        return question if self.method.name == "exact" else f"{question} · {self.method.title}"

    @property
    def sum_of_contributions(self) -> float:
        """The sum over all cells."""
        return float(self.contributions.sum(dtype=np.float64))

    @property
    def off_by(self) -> float | None:
        """How far contributions plus bias are from the logit; None for a map that need not add up."""
        return None if self.bias is None else abs(self.sum_of_contributions + self.bias - self.logit)

    def as_json(self) -> dict[str, Any]:
        """Everything but the map itself, for a JSON file."""
        return {
            "label": self.label,
            "versus": self.versus,
            "probability": self.probability,
            "sure": self.is_sure,
            "method": self.method.name,
            "layer": self.method.layer,
            "map_extent": list(self.extent),
            "orientation": self.orientation,
            "logit": self.logit,
            "bias": self.bias,
            "sum_of_contributions": None if self.bias is None else self.sum_of_contributions,
        }


class UnreadablePhoto(UserError):
    """The model cannot read a photo."""


class Explainer:
    """Explains a published version's answers.

    Args:
        version_dir: Folder of a version.
        method: The explanation method. `exact` calls the SavedModel, as a server does; all others take its net out.
        sure_above: An answer with a lower probability is called not sure.

    Raises:
        UserError: There is no such model, or it has no such layer as the method's.
    """

    def __init__(self, version_dir: Path, method: Method = METHODS["exact"], sure_above: float = SURE_ABOVE) -> None:
        self.method, self.sure_above = method, sure_above
        version = PublishedVersion(version_dir)
        self.labels = version.names.labels
        self._signature = version.signature("explain")
        self._net = None if method.name == "exact" else read_published_net(version_dir)
        if self._net is not None:
            method.check_layer(self._net.model)

    def explain(self, content: bytes, label: str | None = None, versus: str | None = None) -> PhotoExplanation:
        """Explain why the photo shows `label`, and not `versus` if that is given.

        Args:
            content: Bytes of a JPEG or PNG file.
            label: A class of the model; the most likely one by default.
            versus: Another class of the model.

        Raises:
            UnreadablePhoto: The model cannot read the photo.
            UserError: The model does not know a label, or both labels are the same.
        """
        import tensorflow as tf

        label, versus = known_labels(self.labels, label, versus)
        is_answer = label is None
        class_index = [-1 if label is None else self.labels.index(label)] + (
            [] if versus is None else [self.labels.index(versus)]
        )
        try:
            answer = self._signature(
                image_bytes=tf.constant([content] * len(class_index)), class_index=tf.constant(class_index)
            )
        except tf.errors.InvalidArgumentError as error:
            raise UnreadablePhoto("The model cannot read the photo.") from error
        outputs = {name: value.numpy() for name, value in answer.items()}
        label = str(outputs["asked_label"][0].decode())
        if label == versus:
            raise UserError(f"--versus must be another class than the explained one, {label}.")
        # Versions that do not turn photos lack this output.
        orientation = int(outputs["orientation"][0]) if "orientation" in outputs else 1
        sign = np.array([1, -1], np.float32)[: len(class_index)]
        probability, logit = float(outputs["asked_probability"][0]), float(sign @ outputs["asked_logit"])
        if self._net is None:
            contributions = np.tensordot(sign, outputs["asked_contributions"], axes=1)
            top, left, bottom, right = map(float, outputs["map_extent"][0])
            extent: Extent = (top, left, bottom, right)
            bias: float | None = float(sign @ outputs["asked_bias"])
        else:
            index = self.labels.index(label)
            target = ClassLogit(index) if versus is None else Contrast(index, self.labels.index(versus))
            images = self._net.normalised(self._net.load([content]))
            contributions = explain(self._net.model, images, target, self.method.function)[0]
            extent, bias = self.method.extent(self._net.model), None
        is_sure = probability >= self.sure_above if is_answer else None
        return PhotoExplanation(
            label, versus, probability, self.method, contributions, extent, logit, bias, orientation, is_sure
        )
