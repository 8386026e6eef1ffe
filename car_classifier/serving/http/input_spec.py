"""The JSON values that one input of a signature accepts, and the array that they become."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import numpy as np

from car_classifier.serving.errors import Code, ServingError, invalid_argument
from car_classifier.serving.http.json_text import pretty, to_bytes

_TYPE_NAMES: dict[type, str] = {
    type(None): "Null",
    dict: "Object",
    list: "Array",
    str: "String",
    int: "Number",
    float: "Number",
}


@dataclass(frozen=True)
class InputSpec:
    """One input's dtype and the JSON values that it accepts.

    Attributes:
        type_name: the dtype as TensorFlow's C++ calls it, for error texts.
        dtype: of the array.
        wide_dtype: the dtype that values are converted through.
        plain_types: Python types of the JSON values that it accepts; none if JSON cannot carry the dtype.
        smallest: the smallest integer that it accepts; None if it accepts more than integers.
        largest: the largest integer that it accepts.
    """

    type_name: str
    dtype: np.dtype[Any]
    wide_dtype: type
    plain_types: frozenset[type]
    smallest: int | None = None
    largest: int = 0

    @classmethod
    def of(cls, info: Any) -> InputSpec:
        """The specification for a signature's `TensorInfo`."""
        import tensorflow as tf

        dtype = tf.dtypes.as_dtype(info.dtype)
        name, numpy_dtype = dtype.name, np.dtype(dtype.as_numpy_dtype)
        if name in ("float32", "float64"):
            number_types = frozenset({int, float})
            return cls({"float32": "float", "float64": "double"}[name], numpy_dtype, np.float64, number_types)
        if name in ("int32", "int16", "int8", "uint8"):
            # The narrower ones travel as 32 bits and wrap around, as in TensorFlow's own tensor protos.
            return cls(name, numpy_dtype, np.int64, frozenset({int}), -(2**31), 2**31 - 1)
        if name in ("int64", "uint32", "uint64"):
            limits = np.iinfo(numpy_dtype)
            wide = np.uint64 if name == "uint64" else np.int64
            return cls(name, numpy_dtype, wide, frozenset({int}), int(limits.min), int(limits.max))
        if name == "bool":
            return cls(name, numpy_dtype, np.bool_, frozenset({bool}))
        return cls(name, numpy_dtype, object, frozenset({str} if name == "string" else ()))

    def all_plain(self, row: list[Any]) -> bool:
        """Whether every item is valid as it is: the fast path for long lists of numbers."""
        if self.type_name == "string" or not self.plain_types.issuperset(map(type, row)):
            return False
        return self.smallest is None or (self._in_range(min(row)) and self._in_range(max(row)))

    def leaf(self, value: Any) -> Any:
        """One value that is not a list, checked; strings become bytes."""
        if isinstance(value, dict):
            if self.type_name != "string":
                raise self._type_error(value)
            return decode_base64(value)
        if not self.plain_types:
            raise ServingError(
                Code.UNIMPLEMENTED, f"Conversion of JSON Value: {pretty(value)} to type: {self.type_name}"
            )
        if type(value) not in self.plain_types or not self._in_range(value):
            raise self._type_error(value)
        return to_bytes(value) if self.type_name == "string" else value

    def array(self, flat: list[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """Checked values as an array of this input's dtype."""
        if self.type_name == "string":
            result = np.empty(len(flat), object)
            result[:] = flat
            return result.reshape(shape)
        try:
            # Through the widest type of its kind: too large a float becomes infinity, as in C++.
            with np.errstate(over="ignore"):
                return np.array(flat, self.wide_dtype).astype(self.dtype).reshape(shape)
        except OverflowError:
            raise invalid_argument("JSON Parse error: Number too big to be stored in double.") from None

    def _in_range(self, value: Any) -> bool:
        return self.smallest is None or self.smallest <= value <= self.largest

    def _type_error(self, value: Any) -> ServingError:
        return invalid_argument(
            f"JSON Value: {pretty(value)} Type: {json_type_name(value)} is not of expected type: {self.type_name}"
        )


def json_type_name(value: Any) -> str:
    """The name of a JSON value's type in error texts."""
    return str(value) if isinstance(value, bool) else _TYPE_NAMES[type(value)]


def is_base64(value: Any) -> bool:
    """Whether a JSON value stands for bytes: an object whose only member is the string `b64`."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def decode_base64(value: dict[str, Any]) -> bytes:
    """Bytes from `{"b64": "..."}`; padding may be missing and white space is ignored.

    Raises:
        ServingError: it is another object, or not base64 (HTTP 400).
    """
    if not is_base64(value):
        raise invalid_argument(f"JSON Value: {pretty(value)} not formatted correctly for base64 data")
    text = "".join(value["b64"].split()).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid_argument("Unable to base64 decode") from None
