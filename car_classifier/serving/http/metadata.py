"""What the signatures of a SavedModel look like to a client, beyond running them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def describe(signatures: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata answer's map of signatures, from `SignatureDef` messages, with every field spelt out."""
    from google.protobuf import json_format

    described = {
        name: json_format.MessageToDict(
            signature, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        for name, signature in sorted(signatures.items())
    }
    return {"signature_def": described}
