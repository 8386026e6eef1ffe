"""Typed results of a model, and how they are read from the server's JSON.

The `read_…` functions raise AttributeError, LookupError, TypeError or ValueError if the JSON is no such result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import starmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NUMPY_NAMES = {"float": "float32", "double": "float64", "half": "float16"}
_RUN_ONCE = "__saved_model_init_op"  # TensorFlow Serving lists it, but it cannot be called
_LEAST_PROBABILITY = 1e-30  # float32 keeps few digits of smaller ones
_LEAST_GAP = 1e-3  # between two logits: float32 leaves few digits of a smaller one
_TEMPERATURE_TOLERANCE = 1e-3  # relative


@dataclass(frozen=True)
class Status:
    """The state of a model on the server.

    Attributes:
        version: The newest version that answers requests, or else the newest that is loading; None if unknown.
        state: The server's word for it: `START`, `LOADING`, `AVAILABLE`, `UNLOADING` or `END`.
    """

    version: str | None
    state: str

    @property
    def ready(self) -> bool:
        """Whether a version answers requests."""
        return self.state == "AVAILABLE"


# Results with maps compare by identity, as do their base classes: the comparison of arrays is no single truth value.
@dataclass(frozen=True, eq=False, repr=False)
class ClassProbability:
    """How likely one class is.

    Attributes:
        label: Label of the class.
        index: Index among the model's classes.
        probability: From 0 to 1.
    """

    label: str
    index: int
    probability: float

    def __repr__(self) -> str:
        return f"<{self.label} {self.probability:.1%}>"


@dataclass(frozen=True, eq=False, repr=False)
class ClassExplanation(ClassProbability):
    """How likely one class is, and why.

    Attributes:
        contributions: float32 [h, w]: how much each part of the photo speaks for (+) or against (-) the class.
            The cells and the bias sum to the logit.
        logit: The class's logit, before it is divided by the temperature.
        bias: The part of the logit that no part of the photo has.
    """

    contributions: NDArray[np.float32]
    logit: float
    bias: float


@dataclass(frozen=True, eq=False)
class Classification:
    """The most likely classes of one photo.

    Attributes:
        classes: The K most likely classes, most likely first.
        makes: Makes with their probabilities, most likely first.
        familiarity: The share of photos like those that the model knows that are less familiar than this one, 0 to 1;
            None if the model does not say.
        is_familiar: Whether that is enough; True if the model does not say.
    """

    classes: tuple[ClassProbability, ...]
    makes: tuple[tuple[str, float], ...]
    familiarity: float | None = field(default=None, kw_only=True)
    is_familiar: bool = field(default=True, kw_only=True)


@dataclass(frozen=True, eq=False)
class Explanation(Classification):
    """The most likely classes of one photo, and why.

    Attributes:
        classes: The K most likely classes, most likely first, with maps.
        asked: The class that was asked for, if any.
        map_extent: Top, left, bottom and right of the area that the h by w cells divide evenly, as shares of
            the photo's height and width; it may reach beyond the photo.
    """

    classes: tuple[ClassExplanation, ...]
    asked: ClassExplanation | None
    map_extent: tuple[float, float, float, float]

    @property
    def temperature(self) -> float | None:
        """Divisor of the logits before softmax.

        The model does not return it, but two classes determine it: their logits differ by the temperature times the
        difference of the logarithms of their probabilities. None if no two classes differ enough, or if the
        probabilities are not the softmax of the logits by one temperature.
        """
        known = [entry for entry in self.classes if entry.probability > _LEAST_PROBABILITY]
        if not known:
            return None
        logits = np.array([entry.logit for entry in known])
        logarithms = np.log([entry.probability for entry in known])
        gaps, ratios = logits[0] - logits, logarithms[0] - logarithms
        widest = int(np.argmax(gaps))
        if gaps[widest] < _LEAST_GAP or ratios[widest] <= 0:
            return None
        temperature = float(gaps[widest] / ratios[widest])
        agrees = np.allclose(gaps, temperature * ratios, rtol=_TEMPERATURE_TOLERANCE, atol=_LEAST_GAP)
        return temperature if agrees else None


@dataclass(frozen=True)
class TensorSpec:
    """Type of one input or output of a signature.

    Attributes:
        dtype: NumPy's name, such as `float32`; `string` for text and bytes.
        shape: Size of each dimension, None for any size; None if the number of dimensions is open.
    """

    dtype: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs of one of the model's functions, by name."""

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]


@dataclass(frozen=True)
class Metadata:
    """Signatures of a model.

    Attributes:
        version: The version that has them.
        signatures: The functions by name.
    """

    version: str
    signatures: Mapping[str, Signature] = field(default_factory=dict)


def read_status(answer: Mapping[str, Any]) -> Status:
    """Reads the newest available version from a status answer, or else the newest."""
    versions = [(int(entry["version"]), str(entry["state"])) for entry in answer["model_version_status"]]
    if not versions:
        return Status(None, "START")
    available = [entry for entry in versions if entry[1] == "AVAILABLE"]
    version, state = max(available or versions)
    return Status(str(version), state)


