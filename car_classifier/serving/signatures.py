"""What the signatures of a SavedModel look like to a client, beyond running them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from car_classifier.serving.errors import Code, ServingError, invalid_argument

_KINDS = {"classify": "classification", "regress": "regression"}


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


def refuse_examples(verb: str, signature: Any) -> ServingError:
    """Why a signature cannot `classify` or `regress`.

    Args:
        verb: `classify` or `regress`.
        signature: the `SignatureDef` that was asked to.
    """
    from google.protobuf import text_format

    kind = _KINDS[verb]
    if "inputs" not in signature.inputs:
        text = text_format.MessageToString(signature)
        return invalid_argument(f"No {kind} inputs found in SignatureDef: {text}")
    return ServingError(Code.UNIMPLEMENTED, f"This server does not run {kind} signatures. Ask for :predict instead.")
