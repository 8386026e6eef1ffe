"""Classify and regress: JSON to examples, examples to a signature, outputs to an answer."""

import shutil

import numpy as np
import pytest
import requests
from google.protobuf import json_format
from tensorflow.core.example import example_pb2
from tensorflow_serving.apis import classification_pb2

from car_classifier.serving.errors import Code, ServingError
from car_classifier.serving.http.json_examples import read_examples, write_classification, write_regression
from car_classifier.serving.models.examples import (
    classification_result,
    regression_result,
    request_inputs,
    signature_inputs,
)
from tests.support import saved_models as models
from tests.support.embedded_server import running

pytestmark = pytest.mark.slow


def ask(server, verb, body, name="examples") -> requests.Response:
    return requests.post(f"{server.url}/v1/models/{name}:{verb}", json=body, timeout=120)


@pytest.mark.parametrize(
    ("verb", "signature", "text"),
    [
        ("classify", None, '"results": [[["low", -2.5], ["high", 2.5]], [["low", -3.0], ["high", 3.0]]\n    ]'),
        ("classify", "scores", '"results": [[["", 2.5]], [["", 3.0]]\n    ]'),
        ("classify", "classes", '"results": [[["2.5", 0.0]], [["3.0", 0.0]]\n    ]'),
        ("regress", "regress", '"results": [2.5, 3.0]'),
    ],
)
def test_answers(asked, verb, signature, text):
    body = {"examples": [{"x": 1.0}, {"x": [2.0]}]} | ({"signature_name": signature} if signature else {})
    response = ask(asked, verb, body)
    assert (response.status_code, response.text) == (200, f"{{\n    {text}\n}}")


def test_a_context_belongs_to_every_example(asked):
    body = {"context": {"x": 3.0}, "examples": [{}, {"unknown": "z"}], "signature_name": "regress"}
    assert ask(asked, "regress", body).json() == {"results": [3.5, 3.5]}


@pytest.mark.parametrize(
    ("verb", "body", "message"),
    [
        ("classify", {"signature_name": "none"}, "No signature was found with the name: none"),
        ("classify", {"signature_name": "two"}, "Expected one input Tensor."),
        ("classify", {"signature_name": "other"}, 'outputs to contain at least one of "classes" or "scores".'),
        ("regress", {}, "Expected one output Tensor."),
        ("regress", {"signature_name": "other"}, "No regression outputs found in SignatureDef: "),
        ("regress", {"signature_name": "regress", "examples": [{"x": 1}]}, "Data types don't match."),
        ("classify", {"examples": []}, "'examples' value is an empty array"),
        ("classify", {"examples": {"x": 1.0}}, "Expecting 'examples' value to be an list/array"),
        ("regress", {"context": 3, "examples": []}, "Example must be JSON object but got JSON Number"),
    ],
)
def test_what_is_wrong_is_a_400_that_says_so(asked, verb, body, message):
    response = ask(asked, verb, {"examples": [{"x": 1.0}]} | body)
    assert (response.status_code, message in response.json()["error"]) == (400, True), response.text


def test_mistakes_in_the_examples_are_reported_before_a_missing_model(asked):
    url = f"{asked.url}/v1/models/none:classify"
    assert requests.post(url, json={"examples": [1]}, timeout=120).status_code == 400
    assert requests.post(url, json={"examples": [{"x": 1.0}]}, timeout=120).status_code == 404


