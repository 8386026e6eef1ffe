"""Files in protobuf's text format, as TensorFlow Serving's configurations are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from car_classifier.errors import UserError


def read_text_proto(path: Path, message: Any, kind: str) -> None:
    """Fill a message from a file.

    Args:
        path: the file.
        message: an empty protobuf message.
        kind: what the file is, such as `model configuration`, for error texts.

    Raises:
        UserError: it cannot be read or holds something else.
    """
    from google.protobuf import text_format

    try:
        text_format.Parse(path.read_text(encoding="utf-8"), message)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UserError(f"Cannot read the {kind} {path}: {reason}.") from error
    except text_format.ParseError as error:
        raise UserError(f"{path} is no {kind} in TensorFlow Serving's text format (line:column {error}).") from error
