"""The tensors of a predict request, from its JSON, by TensorFlow Serving's rules and with its error texts.

Pure functions of the JSON and of the signature's `TensorInfo`s, free of HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from car_classifier.serving.errors import ServingError, invalid_argument
from car_classifier.serving.http.input_spec import InputSpec, is_base64
from car_classifier.serving.http.json_text import pretty

Array = np.ndarray[Any, Any]
RequestFormat = Literal["row", "columnar"]


def signature_name(document: Mapping[str, Any]) -> str:
    """The name of the requested signature; empty if the request names none.

    Raises:
        ServingError: the name is not a string (HTTP 400).
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {pretty(document)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def read_inputs(document: Mapping[str, Any], input_infos: Mapping[str, Any]) -> tuple[dict[str, Array], RequestFormat]:
    """The input tensors of a predict request.

    Args:
        document: the parsed body.
        input_infos: the signature's inputs: name to `TensorInfo`.

    Returns:
        One array per input that was sent, and the format that the answer must have.

    Raises:
        ServingError: the values are malformed (HTTP 400), or JSON cannot carry a dtype (501).
    """
    if "instances" in document and "inputs" in document:
        raise invalid_argument(
            f"JSON Value: {pretty(document)} Not formatted correctly expecting only one of "
            "'inputs' or 'instances' keys to exist "
        )
    specs = {name: InputSpec.of(info) for name, info in input_infos.items()}
    if "instances" in document:
        instances = document["instances"]
        if not isinstance(instances, list):
            raise invalid_argument(f"JSON Value: {pretty(document)} Expecting 'instances' to be an list/array")
        if not instances:
            raise invalid_argument(f"JSON Value: {pretty(document)} No values in 'instances' array")
        return _from_instances(instances, specs), "row"
    if "inputs" in document:
        return _from_inputs(document["inputs"], specs), "columnar"
    raise invalid_argument("Missing 'inputs' or 'instances' key")


def _from_instances(instances: list[Any], specs: Mapping[str, InputSpec]) -> dict[str, Array]:
    """One item per example: a bare value, or an object with a value per input."""
    if not isinstance(instances[0], dict) and len(specs) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    named = _is_named(instances[0])
    batches = {name: _Batch(spec) for name, spec in specs.items()}
    only = next(iter(batches))
    for number, item in enumerate(instances):
        if _is_named(item) != named:
            actual, expected = ("list", "object") if named else ("object", "value/list")
            raise invalid_argument(f"Expecting {expected} but got {actual} at item {number} of input list")
        for name, value in item.items() if named else ((only, item),):
            try:
                if name not in batches:
                    raise invalid_argument(f"JSON object: does not have named input: {name}")
                batches[name].add(value)
            except ServingError as error:
                where = f"{number} key: {name}" if named else f"{number}"
                raise invalid_argument(
                    f"Failed to process element: {where} of 'instances' list. Error: {error.code.name}: {error.message}"
                ) from None
        if named and item.keys() != specs.keys():
            raise invalid_argument(
                f"Failed to process element: {number} of 'instances' list. JSON object: {pretty(item)} "
                f"keys must be equal to: {','.join(sorted(specs))}"
            )
    return {name: batch.array() for name, batch in batches.items() if batch.shape is not None}


class _Batch:
    """The values of one input over all examples, which must agree in shape."""

    def __init__(self, spec: InputSpec) -> None:
        self._spec = spec
        self._flat: list[Any] = []
        self._count = 0
        self._size = 0
        self.shape: tuple[int, ...] | None = None

    def add(self, value: Any) -> None:
        shape = _dense_shape(value)
        before = len(self._flat)
        _flatten(value, shape, 0, self._spec, self._flat)
        size = len(self._flat) - before
        if self.shape is None:
            self.shape, self._size = shape, size
        if size != self._size:
            raise invalid_argument(f"Expecting tensor size: {self._size} but got: {size}")
        if shape != self.shape:
            raise invalid_argument(f"Expecting shape {_shape(self.shape)} but got: {_shape(shape)}")
        self._count += 1

    def array(self) -> Array:
        return self._spec.array(self._flat, (self._count, *(self.shape or ())))


def _from_inputs(inputs: Any, specs: Mapping[str, InputSpec]) -> dict[str, Array]:
    """Whole tensors: a bare one, or an object with one per input."""
    if not _is_named(inputs):
        if len(specs) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        inputs = {next(iter(specs)): inputs}
    tensors = {}
    for name, spec in specs.items():
        if name not in inputs:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
        shape = _dense_shape(inputs[name])
        flat: list[Any] = []
        _flatten(inputs[name], shape, 0, spec, flat)
        tensors[name] = spec.array(flat, shape)
    return tensors


def _dense_shape(value: Any) -> tuple[int, ...]:
    """The sizes of nested lists, judged by the first item of each."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _flatten(value: Any, shape: tuple[int, ...], level: int, spec: InputSpec, flat: list[Any]) -> None:
    """Append all values below to `flat`, in order, checking that the nesting has the given shape."""
    rank = len(shape)
    if not isinstance(value, list):
        if level != rank:
            raise invalid_argument(
                f"JSON Value: {pretty(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {rank}"
            )
        flat.append(spec.leaf(value))
        return
    if level >= rank:
        raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {rank}")
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    if level == rank - 1 and value and spec.all_plain(value):
        flat.extend(value)
        return
    for item in value:
        _flatten(item, shape, level + 1, spec, flat)


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"