def read_metadata(answer: Mapping[str, Any]) -> Metadata:
    """Reads version and signatures from a metadata answer."""
    listed = answer["metadata"]["signature_def"]["signature_def"]
    signatures = {
        name: Signature(_tensor_specs(entry["inputs"]), _tensor_specs(entry["outputs"]))
        for name, entry in sorted(listed.items())
        if name != _RUN_ONCE
    }
    return Metadata(str(int(answer["model_spec"]["version"])), signatures)


def read_classification(answer: Mapping[str, Any]) -> Classification:
    """Reads one prediction of the signature `classify`."""
    labels, probabilities = _with_probabilities(answer["labels"], answer["probabilities"])
    indices = [int(index) for index in answer["class_indices"]]
    classes = starmap(ClassProbability, zip(labels, indices, probabilities, strict=True))
    return Classification(tuple(classes), _makes(answer), **_familiarity(answer))


def read_explanation(answer: Mapping[str, Any], asked_index: int | None) -> Explanation:
    """Reads one prediction of the signature `explain`; `asked_index` is the class that was asked for, if any."""
    likely = read_classification(answer)
    maps = _finite(answer["contributions"])
    if maps.ndim != 3 or maps.shape[0] != len(likely.classes) or maps.size == 0:
        raise ValueError(f"contributions of shape {maps.shape} for {len(likely.classes)} classes")
    logits, biases = _finite(answer["logits"]), _finite(answer["biases"])
    if not logits.shape == biases.shape == (len(likely.classes),):
        raise ValueError(f"logits of shape {logits.shape} and biases of shape {biases.shape}")
    asked = None
    if asked_index is not None:
        asked_labels, asked_probabilities = _with_probabilities([answer["asked_label"]], [answer["asked_probability"]])
        asked_map = _finite(answer["asked_contributions"])
        if asked_map.shape != maps.shape[1:]:
            raise ValueError(f"asked_contributions of shape {asked_map.shape}")
        asked_logit, asked_bias = _finite([answer["asked_logit"], answer["asked_bias"]]).tolist()
        asked = ClassExplanation(
            asked_labels[0], asked_index, asked_probabilities[0], asked_map, asked_logit, asked_bias
        )
    top, left, bottom, right = (float(edge) for edge in answer["map_extent"])
    if not (top < bottom and left < right):
        raise ValueError("a map without an area")
    parts = zip(likely.classes, maps, logits.tolist(), biases.tolist(), strict=True)
    return Explanation(
        classes=tuple(
            ClassExplanation(entry.label, entry.index, entry.probability, cells, logit, bias)
            for entry, cells, logit, bias in parts
        ),
        makes=likely.makes,
        asked=asked,
        map_extent=(top, left, bottom, right),
        familiarity=likely.familiarity,
        is_familiar=likely.is_familiar,
    )


def _tensor_specs(listed: Mapping[str, Any]) -> dict[str, TensorSpec]:
    specs = {name: TensorSpec(_dtype(entry["dtype"]), _shape(entry["tensor_shape"])) for name, entry in listed.items()}
    return dict(sorted(specs.items()))  # servers list them in any order


def _dtype(name: str) -> str:
    plain = name.removeprefix("DT_").lower()
    return _NUMPY_NAMES.get(plain, plain)


def _shape(listed: Mapping[str, Any]) -> tuple[int | None, ...] | None:
    if listed["unknown_rank"]:
        return None
    sizes = [int(dimension["size"]) for dimension in listed["dim"]]
    return tuple(None if size < 0 else size for size in sizes)


def _makes(answer: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    makes = zip(*_with_probabilities(answer["make_labels"], answer["make_probabilities"]), strict=True)
    return tuple(sorted(makes, key=lambda make: make[1], reverse=True))


def _familiarity(answer: Mapping[str, Any]) -> dict[str, Any]:
    """How familiar the photo is, if the model says so: models of an older car-classifier do not."""
    if "familiarity" not in answer:
        return {}
    (share,) = _with_probabilities(["familiarity"], [answer["familiarity"]])[1]
    if not isinstance(answer["is_familiar"], bool):
        raise TypeError("is_familiar is neither true nor false")
    return {"familiarity": share, "is_familiar": answer["is_familiar"]}


def _finite(numbers: Any) -> NDArray[np.float32]:
    array = np.asarray(numbers, dtype=np.float32)
    if not np.isfinite(array).all():
        raise ValueError("numbers that are not finite")
    return array


def _with_probabilities(labels: Any, probabilities: Any) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Checks that names and probabilities belong together."""
    names, numbers = tuple(map(str, labels)), tuple(map(float, probabilities))
    if not names or len(names) != len(numbers) or not all(0 <= number <= 1.0001 for number in numbers):
        raise ValueError("no classes, not one probability for each, or one outside 0 to 1")
    return names, numbers
