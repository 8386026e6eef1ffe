"""Small SavedModels for the servers under test."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2


class HalfPlus(tf.Module):
    """y = 0.5 x + c."""

    def __init__(self, c: float):
        super().__init__()
        self.c = tf.Variable(c)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def predict(self, x):
        return {"y": 0.5 * x + self.c}


class Multi(tf.Module):
    """One signature for each kind of request that the recorded answers hold."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 2], tf.float32, name="a"),
            tf.TensorSpec([None], tf.int32, name="k"),
        ]
    )
    def add(self, a, k):
        return {"total": tf.reduce_sum(a, 1) + tf.cast(k, tf.float32), "twice": 2 * k, "positive": k > 0}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def text(self, text):
        return {"echo": text, "echo_bytes": text, "length": tf.strings.length(text)}

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="x")])
    def scalar(self, x):
        return {"y": x + 1.0}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def uneven(self, x):
        return {"y": x, "n": tf.shape(x)[0]}


class Guarded(tf.Module):
    """Signatures that can fail inside the graph, and one that takes a while."""

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 4, 3], tf.float32, name="images")])
    def convolve(self, images):
        images = tf.ensure_shape(images, [None, 4, 4, 3])
        return {"sums": tf.reduce_sum(tf.nn.conv2d(images, tf.ones([2, 2, 3, 1]), 1, "SAME"), [1, 2, 3])}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def decode(self, image_bytes):
        def size(data):
            return tf.shape(tf.io.decode_image(data, expand_animations=False))

        return {"sizes": tf.map_fn(size, image_bytes, fn_output_signature=tf.TensorSpec([3], tf.int32))}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def positive(self, x):
        with tf.control_dependencies([tf.debugging.assert_positive(x, message="Only positive numbers.")]):
            return {"y": tf.identity(x)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="parts")])
    def join(self, parts):
        return {"joined_bytes": tf.strings.reduce_join(parts)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="turns")])
    def slow(self, turns):
        def turn(i, m):
            return i + 1, m @ m / tf.norm(m)

        n = tf.reduce_max(turns)
        _, m = tf.while_loop(lambda i, _: i < n, turn, [0, tf.ones([200, 200])])
        return {"norm": tf.repeat(tf.norm(m), tf.size(turns))}


def save_half_plus(folder: Path, c: float) -> Path:
    module = HalfPlus(c)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.predict})
    return folder


def save_multi(folder: Path) -> Path:
    module = Multi()
    signatures = {
        "serving_default": module.add,
        "text": module.text,
        "scalar": module.scalar,
        "uneven": module.uneven,
    }
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


def save_guarded(folder: Path) -> Path:
    module = Guarded()
    signatures = {
        "serving_default": module.convolve,
        "decode": module.decode,
        "positive": module.positive,
        "join": module.join,
        "slow": module.slow,
    }
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


def write_warmup(folder: Path, records: list[bytes]) -> None:
    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def warmup_record(x: list[float], input_name: str = "x") -> bytes:
    """A PredictionLog for the default signature of `HalfPlus`."""
    request = predict_pb2.PredictRequest()
    request.inputs[input_name].CopyFrom(tf.make_tensor_proto(np.array(x, np.float32)))
    log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
    return log.SerializeToString()
