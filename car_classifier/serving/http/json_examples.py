"""The JSON of classify and regress requests and answers, by the rules of TensorFlow Serving's `json_tensor.cc`.

Its documentation calls the answer's key `result`, its code `results`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from car_classifier.serving.errors import invalid_argument
from car_classifier.serving.http.input_spec import decode_base64, is_base64, json_type_name
from car_classifier.serving.http.json_text import float_literals, pretty, quoted, to_bytes
from car_classifier.serving.models.tensorflow_import import import_tensorflow

if TYPE_CHECKING:
    from tensorflow_serving.apis.classification_pb2 import ClassificationResult
    from tensorflow_serving.apis.regression_pb2 import RegressionResult

_KINDS = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}


def read_examples(document: Mapping[str, Any]) -> tuple[list[Any], Any]:
    """The examples of a classify or regress request.

    Args:
        document: the parsed body: `examples`, a list of objects that map a feature to a value or a list of values,
            and optionally `context`, such an object whose features are added to every example.

    Returns:
        `tf.train.Example` messages, and the context as another or None.

    Raises:
        ServingError: the examples are malformed (HTTP 400).
    """
    import_tensorflow()
    context = _example(document["context"]) if "context" in document else None
    if "examples" not in document:
        raise invalid_argument(
            f"JSON Value: {pretty(document)} When method is classify, key 'examples' is expected and was not found"
        )
    examples = document["examples"]
    if not isinstance(examples, list):
        raise invalid_argument(f"JSON Value: {pretty(document)} Expecting 'examples' value to be an list/array")
    if not examples:
        raise invalid_argument(f"JSON Value: {pretty(document)} 'examples' value is an empty array")
    return [_example(example) for example in examples], context


def write_classification(result: ClassificationResult) -> str:
    """The answer to a classify request: a list of label and score pairs per example."""
    rows = []
    for classifications in result.classifications:
        scores = _floats([each.score for each in classifications.classes])
        pairs = zip(classifications.classes, scores, strict=True)
        rows.append("[" + ", ".join(f"[{quoted(each.label)}, {score}]" for each, score in pairs) + "]")
    return '{\n    "results": [' + ", ".join(rows) + "\n    ]\n}"


def write_regression(result: RegressionResult) -> str:
    """The answer to a regress request: a number per example."""
    values = _floats([regression.value for regression in result.regressions])
    return '{\n    "results": [' + ", ".join(values) + "]\n}"


def _floats(values: list[float]) -> list[str]:
    return float_literals(np.array(values, np.float32))


def _example(document: Any) -> Any:
    from tensorflow.core.example import example_pb2

    if not isinstance(document, dict):
        raise invalid_argument(f"Example must be JSON object but got JSON {json_type_name(document)}")
    example = example_pb2.Example()
    for name, content in document.items():
        feature = example.features.feature[to_bytes(name).decode("utf-8", "replace")]
        for value in content if isinstance(content, list) else [content]:
            _add_value(feature, name, value)
    return example


def _add_value(feature: Any, name: str, value: Any) -> None:
    """Append a JSON value to a feature; the first value decides the feature's kind."""
    if value is None or isinstance(value, list) or (isinstance(value, dict) and not is_base64(value)):
        raise invalid_argument(f"Feature: {name} has element with unexpected JSON type: {json_type_name(value)}")
    if isinstance(value, str | dict):
        _values(feature, name, "bytes_list").append(to_bytes(value) if isinstance(value, str) else decode_base64(value))
    elif isinstance(value, float) or not -(2**63) <= value < 2**64:  # RapidJSON reads longer integers as floats
        with np.errstate(over="ignore"):
            _values(feature, name, "float_list").append(float(np.float32(_as_float(value))))
    elif value >= 2**63:
        _values(feature, name, "int64_list")
        raise invalid_argument(f"Feature: {name} has uint64 element. Only int64 is supported.")
    else:
        _values(feature, name, "int64_list").append(int(value))


def _values(feature: Any, name: str, kind: str) -> Any:
    """The values of a feature, which must be of this kind or empty."""
    present = feature.WhichOneof("kind")
    if present not in (None, kind):
        raise invalid_argument(f"Unexpected element type in feature: {name} expecting type: {_KINDS[present]}")
    return getattr(feature, kind).value


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise invalid_argument("JSON Parse error: Number too big to be stored in double.") from None
