"""`:explain` of KServe's V1 protocol, beside `:predict`. TensorFlow Serving has no such request.

By KServe's page "V1 Protocol" the body is that of a predict request, and the answer is
`{"predictions": [], "explanations": []}`. Here the explanations are the outputs of the signature `explain`; the
predictions are those of them that `classify` has too. That page's `GET /v1/models` (a list) and `GET /v1/models/NAME`
(readiness) are missing, because TensorFlow Serving has other answers at these addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from car_classifier.serving.errors import invalid_argument
from car_classifier.serving.http.json_responses import write_columns, write_rows
from car_classifier.serving.http.json_tensors import RequestFormat
from car_classifier.serving.models.saved_model import SavedModel, Tensors

EXPLAIN_SIGNATURE = "explain"
_PREDICT_SIGNATURE = "classify"
_CLASS_INPUT = "class_index"
_NO_CLASS = -1


def explain_signature(model: SavedModel, requested: str) -> str:
    """The name of the signature that explains.

    Args:
        model: the loaded version.
        requested: the name in the request; empty means `explain`.

    Raises:
        ServingError: the model has no signature of that name (HTTP 400).
    """
    name = requested or EXPLAIN_SIGNATURE
    if name not in model.signatures:
        known = ", ".join(sorted(model.signatures))
        raise invalid_argument(
            f'This model cannot explain: it has no signature "{name}". '
            f'Ask for :predict, or name one of its signatures as "signature_name": {known}.'
        )
    return name


def with_class_index(document: Mapping[str, Any], input_infos: Mapping[str, Any]) -> dict[str, Any]:
    """The body with a class index of -1, "no class requested", wherever it has none.

    Args:
        document: the parsed body of a predict request, in row or columnar format.
        input_infos: the signature's inputs by name.
    """
    document = dict(document)
    others = [name for name in input_infos if name != _CLASS_INPUT]
    if _CLASS_INPUT not in input_infos or not others:
        return document
    instances, inputs = document.get("instances"), document.get("inputs")
    if isinstance(instances, list):
        document["instances"] = [
            {_CLASS_INPUT: _NO_CLASS, **item} if isinstance(item, dict) and others[0] in item else item
            for item in instances
        ]
    if isinstance(inputs, dict) and _CLASS_INPUT not in inputs and isinstance(inputs.get(others[0]), list):
        document["inputs"] = {**inputs, _CLASS_INPUT: [_NO_CLASS] * len(inputs[others[0]])}
    return document


def write_explanations(signatures: Mapping[str, Any], outputs: Tensors, request_format: RequestFormat) -> str:
    """The answer to an explain request.

    Args:
        signatures: the version's signatures.
        outputs: the signature's outputs; in row format all of the same first size.
        request_format: the format of the request.

    Raises:
        ServingError: outputs do not fit the format, or JSON cannot carry a dtype (HTTP 400).
    """
    write = write_columns if request_format == "columnar" else write_rows
    predicting = signatures.get(_PREDICT_SIGNATURE)
    names = set(predicting.outputs) if predicting is not None else set()
    members = {"predictions": {name: output for name, output in outputs.items() if name in names}}
    members["explanations"] = dict(outputs)
    return "{\n" + ",\n".join(f'    "{key}": {write(value)}' for key, value in members.items() if value) + "\n}"
