"""What a JSON body asks for, verb by verb: what is to be run, and how its answer is written. Free of HTTP."""

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
    """A request that was understood.

    Attributes:
        model: the version that is asked.
        signature_name: which of its signatures; empty means `serving_default`.
        inputs: one array for each of its inputs.
        write: makes the JSON of the answer from the signature's outputs.
    """

    model: SavedModel
    signature_name: str
    inputs: Tensors
    write: Callable[[Tensors], str]


def read_request(verb: str, body: bytes, use_model: UseModel) -> JsonRequest:
    """Read a request; of several faults the one that TensorFlow Serving tells is told.

    Args:
        verb: `predict`, `classify`, `regress` or `explain`.
        body: the JSON.
        use_model: finds the version that is asked and keeps it loaded.

    Raises:
        ServingError: something is wrong with it.
    """
    document = parse_object(body)
    return _READERS[verb](document, signature_name(document), use_model)


def _predict(document: Mapping[str, Any], wanted: str, use_model: UseModel) -> JsonRequest:
    model = use_model()
    inputs, request_format = read_inputs(document, _input_infos(model, wanted))
    return JsonRequest(model, wanted, inputs, partial(write_outputs, request_format=request_format))


def _explain(document: Mapping[str, Any], wanted: str, use_model: UseModel) -> JsonRequest:
    model = use_model()
    wanted = kserve.explain_signature(model, wanted)
    infos = _input_infos(model, wanted)
    inputs, request_format = read_inputs(kserve.with_class_index(document, infos), infos)
    write = partial(kserve.write_explanations, model.signatures, request_format=request_format)
    return JsonRequest(model, wanted, inputs, write)


def _examples(task: examples.Task, document: Mapping[str, Any], wanted: str, use_model: UseModel) -> JsonRequest:
    inputs = examples.signature_inputs(*json_examples.read_examples(document))
    count = len(inputs[examples.INPUT])
    model = use_model()
    examples.check_signature(model, wanted, task)

    def write(outputs: Tensors) -> str:
        if task == "classify":
            return json_examples.write_classification(examples.classification_result(outputs, count))
        return json_examples.write_regression(examples.regression_result(outputs, count))

    return JsonRequest(model, wanted, inputs, write)


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
