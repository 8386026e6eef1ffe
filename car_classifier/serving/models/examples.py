"""Classification and regression, for both interfaces: `tf.Example`s in, classes with scores or numbers out.

The rules for signatures, and the texts of the errors, follow TensorFlow Serving's `classifier.cc`, `regressor.cc` and
`util.cc`. As there, a signature is judged by its inputs and outputs, not by its `method_name`, because
`tf.saved_model.save` always writes the name of `predict` (`--enable_signature_method_name_check` is off).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from car_classifier.serving.errors import invalid_argument
from car_classifier.serving.models.saved_model import DEFAULT_SIGNATURE, SavedModel, Tensors

if TYPE_CHECKING:
    from tensorflow_serving.apis.classification_pb2 import ClassificationResult
    from tensorflow_serving.apis.regression_pb2 import RegressionResult

Task = Literal["classify", "regress"]

INPUT = "inputs"
CLASSES = "classes"
SCORES = "scores"
REGRESSION_OUTPUT = "outputs"


def check_signature(model: SavedModel, signature_name: str, task: Task) -> None:
    """Refuse a signature that cannot classify or regress.

    Args:
        model: the loaded version.
        signature_name: one of its signatures; empty means `serving_default`.
        task: the task.

    Raises:
        ServingError: the signature cannot do the task, or does not exist (HTTP 400).
    """
    name = signature_name or DEFAULT_SIGNATURE
    if name not in model.signatures:
        raise invalid_argument(f"No signature was found with the name: {name}")
    signature = model.signatures[name]
    inputs, outputs = set(signature.inputs), set(signature.outputs)
    if len(inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if task == "classify":
        if len(outputs) not in (1, 2):
            raise invalid_argument(f"Expected one or two output Tensors, found {len(outputs)}")
        if INPUT not in inputs:
            raise invalid_argument(f"No classification inputs found in SignatureDef: {_text(signature)}")
        if not outputs & {CLASSES, SCORES}:
            raise invalid_argument(
                "Expected classification signature outputs to contain at least one of "
                f'"{CLASSES}" or "{SCORES}". Signature was: {_text(signature)}'
            )
        return
    if len(outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    if INPUT not in inputs:
        raise invalid_argument(f"No regression inputs found in SignatureDef: {_text(signature)}")
    if REGRESSION_OUTPUT not in outputs:
        raise invalid_argument(f"No regression outputs found in SignatureDef: {_text(signature)}")


def signature_inputs(examples: Sequence[Any], context: Any = None) -> dict[str, np.ndarray[Any, Any]]:
    """The inputs of a signature that classifies or regresses.

    Args:
        examples: `tf.train.Example` messages.
        context: another such message, whose features are added to each example.

    Returns:
        `inputs`, an array of N serialized messages.

    Raises:
        ServingError: there are no examples (HTTP 400).
    """
    if not examples:
        raise invalid_argument("Input is empty.")
    # Concatenated messages are the messages merged: that is how protocol buffers are defined.
    shared = b"" if context is None else context.SerializeToString()
    serialized = np.empty(len(examples), object)
    serialized[:] = [shared + example.SerializeToString() for example in examples]
    return {INPUT: serialized}


def request_inputs(request_input: Any) -> dict[str, np.ndarray[Any, Any]]:
    """The inputs of a signature from the `Input` message of a gRPC request; see `signature_inputs`."""
    if request_input.WhichOneof("kind") == "example_list_with_context":
        with_context = request_input.example_list_with_context
        return signature_inputs(with_context.examples, with_context.context)
    return signature_inputs(request_input.example_list.examples)


def classification_result(outputs: Tensors, count: int) -> ClassificationResult:
    """The answer to a classify request.

    Args:
        outputs: the signature's outputs: `classes` (strings) or `scores` (float32), or both, each [N, classes].
        count: N, the number of examples.

    Raises:
        ServingError: an output has another type or shape (HTTP 400).
    """
    from tensorflow_serving.apis import classification_pb2

    classes, scores = outputs.get(CLASSES), outputs.get(SCORES)
    for name, output, kind in ((CLASSES, classes, "DT_STRING"), (SCORES, scores, "DT_FLOAT")):
        if output is None:
            continue
        if output.ndim != 2:
            raise invalid_argument(f"Expected Tensor shape: [batch_size num_classes] but got {_shape(output)}")
        if _type_name(output) != kind:
            raise invalid_argument(f"Expected {name} Tensor of {kind}. Got: {_type_name(output)}")
        if len(output) != count:
            raise invalid_argument(f"Expected {name} output batch size of {count}. Got: {len(output)}")
    if classes is not None and scores is not None and classes.shape != scores.shape:
        raise invalid_argument(
            f"Tensors class and score should match in dim_size(1). Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    result = classification_pb2.ClassificationResult()
    width = next(output.shape[1] for output in (classes, scores) if output is not None)
    for row in range(count):
        labels = [""] * width if classes is None else [_label(label) for label in classes[row]]
        values = [0.0] * width if scores is None else scores[row].tolist()
        pairs = result.classifications.add().classes
        for label, value in zip(labels, values, strict=True):
            pairs.add(label=label, score=value)
    return result


def regression_result(outputs: Tensors, count: int) -> RegressionResult:
    """The answer to a regress request.

    Args:
        outputs: the signature's output `outputs`, float32 [N] or [N, 1].
        count: N, the number of examples.

    Raises:
        ServingError: an output has another type or shape (HTTP 400).
    """
    from tensorflow_serving.apis import regression_pb2

    output = outputs[REGRESSION_OUTPUT]
    if output.ndim != 1 and not (output.ndim == 2 and output.shape[1] == 1):
        raise invalid_argument(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {_shape(output)}"
        )
    if len(output) != count:
        raise invalid_argument(f"Input batch size did not match output batch size: {count} vs. {len(output)}")
    if _type_name(output) != "DT_FLOAT":
        raise invalid_argument(f"Expected output Tensor of DT_FLOAT.  Got: {_type_name(output)}")
    result = regression_pb2.RegressionResult()
    for value in output.reshape(-1).tolist():
        result.regressions.add(value=value)
    return result


def _text(signature: Any) -> str:
    from google.protobuf import text_format

    text: str = text_format.MessageToString(signature)
    return text


def _label(label: bytes) -> str:
    return label.decode("utf-8", "replace")  # a protocol buffer's string must be UTF-8


def _type_name(array: np.ndarray[Any, Any]) -> str:
    import tensorflow as tf
    from tensorflow.core.framework import types_pb2

    name: str = types_pb2.DataType.Name(tf.dtypes.as_dtype(array.dtype).as_datatype_enum)
    return name


def _shape(array: np.ndarray[Any, Any]) -> str:
    return f"[{','.join(map(str, array.shape))}]"
