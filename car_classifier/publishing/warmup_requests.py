"""Requests that a server sends itself before it lets a version answer, so that no user waits for the first one."""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog, PredictLog


def write_warmup_requests(path: Path, photos: Sequence[bytes]) -> None:
    """Write `tf_serving_warmup_requests`: a `classify` and an `explain` request for each photo.

    Args:
        path: The TFRecord file of `PredictionLog` messages to write.
        photos: Contents of JPEG or PNG files.
    """
    with tf.io.TFRecordWriter(str(path)) as writer:
        for photo in photos:
            inputs = {"image_bytes": tf.constant([photo]), "class_index": tf.constant([-1])}
            for signature, names in (
                ("classify", ["image_bytes"]),
                ("explain", ["image_bytes", "class_index"]),
            ):
                request = PredictRequest()
                request.model_spec.signature_name = signature
                for name in names:
                    request.inputs[name].CopyFrom(tf.make_tensor_proto(inputs[name]))
                writer.write(PredictionLog(predict_log=PredictLog(request=request)).SerializeToString())