def test_a_method_name_of_the_old_kind_makes_no_difference(tmp_path):
    models.save_examples(tmp_path / "new")
    models.set_method_name(tmp_path / "new", "serving_default", "tensorflow/serving/classify")
    shutil.move(tmp_path / "new", tmp_path / "1")
    with running(model_base_path=tmp_path, model_name="m") as server:
        server.wait("1", "AVAILABLE")
        described = requests.get(f"{server.url}/v1/models/m/metadata", timeout=120).json()["metadata"]
        signature = described["signature_def"]["signature_def"]["serving_default"]
        assert signature["method_name"] == "tensorflow/serving/classify"
        answer = ask(server, "classify", {"examples": [{"x": 1.0}]}, "m")
        assert answer.json() == {"results": [[["low", -2.5], ["high", 2.5]]]}


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({"a": 1.5}, {"a": {"floatList": {"value": [1.5]}}}),
        ({"a": [1, -(2**63)]}, {"a": {"int64List": {"value": ["1", str(-(2**63))]}}}),
        ({"a": [True, 2]}, {"a": {"int64List": {"value": ["1", "2"]}}}),
        ({"a": ["x", {"b64": "AP8="}]}, {"a": {"bytesList": {"value": ["eA==", "AP8="]}}}),
        ({"a": [1e300, 2**64, float("nan")]}, {"a": {"floatList": {"value": ["Infinity", 1.8446744e19, "NaN"]}}}),
        ({"a": [], "é": 1}, {"a": {}, "é": {"int64List": {"value": ["1"]}}}),
    ],
)
def test_features(features, expected):
    (example,), context = read_examples({"examples": [features]})
    assert (json_format.MessageToDict(example.features)["feature"], context) == (expected, None)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "Feature: a has element with unexpected JSON type: Null"),
        ([[1]], "Feature: a has element with unexpected JSON type: Array"),
        ({"c": 1}, "Feature: a has element with unexpected JSON type: Object"),
        ([1, 1.5], "Unexpected element type in feature: a expecting type: int64"),
        ([1.5, True], "Unexpected element type in feature: a expecting type: float"),
        ([1.5, "x"], "Unexpected element type in feature: a expecting type: float"),
        (["x", 1], "Unexpected element type in feature: a expecting type: bytes"),
        (2**63, "Feature: a has uint64 element. Only int64 is supported."),
        ({"b64": "*"}, "Unable to base64 decode"),
        (10**400, "Number too big to be stored in double."),
    ],
)
def test_features_that_cannot_be(value, message):
    with pytest.raises(ServingError, match=message) as caught:
        read_examples({"examples": [{"a": value}]})
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_the_examples_of_a_grpc_request():
    request = classification_pb2.ClassificationRequest()
    with pytest.raises(ServingError, match="Input is empty."):
        request_inputs(request.input)
    with_context = request.input.example_list_with_context
    with_context.context.features.feature["a"].int64_list.value.append(1)
    with_context.examples.add().features.feature["b"].int64_list.value.append(2)
    (serialized,) = request_inputs(request.input)["inputs"]
    assert set(example_pb2.Example.FromString(serialized).features.feature) == {"a", "b"}

    request.input.example_list.examples.add()
    np.testing.assert_array_equal(request_inputs(request.input)["inputs"], np.array([b""], object))


def test_examples_that_end_in_zeros_keep_every_byte():
    example = example_pb2.Example()
    example.features.feature["a"].bytes_list.value.append(b"\0\0")
    (serialized,) = signature_inputs([example])["inputs"]
    assert serialized == example.SerializeToString()


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"scores": np.zeros(2, np.float32)}, r"Expected Tensor shape: \[batch_size num_classes\] but got \[2\]"),
        ({"classes": np.zeros([2, 1], np.int64)}, "Expected classes Tensor of DT_STRING. Got: DT_INT64"),
        ({"scores": np.zeros([2, 1], np.float64)}, "Expected scores Tensor of DT_FLOAT. Got: DT_DOUBLE"),
        ({"scores": np.zeros([3, 1], np.float32)}, "Expected scores output batch size of 2. Got: 3"),
        (
            {"classes": np.full([2, 2], b"a", object), "scores": np.zeros([2, 3], np.float32)},
            r"Tensors class and score should match in dim_size\(1\). Got 2 vs. 3",
        ),
    ],
)
def test_outputs_that_are_no_classification(outputs, message):
    with pytest.raises(ServingError, match=message):
        classification_result(outputs, 2)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (np.zeros([2, 2], np.float32), r"either \[batch_size\] or \[batch_size, 1\] but got \[2,2\]"),
        (np.zeros(3, np.float32), "Input batch size did not match output batch size: 2 vs. 3"),
        (np.zeros(2, np.int64), "Expected output Tensor of DT_FLOAT.  Got: DT_INT64"),
    ],
)
def test_outputs_that_are_no_regression(output, message):
    with pytest.raises(ServingError, match=message):
        regression_result({"outputs": output}, 2)


def test_a_regression_may_have_a_column():
    result = regression_result({"outputs": np.float32([[1], [2]])}, 2)
    assert write_regression(result) == '{\n    "results": [1.0, 2.0]\n}'


def test_labels_are_json_strings():
    outputs = {"classes": np.array([['"é'.encode(), b"\xff"]], object)}
    assert write_classification(classification_result(outputs, 1)) == (
        '{\n    "results": [[["\\"é", 0.0], ["\ufffd", 0.0]]\n    ]\n}'
    )
