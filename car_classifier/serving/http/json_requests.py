"""Reads a JSON body by its verb: the signature and inputs to run, and how to write the answer. Free of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from car_classifier.serving.errors import invalid_argument
from car_classifier.serving.http import json_examples, kserve
from car_classifier.serving.http.json_responses import write_outputs
from car_classifier.serving.http.json_tensors import read_inputs, signature_name
from car_classifier.serving.http.json_text import parse_object
from car_classifier.serving.models import examples
from car_classifier.serving.models.saved_model import SavedModel, Tensors

UseModel = Callable[[], SavedModel]


@dataclass(frozen=True)
class JsonRequest:
    """A request, read and checked.

    Attributes:
        model: the loaded version.
        signature_name: one of its signatures; empty means `serving_default`.
        inputs: one array per input of the signature.
        write: makes the JSON of the answer from the signature's outputs.
    """

    model: SavedModel
    signature_name: str
    inputs: Tensors
    write: Callable[[Tensors], str]


def read_request(verb: str, body: bytes, use_model: UseModel) -> JsonRequest:
    """Read a request; of several faults, the error names the one that TensorFlow Serving names.

    Args:
        verb: `predict`, `classify`, `regress` or `explain`.
        body: the JSON.
        use_model: returns the requested version and keeps it loaded.

    Raises:
        ServingError: the request is invalid, or the version is not loaded.
    """
    document = parse_object(body)
    return _READERS[verb](document, signature_name(document), use_model)


def _predict(document: Mapping[str, Any], signature: str, use_model: UseModel) -> JsonRequest:
    model = use_model()
    inputs, request_format = read_inputs(document, _input_infos(model, signature))
    return JsonRequest(model, signature, inputs, partial(write_outputs, request_format=request_format))


def _explain(document: Mapping[str, Any], signature: str, use_model: UseModel) -> JsonRequest:
    model = use_model()
    signature = kserve.explain_signature(model, signature)
    infos = _input_infos(model, signature)
    inputs, request_format = read_inputs(kserve.with_class_index(document, infos), infos)
    write = partial(kserve.write_explanations, model.signatures, request_format=request_format)
    return JsonRequest(model, signature, inputs, write)


def _examples(task: examples.Task, document: Mapping[str, Any], signature: str, use_model: UseModel) -> JsonRequest:
    inputs = examples.signature_inputs(*json_examples.read_examples(document))
    count = len(inputs[examples.INPUT])
    model = use_model()
    examples.check_signature(model, signature, task)

    def write(outputs: Tensors) -> str:
        if task == "classify":
            return json_examples.write_classification(examples.classification_result(outputs, count))
        return json_examples.write_regression(examples.regression_result(outputs, count))

    return JsonRequest(model, signature, inputs, write)


def _input_infos(model: SavedModel, signature_name: str) -> Mapping[str, Any]:
    infos: Mapping[str, Any] = model.signature(signature_name).inputs
    if not infos:
        raise invalid_argument(f"Failed to get input map for signature: {signature_name or 'DEFAULT'}")
    return infos


_Reader = Callable[[Mapping[str, Any], str, UseModel], JsonRequest]
_READERS: dict[str, _Reader] = {
    "predict": _predict,
    "explain": _explain,
    "classify": partial(_examples, "classify"),
    "regress": partial(_examples, "regress"),
}
