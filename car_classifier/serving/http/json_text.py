"""JSON text as TensorFlow Serving reads and writes it.

Its parser is RapidJSON: NaN and Infinity are numbers, the first of two equal keys counts, text after the document is
ignored, and bytes that are not UTF-8 pass through. Here Python's `json` reads; this module adds those rules and
RapidJSON's error texts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from car_classifier.serving.errors import ServingError, invalid_argument

_INDENT = " " * 4
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)

# The beginnings of Python's messages (3.11 to 3.13), and RapidJSON's text for the same fault.
_PARSE_ERRORS = (
    ("Expecting property name", "Missing a name for object member."),
    ("Illegal trailing comma before end of object", "Missing a name for object member."),
    ("Illegal trailing comma before end of array", "Invalid value."),
    ("Expecting ':'", "Missing a colon after a name of object member."),
    ("Expecting value", "Invalid value."),
    ("Unterminated string", "Missing a closing quotation mark in string."),
    ("Invalid \\escape", "Invalid escape character in string."),
    ("Invalid \\u", "Incorrect hex digit after \\u escape in string."),
    ("Invalid control character", "Invalid encoding in string."),
)


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a request's body, which must hold a JSON object.

    Bytes that are not UTF-8 become lone surrogates, which `to_bytes` turns back into the same bytes.

    Raises:
        ServingError: the body is not a JSON object (HTTP 400), with TensorFlow Serving's text.
    """
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    text = body.decode("utf-8-sig", "surrogateescape")
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if start == len(text):
        raise _parse_error("The document is empty.", text, start)
    try:
        document, _ = json.JSONDecoder(object_pairs_hook=_first_key_wins).raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _parse_error(_rapidjson_message(error), text, error.pos) from None
    except RecursionError:
        raise invalid_argument("JSON Parse error: The document is nested too deeply.") from None
    except ValueError:  # Python refuses integers of thousands of digits
        raise invalid_argument("JSON Parse error: Number too big to be stored in double.") from None
    if not isinstance(document, dict):
        raise invalid_argument(f"JSON Value: {pretty(document)} Is not object")
    return document


def to_bytes(text: str) -> bytes:
    """The bytes of a string that `parse_object` read.

    Raises:
        ServingError: the string holds half of a surrogate pair (HTTP 400).
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise invalid_argument("JSON Parse error: The surrogate pair in string is invalid.") from None


def quoted(text: str) -> str:
    """A string as a JSON literal; characters outside ASCII are left as they are."""
    return json.dumps(text, ensure_ascii=False)


def pretty(value: Any) -> str:
    """A JSON value as an error message shows it: objects over several lines, arrays in one."""
    if isinstance(value, float) and abs(value) <= float(np.finfo(np.float32).max):
        return float_literals(np.array([value], np.float32))[0]
    return _pretty(value, "")


def _pretty(value: Any, indent: str) -> str:
    inner = indent + _INDENT
    if isinstance(value, dict) and value:
        members = (f"{inner}{quoted(key)}: {_pretty(item, inner)}" for key, item in value.items())
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list):
        return "[" + ", ".join(_pretty(item, inner) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def float_literals(values: np.ndarray[Any, Any]) -> list[str]:
    """Literals for a flat array of float32 or float64.

    Six digits if they give the same number back, else as many as the type may need; whole numbers end in `.0`.
    """
    short = [f"{value:g}" for value in values.tolist()]
    exact = np.array([float(literal) for literal in short]).astype(values.dtype) == values
    digits = 9 if values.dtype == np.float32 else 17
    return [
        _decimal(literal if same else f"{value:.{digits}g}")
        for literal, same, value in zip(short, exact.tolist(), values.tolist(), strict=True)
    ]


def _decimal(literal: str) -> str:
    if "." in literal or "e" in literal:
        return literal
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(literal) or literal + ".0"


def nest(literals: Sequence[str], shape: Sequence[int], indent: str | None) -> str:
    """Wrap a flat sequence of literals in the brackets of a shape.

    Args:
        literals: `prod(shape)` JSON literals.
        shape: sizes of the nested lists; `()` for one bare literal.
        indent: the indentation of the line that the value begins on, for one value per line; None for a single line.
    """
    if not shape:
        return literals[0]
    if shape[0] == 0:
        return "[]"
    step = math.prod(shape[1:])
    inner = None if indent is None else indent + _INDENT
    items = (nest(literals[i * step : (i + 1) * step], shape[1:], inner) for i in range(shape[0]))
    if indent is None:
        return "[" + ", ".join(items) + "]"
    return "[" + ",".join(f"\n{inner}{item}" for item in items) + f"\n{indent}]"


def _first_key_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        members = {}
        for key, value in pairs:
            members.setdefault(key, value)
    return members


def _rapidjson_message(error: json.JSONDecodeError) -> str:
    if error.msg.startswith("Expecting ','"):
        if _innermost_bracket(error.doc[: error.pos]) == "{":
            return "Missing a comma or '}' after an object member."
        return "Missing a comma or ']' after an array element."
    return next((text for start, text in _PARSE_ERRORS if error.msg.startswith(start)), error.msg)


def _innermost_bracket(text: str) -> str:
    """The bracket that is still open at the end of a piece of JSON."""
    still_open: list[str] = []
    for piece in _STRING_OR_BRACKET.findall(text):
        if piece in ("[", "{"):
            still_open.append(piece)
        elif piece in ("]", "}") and still_open:
            still_open.pop()
    return still_open[-1] if still_open else ""


def _parse_error(message: str, text: str, position: int) -> ServingError:
    offset = len(text[:position].encode("utf-8", "surrogateescape"))
    return invalid_argument(f"JSON Parse error: {message} at offset: {offset}")
