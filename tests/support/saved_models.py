"""Small SavedModels for the servers under test."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2


def saved_once(save: Callable[..., Path]) -> Callable[..., Path]:
    """Saves a model once; later calls write the same files without TensorFlow."""
    saved: dict[tuple, dict[Path, bytes]] = {}

    @wraps(save)
    def write(folder: Path, *arguments: object) -> Path:
        if arguments not in saved:
            save(folder, *arguments)
            files = (path for path in folder.rglob("*") if path.is_file())
            saved[arguments] = {path.relative_to(folder): path.read_bytes() for path in files}
        for name, content in saved[arguments].items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder

    return write


class HalfPlus(tf.Module):
    """y = 0.5 x + c."""

    def __init__(self, c: float):
        super().__init__()
        self.c = tf.Variable(c)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def predict(self, x):
        return {"y": 0.5 * x + self.c}


class Heavy(tf.Module):
    """y = x + the mean of 50 MB."""

    def __init__(self):
        super().__init__()
        self.parts = [tf.Variable(tf.fill([256, 1000], 1.0)) for _ in range(50)]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def predict(self, x):
        return {"y": x + tf.reduce_mean([tf.reduce_mean(part) for part in self.parts])}


class Multi(tf.Module):
    """One signature for each kind of request in the recorded answers."""

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
    """Signatures that can fail inside the graph, one that takes a while, and one that a test ends."""

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

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="path")])
    def read(self, path):
        return {"content": tf.io.read_file(path)}

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

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.string, name="pipes")])
    def wait(self, pipes):
        """Writes a word into each of two named pipes; each takes until somebody reads it."""
        tf.io.write_file(pipes[0, 0], "begun")
        tf.io.write_file(pipes[0, 1], "ended")
        return {"pipes": tf.identity(pipes)}


ECHO_DTYPES = [
    *(tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.complex64, tf.complex128, tf.bool, tf.string),
    *(tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64),
]


class Echo(tf.Module):
    """For each dtype a signature of its name that returns its input."""

    def echo(self, dtype: tf.DType):
        def echo(x):
            return {"y": tf.identity(x)}

        return tf.function(echo, input_signature=[tf.TensorSpec([None, None], dtype, name="x")])


@saved_once
def save_echo(folder: Path) -> Path:
    module = Echo()
    tf.saved_model.save(module, str(folder), signatures={dtype.name: module.echo(dtype) for dtype in ECHO_DTYPES})
    return folder


class Batchable(tf.Module):
    """Signatures whose requests can be merged, and some whose requests cannot."""

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="x")])
    def double(self, x):
        return {"y": 2.0 * x}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="x")])
    def positive(self, x):
        with tf.control_dependencies([tf.debugging.assert_positive(x, message="Only positive numbers.")]):
            return {"y": tf.identity(x)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def text(self, text):
        return {"echo": text, "length": tf.strings.length(text)}

    @tf.function(
        input_signature=[tf.TensorSpec([None, 1], tf.float32, name="x"), tf.TensorSpec([None], tf.int32, name="k")]
    )
    def sum(self, x, k):
        return {"y": x[:, 0] + tf.cast(k, tf.float32)}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="x")])
    def total(self, x):
        return {"y": tf.reduce_sum(x)}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="x")])
    def head(self, x):
        return {"y": x[:1]}


class Examples(tf.Module):
    """Signatures that take serialized `tf.Example`s with a feature `x` and return y = 0.5 x + 2."""

    def _y(self, inputs):
        feature = {"x": tf.io.FixedLenFeature([], tf.float32)}
        return 0.5 * tf.io.parse_example(inputs, feature)["x"] + 2.0

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def classify(self, inputs):
        y = self._y(inputs)
        classes = tf.tile([["low", "high"]], [tf.size(y), 1])
        return {"classes": classes, "scores": tf.stack([-y, y], 1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def regress(self, inputs):
        return {"outputs": self._y(inputs)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def scores(self, inputs):
        return {"scores": self._y(inputs)[:, None]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def classes(self, inputs):
        return {"classes": tf.strings.as_string(self._y(inputs), precision=1)[:, None]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def other(self, inputs):
        return {"y": inputs}

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string, name="inputs"), tf.TensorSpec([None], tf.string, name="more")]
    )
    def two(self, inputs, more):
        return {"outputs": self._y(inputs), "more": more}


class Explained(tf.Module):
    """The inputs and outputs of our models' `classify` and `explain`, from the length of the bytes alone."""

    def _classified(self, image_bytes):
        probability = 1.0 / tf.cast(1 + tf.strings.length(image_bytes), tf.float32)
        return {"labels": tf.tile([["a"]], [tf.size(image_bytes), 1]), "probabilities": probability[:, None]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def classify(self, image_bytes):
        return self._classified(image_bytes)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="image_bytes"),
            tf.TensorSpec([None], tf.int32, name="class_index"),
        ]
    )
    def explain(self, image_bytes, class_index):
        return self._classified(image_bytes) | {"asked": class_index, "maps": tf.zeros([tf.size(class_index), 1, 2])}


def _save(module: tf.Module, folder: Path, default: str, *names: str) -> Path:
    """Saves a module; signatures are methods of the same names, and one is the default."""
    signatures = {"serving_default": default} | {name: name for name in names}
    tf.saved_model.save(
        module, str(folder), signatures={name: getattr(module, method) for name, method in signatures.items()}
    )
    return folder


@saved_once
def save_half_plus(folder: Path, c: float) -> Path:
    return _save(HalfPlus(c), folder, "predict")


def save_heavy(folder: Path) -> Path:
    return _save(Heavy(), folder, "predict")


@saved_once
def save_multi(folder: Path) -> Path:
    return _save(Multi(), folder, "add", "text", "scalar", "uneven")


@saved_once
def save_guarded(folder: Path) -> Path:
    return _save(Guarded(), folder, "convolve", "decode", "positive", "read", "join", "slow", "wait")


@saved_once
def save_batchable(folder: Path) -> Path:
    return _save(Batchable(), folder, "double", "positive", "text", "sum", "total", "head")


@saved_once
def save_examples(folder: Path) -> Path:
    return _save(Examples(), folder, "classify", "regress", "scores", "classes", "other", "two")


def examples_request(request_type, xs: list[float], signature_name: str = ""):
    """A request to classify or regress, for `Examples`."""
    request = request_type()
    request.model_spec.name, request.model_spec.signature_name = "examples", signature_name
    for x in xs:
        request.input.example_list.examples.add().features.feature["x"].float_list.value.append(x)
    return request


@saved_once
def save_explained(folder: Path, with_explain: bool = True) -> Path:
    module = Explained()
    signatures = {"classify": module.classify} | ({"explain": module.explain} if with_explain else {})
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


def set_method_name(folder: Path, signature: str, method_name: str) -> None:
    """Writes a method name, which `tf.saved_model.save` cannot set."""
    path = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    saved.meta_graphs[0].signature_def[signature].method_name = method_name
    path.write_bytes(saved.SerializeToString())


def write_warmup(folder: Path, records: list[bytes]) -> None:
    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def warmup_record(x: list[float], input_name: str = "x") -> bytes:
    """A PredictionLog for the default signature of `HalfPlus`."""
    return predict_record({input_name: np.array(x, np.float32)})


def predict_record(inputs: dict[str, np.ndarray], signature_name: str = "") -> bytes:
    """A PredictionLog for any signature."""
    request = predict_pb2.PredictRequest()
    request.model_spec.signature_name = signature_name
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
    return log.SerializeToString()
