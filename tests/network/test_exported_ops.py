"""A published model needs only stock TensorFlow ops: no Python, and no op that 2.20 lacks."""

import sys
from pathlib import Path

import keras
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from car_classifier.network.backbones import BACKBONES, build_backbone
from car_classifier.network.head import build_head
from car_classifier.network.signatures import Classifier, save
from tests.support import fresh_process
from tests.support.nets import tiny_classifier
from tests.support.repository import ROOT
from tests.support.saved_model_ops import WHOLE_FILE, foreign_ops, meta_graph, ops_by_signature

pytestmark = pytest.mark.slow

DEEP_INSIDE = {"DecodeJpeg", "DecodePng", "Conv2D", "Softmax"}
"""Ops of every photo signature that are functions of functions away from it."""

LABELS = ["A_1", "A_2", "B_1"]


def classifier_on(backbone: str, output_stride: int = 32, hidden_units: int = 0) -> Classifier:
    """A backbone with random weights, and a head."""
    size = (48, 64)
    net = build_backbone(BACKBONES[backbone], size, "none", output_stride)
    head = build_head(net.output_shape[1:], len(LABELS), hidden_units)
    return Classifier(BACKBONES[backbone], net, head, LABELS, {label: label[0] for label in LABELS}, 1.0, size)


@pytest.fixture(
    params=[
        pytest.param((tiny_classifier, {}), id="pooled head"),
        pytest.param((tiny_classifier, {"layers": 2}), id="two layers"),
        pytest.param((tiny_classifier, {"hidden_units": 12}), id="hidden layer"),
        *(
            pytest.param(
                (classifier_on, {"backbone": name}),
                id=name,
                marks=pytest.mark.slow if name == "ResNet50V2" else pytest.mark.long,
            )
            for name in sorted(BACKBONES)
        ),
    ]
)
def published(request, tmp_path) -> Path:
    """A SavedModel of each kind of net and head."""
    make, settings = request.param
    save(make(**settings), str(tmp_path / "1"))
    return tmp_path / "1"


def test_tensorflow_is_of_the_minor_version_that_serves():
    assert tf.__version__.startswith("2.20.")


def test_every_op_is_stock_tensorflows(published):
    ops = ops_by_signature(published)
    for name, ops_of_signature in ops.items():
        sys.stdout.write(f"{name}: {', '.join(sorted(ops_of_signature))}\n")  # `pytest -rP` shows it
    assert foreign_ops(published) == {}
    for name in ("classify", "explain", "all_classes"):
        assert ops[name] >= DEEP_INSIDE
    assert ops[WHOLE_FILE] >= set().union(*ops.values()) > ops["serving_default"] >= {"Conv2D", "Softmax"}
    # TensorFlow's own list leaves out what only the bodies of loops hold.
    assert ops[WHOLE_FILE] >= {op.name for op in meta_graph(published).meta_info_def.stripped_op_list.op}


def test_the_net_and_the_decoder_are_in_the_graph_once_for_all_signatures(tmp_path):
    classifier = tiny_classifier()
    save(classifier, str(tmp_path / "1"))
    functions = meta_graph(tmp_path / "1").graph_def.library.function
    ops = [node.op for function in functions for node in function.node_def]
    assert ops.count("Conv2D") == sum(isinstance(layer, keras.layers.Conv2D) for layer in classifier.net.layers) > 0
    assert ops.count("DecodeJpeg") == 1


@pytest.mark.slow
def test_every_op_of_the_demo_model_is_stock_tensorflows(demo_model_dir):
    assert foreign_ops(demo_model_dir / "1") == {}


def by_python(x):
    return tf.py_function(lambda value: value, [x], tf.float32)


def by_numpy(x):
    return tf.numpy_function(lambda value: value, [x], tf.float32)


def by_stateless_numpy(x):
    return tf.numpy_function(lambda value: value, [x], tf.float32, stateful=False)


def save_function(function, folder: Path) -> Path:
    """A signature `odd` that calls a function on each number, and a good one."""
    module = tf.Module()
    spec = [tf.TensorSpec([None], tf.float32, name="x")]
    module.odd = tf.function(lambda x: {"y": function(x)}, input_signature=spec)
    module.even = tf.function(lambda x: {"y": tf.exp(x)}, input_signature=spec)
    tf.saved_model.save(module, str(folder), signatures={"odd": module.odd, "even": module.even})
    return folder


@pytest.mark.parametrize(
    ("function", "op"),
    [
        (by_python, "EagerPyFunc"),
        (by_numpy, "PyFunc"),
        (by_stateless_numpy, "PyFuncStateless"),
        (lambda x: tf.map_fn(by_python, x), "EagerPyFunc"),
        (lambda x: tf.cond(x[0] > 0, lambda: by_numpy(x), lambda: x), "PyFunc"),
        (lambda x: tf.switch_case(tf.size(x), [lambda: x, lambda: x, lambda: by_numpy(x)]), "PyFunc"),
        (tf.function(lambda x: tf.function(by_numpy)(x)), "PyFunc"),
    ],
    ids=["eager", "numpy", "stateless", "in a loop", "in a condition", "in one of many", "in a function"],
)
def test_python_is_found_wherever_it_hides(function, op, tmp_path):
    assert foreign_ops(save_function(function, tmp_path / "1")) == {"odd": {op}, WHOLE_FILE: {op}}


def rename(folder: Path, op: str, new: str) -> None:
    """Gives an op another name in all functions of a SavedModel."""
    path = folder / "saved_model.pb"
    saved = SavedModel.FromString(path.read_bytes())
    nodes = [node for function in saved.meta_graphs[0].graph_def.library.function for node in function.node_def]
    for node in nodes:
        node.op = new if node.op == op else node.op
    path.write_bytes(saved.SerializeToString())


@pytest.mark.parametrize("new", ["CarExp", "TPUCompile", "_FusedConv2D"])
def test_an_op_that_a_server_does_not_know_is_found(new, tmp_path):
    folder = save_function(tf.exp, tmp_path / "1")
    assert foreign_ops(folder) == {}
    rename(folder, "Exp", new)
    assert foreign_ops(folder) == {"odd": {new}, "even": {new}, WHOLE_FILE: {new}}


def test_what_no_signature_uses_must_be_known_as_well(tmp_path):
    folder = save_function(tf.exp, tmp_path / "1")
    path = folder / "saved_model.pb"
    saved = SavedModel.FromString(path.read_bytes())
    saved.meta_graphs[0].graph_def.node.add(name="left_over", op="CarOp")
    path.write_bytes(saved.SerializeToString())
    assert foreign_ops(folder) == {WHOLE_FILE: {"CarOp"}}


def test_the_process_that_has_no_project_would_notice_one(tmp_path):
    """The other tests' fresh processes prove something only because this one fails."""
    result = fresh_process.run(["v1", "model", "request", "answer"], tmp_path, [*fresh_process.LIBRARIES, str(ROOT)])
    assert (result.returncode, result.stderr) == (1, "car_classifier can be imported here\n")
