"""Tensors on the wire of the gRPC interface: `TensorProto` messages to arrays and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from car_classifier.serving.errors import invalid_argument

Array = np.ndarray[Any, Any]

# The field that `Tensor::AsProtoField` (tensor.cc) fills for each dtype; narrow integers travel as 32 bits.
_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int8": "int_val",
    "int16": "int_val",
    "int32": "int_val",
    "uint8": "int_val",
    "uint16": "int_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "bool": "bool_val",
    "string": "string_val",
    "float16": "half_val",
    "bfloat16": "half_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
}


# dtypes that TensorFlow's C++ and its Python name differently.
_NAMES = {"float16": "half", "float32": "float", "float64": "double"}


def type_name(dtype: int) -> str:
    """The name of a `DataType` in error texts."""
    import tensorflow as tf

    name = str(tf.dtypes.as_dtype(dtype).name)
    return _NAMES.get(name, name)


def to_array(name: str, proto: Any) -> Array:
    """The array of a `TensorProto`; strings become bytes objects.

    Args:
        name: the input's name, for the error.
        proto: the tensor, with its values in the dtype's field or in `tensor_content`.

    Raises:
        ServingError: the message does not hold a complete tensor.
    """
    import tensorflow as tf

    shape = proto.tensor_shape
    try:
        if shape.unknown_rank or any(dimension.size < 0 for dimension in shape.dim):
            raise ValueError("the shape of a tensor must be fully known")
        return np.asarray(tf.make_ndarray(proto))
    except (TypeError, ValueError, IndexError, MemoryError, tf.errors.OpError):
        raise invalid_argument(f"tensor parsing error: {name}") from None


def fill_proto(proto: Any, array: Array) -> None:
    """Write an array into the dtype's field of an empty `TensorProto`, where clients look for it.

    Raises:
        ServingError: there is no field for the dtype.
    """
    import tensorflow as tf

    dtype = tf.as_dtype(array.dtype)
    if dtype.name not in _FIELDS:
        raise invalid_argument(f"An output of type {dtype.name} cannot be sent.")
    proto.dtype = dtype.as_datatype_enum
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    flat = array.reshape(-1)
    if dtype.name in ("float16", "bfloat16"):
        flat = flat.view(np.uint16)
    elif dtype.is_complex:
        flat = flat.view(flat.real.dtype)
    getattr(proto, _FIELDS[dtype.name]).extend(flat.tolist())
