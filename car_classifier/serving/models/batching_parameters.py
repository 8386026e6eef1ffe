"""The settings of batching, and the text file that sets them. Free of TensorFlow, so that a command line can import it.

Names and defaults are those of TensorFlow Serving: of the message `BatchingParameters` in its
`session_bundle_config.proto`, and of `SharedBatchScheduler` in TensorFlow's `shared_batch_scheduler.h`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from car_classifier.errors import UserError
from car_classifier.registry.text_proto import message_class, read_text_proto

# The message's fields: number, and type of the wrapped value.
_WRAPPED_FIELDS = {
    "max_batch_size": (1, "Int64Value"),
    "batch_timeout_micros": (2, "Int64Value"),
    "max_enqueued_batches": (3, "Int64Value"),
    "num_batch_threads": (4, "Int64Value"),
    "thread_pool_name": (5, "StringValue"),
}
_ALLOWED_BATCH_SIZES = ("allowed_batch_sizes", 6)


@dataclass(frozen=True)
class BatchingParameters:
    """The settings for merging requests into batches.

    Attributes:
        max_batch_size: the largest number of rows of a batch, and of one request.
        batch_timeout_micros: microseconds that a batch waits for more requests while a thread is free.
        max_enqueued_batches: number of batches of one signature that may wait for a thread.
        num_batch_threads: number of batches that run at the same time.
        thread_pool_name: name of their threads.
        allowed_batch_sizes: sizes that batches are filled up to, ascending; empty means any size.

    Raises:
        UserError: a value is out of range.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = os.cpu_count() or 1
    thread_pool_name: str = "batch_threads"
    allowed_batch_sizes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        least = {
            "max_batch_size": 1,
            "batch_timeout_micros": 0,
            "max_enqueued_batches": 0,
            "num_batch_threads": 1,
        }
        for name, value in least.items():
            if getattr(self, name) < value:
                raise UserError(f"{name} must be {value} or more. Received: {getattr(self, name)}.")
        sizes = self.allowed_batch_sizes
        if sizes and (sizes[-1] != self.max_batch_size or sizes[0] < 1 or list(sizes) != sorted(set(sizes))):
            raise UserError(
                f"allowed_batch_sizes must ascend and end with max_batch_size ({self.max_batch_size}). "
                f"Received: {', '.join(map(str, sizes))}."
            )


def read_batching_parameters(path: Path) -> BatchingParameters:
    """Read parameters from a file in TensorFlow Serving's format; parameters that it leaves out keep their defaults.

    Args:
        path: a text file with lines such as `max_batch_size { value: 32 }` and `allowed_batch_sizes: 8`.

    Raises:
        UserError: the file cannot be read, has another format, or a value is out of range.
    """
    message = _message_class()()
    read_text_proto(path, message, "batching parameters")
    values: dict[str, Any] = {name: getattr(message, name).value for name in _WRAPPED_FIELDS if message.HasField(name)}
    try:
        return BatchingParameters(allowed_batch_sizes=tuple(message.allowed_batch_sizes), **values)
    except UserError as error:
        raise UserError(f"In the batching parameters file {path}: {error}") from None


@cache
def _message_class() -> Any:
    from google.protobuf import descriptor_pb2, wrappers_pb2

    file = descriptor_pb2.FileDescriptorProto(
        name="batching_parameters.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=["wrappers.proto"],
    )
    message = file.message_type.add(name="BatchingParameters")
    kind = descriptor_pb2.FieldDescriptorProto
    for name, (number, wrapper) in _WRAPPED_FIELDS.items():
        message.field.add(
            name=name,
            number=number,
            label=kind.LABEL_OPTIONAL,
            type=kind.TYPE_MESSAGE,
            type_name=f".google.protobuf.{wrapper}",
        )
    name, number = _ALLOWED_BATCH_SIZES
    message.field.add(name=name, number=number, label=kind.LABEL_REPEATED, type=kind.TYPE_INT64)

    wrappers = descriptor_pb2.FileDescriptorProto()
    wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
    wrappers.name = "wrappers.proto"
    return message_class(file, wrappers)
