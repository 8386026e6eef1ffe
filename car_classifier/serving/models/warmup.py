"""Requests stored with a model that run before it takes traffic, so that no user waits for the slow first ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from car_classifier.registry.published_version import PublishedVersion
from car_classifier.serving.errors import Code, ServingError, from_tensorflow, invalid_argument
from car_classifier.serving.models import examples
from car_classifier.serving.models.saved_model import SavedModel, Tensors
from car_classifier.serving.models.tensor_protos import to_array

MAX_RECORDS = 1000

_TASKS: dict[str, examples.Task] = {"classify_log": "classify", "regress_log": "regress"}


def warm_up(model: SavedModel, folder: Path, stopping: Callable[[], bool] = lambda: False) -> int:
    """Run the warm-up requests of a version, if it has any.

    Args:
        model: the loaded version.
        folder: its folder, in which the requests are a TFRecord file of `PredictionLog` messages.
        stopping: called before each request; True ends the warm-up early.

    Returns:
        The number of requests that were run.

    Raises:
        ServingError: a record cannot be read or run, or there are more than 1000 records.
    """
    path = PublishedVersion(folder).warmup_path
    if not path.is_file():
        return 0
    import tensorflow as tf

    count = 0
    try:
        for record in tf.data.TFRecordDataset(str(path)):
            if stopping():
                break
            if count == MAX_RECORDS:
                raise invalid_argument(f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {path}")
            _run_record(model, record.numpy(), path)
            count += 1
    except tf.errors.DataLossError as error:
        raise ServingError(
            Code.DATA_LOSS, f"{error.message}. Please verify your warmup data is in TFRecord format."
        ) from error
    except tf.errors.OpError as error:
        raise from_tensorflow(error) from error
    return count


def _run_record(model: SavedModel, record: bytes, path: Path) -> None:
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import prediction_log_pb2

    try:
        log = prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError:
        raise invalid_argument(f"Failed to parse warmup record: {record!r} from {path}") from None
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        request = log.predict_log.request
        inputs: Tensors = {name: to_array(name, tensor) for name, tensor in request.inputs.items()}
    elif kind in _TASKS:
        request = getattr(log, kind).request
        examples.check_signature(model, request.model_spec.signature_name, _TASKS[kind])
        inputs = examples.request_inputs(request.input)
    else:
        raise ServingError(
            Code.UNIMPLEMENTED,
            f"Unsupported log_type for warmup: {kind}. Only predict, classify and regress requests are run here.",
        )
    model.run(request.model_spec.signature_name, inputs)
