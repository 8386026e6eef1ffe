"""The description of a SavedModel's signatures for clients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def describe(signatures: Mapping[str, Any]) -> dict[str, Any]:
    """The map of signatures in the metadata answer, from `SignatureDef` messages, with every field written out."""
    from google.protobuf import json_format

    described = {
        name: json_format.MessageToDict(
            signature, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        for name, signature in sorted(signatures.items())
    }
    return {"signature_def": described}
