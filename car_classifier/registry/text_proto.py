"""Files in protobuf's text format, the format of TensorFlow Serving's configurations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from car_classifier.errors import UserError
from car_classifier.files import read_text


def read_text_proto(path: Path, message: Any, kind: str) -> None:
    """Fill a message from a file.

    Args:
        path: The file.
        message: An empty protobuf message.
        kind: The file's kind for error messages, such as `model configuration`.

    Raises:
        UserError: The file cannot be read or holds something else.
    """
    from google.protobuf import text_format

    try:
        text_format.Parse(read_text(path), message)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UserError(f"The {kind} file {path} cannot be read: {reason}.") from error
    except text_format.ParseError as error:
        fault = str(error).split(" : ", 1)[-1].rstrip(".")
        line = f" in line {error.GetLine()}" if error.GetLine() else ""
        raise UserError(f"The {kind} file {path} is wrong{line}: {fault}.") from error


def message_class(file: Any, *dependencies: Any) -> Any:
    """The class of the last message of a file, for messages that the package `tensorflow-serving-api` lacks.

    Args:
        file: A `FileDescriptorProto`.
        dependencies: The files that it depends on.
    """
    from google.protobuf import descriptor_pool, message_factory

    pool = descriptor_pool.DescriptorPool()  # not the default one, where a real message of that name may be
    for description in (*dependencies, file):
        pool.Add(description)
    name = f"{file.package}.{file.message_type[-1].name}"
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
