"""The JSON of the answer to a predict request, formatted exactly as TensorFlow Serving formats it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from car_classifier.serving.errors import invalid_argument
from car_classifier.serving.http.json_tensors import RequestFormat
from car_classifier.serving.http.json_text import float_literals, nest, quoted

Array = np.ndarray[Any, Any]


def write_outputs(outputs: Mapping[str, Array], request_format: RequestFormat) -> str:
    """The answer to a predict request.

    Args:
        outputs: the signature's outputs; in row format all of the same first size.
        request_format: the format of the request.

    Raises:
        ServingError: outputs do not fit the format, or JSON cannot carry a dtype (HTTP 400).
    """
    key, write = ("outputs", write_columns) if request_format == "columnar" else ("predictions", write_rows)
    return f'{{\n    "{key}": {write(outputs)}\n}}'


def write_rows(outputs: Mapping[str, Array]) -> str:
    """The value of `predictions`: the bare output of each example, or an object where there are several."""
    batch_size = None
    for name, output in outputs.items():
        if output.ndim == 0:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        if batch_size not in (None, len(output)):
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {len(output)} expecting: {batch_size}"
            )
        batch_size = len(output)
    if not batch_size:
        return "[]"
    columns = {name: _row_values(name, output) for name, output in outputs.items()}
    if len(columns) == 1:
        # No line break before a value, but one after the last, as in TensorFlow Serving's answers.
        return "[" + ", ".join(next(iter(columns.values()))) + "\n    ]"
    rows = []
    for number in range(batch_size):
        members = (f"            {quoted(name)}: {values[number]}" for name, values in columns.items())
        rows.append("\n        {\n" + ",\n".join(members) + "\n        }")
    return "[" + ",".join(rows) + "\n    ]"


def _row_values(name: str, output: Array) -> list[str]:
    """The JSON of each example's value, in one line each."""
    literals = _literals(name, output)
    step = len(literals) // len(output)
    shape = output.shape[1:]
    return [nest(literals[i * step : (i + 1) * step], shape, None) for i in range(len(output))]


def write_columns(outputs: Mapping[str, Array]) -> str:
    """The value of `outputs`: the bare output, or an object where there are several."""
    if len(outputs) == 1:
        ((name, output),) = outputs.items()
        return nest(_literals(name, output), output.shape, "    ")
    members = (
        f"        {quoted(name)}: {nest(_literals(name, output), output.shape, '        ')}"
        for name, output in outputs.items()
    )
    return "{\n" + ",\n".join(members) + "\n    }"


def _literals(name: str, output: Array) -> list[str]:
    """A JSON literal for each value of an output, in order."""
    flat = output.reshape(-1)
    if output.dtype.kind == "O":
        write: Callable[[bytes], str] = _base64_object if name.endswith("_bytes") else _text
        return [write(value) for value in flat.tolist()]
    if output.dtype.kind == "b":
        return ["true" if value else "false" for value in flat.tolist()]
    if output.dtype.kind in "iu":
        return list(map(str, flat.tolist()))
    if output.dtype in (np.float32, np.float64):
        return float_literals(flat)
    raise invalid_argument(f"Failed to write JSON value for tensor type: {output.dtype.name}")


def _base64_object(value: bytes) -> str:
    return f'{{"b64": "{base64.b64encode(value).decode("ascii")}"}}'


def _text(value: bytes) -> str:
    return quoted(value.decode("utf-8", "surrogateescape"))
