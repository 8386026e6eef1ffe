"""Reading the requests of the gRPC interface: which version, which inputs, which outputs.

The errors and their texts follow predict_util.cc and server_core.cc of TensorFlow Serving and saved_model/util.cc of
TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from car_classifier.serving.errors import invalid_argument
from car_classifier.serving.models.saved_model import Tensors
from car_classifier.serving.models.tensor_protos import to_array, type_name


def check_spec(request: Any) -> None:
    """Refuse a request without a `ModelSpec`."""
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")


def model_of(spec: Any) -> tuple[str, int | None, str | None]:
    """Name, version and version label of a `ModelSpec`, which sets a version, a label or neither."""
    if not spec.name:
        raise invalid_argument("ModelSpec has no name specified.")
    choice = spec.WhichOneof("version_choice")
    number = spec.version.value if choice == "version" else None
    return spec.name, number, spec.version_label if choice == "version_label" else None


def fill_spec(spec: Any, name: str, number: int | None, signature_name: str = "") -> None:
    """Write into an answer which version gave it."""
    spec.name, spec.version.value, spec.signature_name = name, number, signature_name


def predict_inputs(signature: Any, sent: Any) -> Tensors:
    """The arrays of a request, one per input of the signature."""
    missing, extra = signature.inputs.keys() - sent.keys(), sent.keys() - signature.inputs.keys()
    if len(sent) > len(signature.inputs) or (len(sent) < len(signature.inputs) and not signature.defaults):
        raise invalid_argument(
            f"input size does not match signature: {len(sent)}!={len(signature.inputs)} "
            f"len({_set(sent)}) != len({_set(signature.inputs)}). "
            f"Sent extra: {_set(extra)}. Missing but required: {_set(missing)}."
        )
    for name in sorted(missing - signature.defaults.keys()):
        raise invalid_argument(
            f"Signature input alias: {name}(feed name: {signature.inputs[name].name}) not found in request and no "
            f"default value provided. Inputs expected to be in the request {_set(sent)}, "
            f"or default input alias set: {','.join(sorted(signature.defaults))}"
        )
    if extra:
        used = ",".join(sorted(sent.keys() - extra))
        raise invalid_argument(
            f"Inputs contains invalid name. Used request inputs: {used}, request input: {','.join(sorted(sent))}"
        )
    protos = {name: sent[name] if name in sent else signature.defaults[name] for name in signature.inputs}
    arrays = {name: to_array(name, proto) for name, proto in protos.items()}
    _check_types(signature, protos)
    return arrays


def _check_types(signature: Any, protos: Mapping[str, Any]) -> None:
    """Refuse tensors of another type, as a session of TensorFlow does (function.cc), which numbers the sorted feeds."""
    for position, (_, name) in enumerate(sorted((info.name, name) for name, info in signature.inputs.items())):
        expected, sent = signature.inputs[name].dtype, protos[name].dtype
        if sent != expected:
            raise invalid_argument(
                f"Expects arg[{position}] to be {type_name(expected)} but {type_name(sent)} is provided"
            )


def output_names(signature: Any, output_filter: Iterable[str]) -> list[str]:
    """The outputs that a request asks for: those of its filter, or all outputs of the signature."""
    names: list[str] = []
    for name in output_filter:
        if name not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {name} "
                f"Outputs expected to be in the set {_set(signature.outputs)}."
            )
        if name in names:
            raise invalid_argument(f"duplicate output tensor alias: {name}")
        names.append(name)
    return names or sorted(signature.outputs)


def _set(names: Iterable[str]) -> str:
    return f"{{{','.join(sorted(names))}}}"
