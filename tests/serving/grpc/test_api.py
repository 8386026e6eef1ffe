"""The gRPC interface, through a real channel with `tensorflow-serving-api`'s stubs."""

from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from car_classifier.errors import UserError
from car_classifier.serving import ModelServer, ServedModel, ServerSettings
from tests.support import saved_models as models
from tests.support.embedded_server import Pipes, running, until

pytestmark = pytest.mark.slow

SIGNATURES = "signature_def"


@dataclass
class Client:
    """Stubs on one channel, and helpers for requests."""

    prediction: prediction_service_pb2_grpc.PredictionServiceStub
    model: model_service_pb2_grpc.ModelServiceStub

    @classmethod
    def of(cls, channel: grpc.Channel) -> "Client":
        return cls(
            prediction_service_pb2_grpc.PredictionServiceStub(channel),
            model_service_pb2_grpc.ModelServiceStub(channel),
        )

    def predict(self, spec: dict, inputs: dict, output_filter=(), timeout: float = 30) -> predict_pb2.PredictResponse:
        return self.prediction.Predict(predict_request(spec, inputs, output_filter), timeout=timeout)

    def status(self, **spec) -> dict[int, str]:
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=model_spec(**spec))
        lines = self.model.GetModelStatus(request, timeout=30, wait_for_ready=True).model_version_status
        return {line.version: get_model_status_pb2.ModelVersionStatus.State.Name(line.state) for line in lines}


def model_spec(name="", version=None, label=None, signature=""):
    spec = predict_pb2.PredictRequest().model_spec
    spec.name, spec.signature_name = name, signature
    if version is not None:
        spec.version.value = version
    if label is not None:
        spec.version_label = label
    return spec


def predict_request(spec: dict, inputs: dict, output_filter=()) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest(model_spec=model_spec(**spec), output_filter=output_filter)
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(value if hasattr(value, "tensor_shape") else tf.make_tensor_proto(value))
    return request


def arrays(response) -> dict[str, list]:
    return {name: tf.make_ndarray(proto).tolist() for name, proto in response.outputs.items()}


@pytest.fixture(scope="module")
def client(grpc_address) -> Iterator[Client]:
    with grpc.insecure_channel(grpc_address, [("grpc.max_receive_message_length", -1)]) as channel:
        client = Client.of(channel)
        client.status(name="half_plus_two")  # waits until the server answers
        yield client


@pytest.mark.parametrize(
    ("spec", "answer", "version"),
    [
        ({"name": "half_plus_two"}, [3.5], 2),
        ({"name": "half_plus_two", "version": 1}, [2.5], 1),
        ({"name": "half_plus_two", "version": 2}, [3.5], 2),
        ({"name": "half_plus_two", "label": "stable"}, [2.5], 1),
        ({"name": "half_plus_two", "signature": "serving_default"}, [3.5], 2),
    ],
)
def test_predict_asks_the_version_that_is_named(client, spec, answer, version):
    response = client.predict(spec, {"x": np.float32([1])})
    assert arrays(response) == {"y": answer}
    assert response.model_spec == model_spec(spec["name"], version, signature="serving_default")


@pytest.mark.parametrize("dtype", models.ECHO_DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("packed", [True, False], ids=["content", "values"])
def test_every_dtype_goes_there_and_back(client, dtype, packed):
    values = [[b"a\x00\xff", b""]] if dtype == tf.string else np.array([[0, 1]], dtype.as_numpy_dtype)
    sent = tf.make_tensor_proto(values, dtype)
    if not packed and dtype != tf.string:
        # One value stands for all that follow it.
        sent = tf.make_tensor_proto(np.array(1, dtype.as_numpy_dtype), dtype, shape=[1, 2])
        values = np.ones([1, 2], dtype.as_numpy_dtype)
    got = client.predict({"name": "echo", "signature": dtype.name}, {"x": sent}).outputs["y"]
    assert got.dtype == dtype.as_datatype_enum
    assert not got.tensor_content
    np.testing.assert_array_equal(tf.make_ndarray(got), np.array(values, dtype.as_numpy_dtype))


def test_values_lie_in_the_field_of_their_type(client):
    inputs = {"a": np.float32([[1, 2], [3, 4]]), "k": np.int32([5, -6])}
    outputs = client.predict({"name": "multi"}, inputs).outputs
    assert list(outputs["total"].float_val) == [8, 1]
    assert list(outputs["twice"].int_val) == [10, -12]
    assert list(outputs["positive"].bool_val) == [True, False]


def test_a_filter_chooses_outputs(client):
    inputs = {"a": np.float32([[1, 2]]), "k": np.int32([5])}
    response = client.predict({"name": "multi"}, inputs, output_filter=["twice", "total"])
    assert arrays(response) == {"twice": [10], "total": [8]}


def test_a_scalar_and_an_empty_batch(client):
    response = client.predict({"name": "multi", "signature": "scalar"}, {"x": np.float32(1)})
    assert arrays(response) == {"y": 2}
    assert arrays(client.predict({"name": "half_plus_two"}, {"x": np.zeros(0, np.float32)})) == {"y": []}


def test_classify(client):
    request = models.examples_request(classification_pb2.ClassificationRequest, [0.0, 1.0])
    answer = client.prediction.Classify(request, timeout=30)
    classes = [[(pair.label, pair.score) for pair in row.classes] for row in answer.result.classifications]
    assert classes == [[("low", -2.0), ("high", 2.0)], [("low", -2.5), ("high", 2.5)]]
    assert answer.model_spec == model_spec("examples", 1, signature="serving_default")


def test_regress(client):
    request = models.examples_request(regression_pb2.RegressionRequest, [0.0, 1.0], "regress")
    answer = client.prediction.Regress(request, timeout=30)
    assert [row.value for row in answer.result.regressions] == [2.0, 2.5]
    assert answer.model_spec == model_spec("examples", 1, signature="regress")


def test_classify_with_a_signature_that_cannot(client):
    request = models.examples_request(classification_pb2.ClassificationRequest, [0.25], "regress")
    with pytest.raises(grpc.RpcError) as caught:
        client.prediction.Classify(request, timeout=30)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "Expected classification signature outputs" in caught.value.details()


def test_a_message_larger_than_grpc_takes_by_itself(client):
    photo = np.random.default_rng(0).bytes(9_000_000)
    response = client.predict({"name": "multi", "signature": "text"}, {"text": [photo]})
    assert response.outputs["echo_bytes"].string_val[:] == [photo]


X = {"x": np.float32([1])}
BAD_SHAPE = tf.make_tensor_proto(np.float32([1, 2]))
BAD_SHAPE.tensor_shape.dim[0].size = 3
UNKNOWN_SIZE = tf.make_tensor_proto(np.float32([1, 2]))
UNKNOWN_SIZE.tensor_shape.dim[0].size = -1


@pytest.mark.parametrize(
    ("spec", "inputs", "output_filter", "code", "text"),
    [
        ({"name": ""}, X, [], "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        ({"name": "none"}, X, [], "NOT_FOUND", "Servable not found for request: Latest(none)"),
        (
            {"name": "half_plus_two", "version": 9},
            X,
            [],
            "NOT_FOUND",
            "Servable not found for request: Specific(half_plus_two, 9)",
        ),
        (
            {"name": "half_plus_two", "label": "gone"},
            X,
            [],
            "NOT_FOUND",
            "Servable not found for request: Specific(half_plus_two, 7)",
        ),
        ({"name": "half_plus_two", "label": "x"}, X, [], "INVALID_ARGUMENT", "Unrecognized servable version label: x"),
        (
            {"name": "half_plus_two", "signature": "none"},
            X,
            [],
            "FAILED_PRECONDITION",
            'Serving signature key "none" not found.',
        ),
        (
            {"name": "multi"},
            {"a": np.float32([[1, 2]])},
            [],
            "INVALID_ARGUMENT",
            "input size does not match signature: 1!=2 len({a}) != len({a,k}). "
            "Sent extra: {}. Missing but required: {k}.",
        ),
        (
            {"name": "half_plus_two"},
            {"z": np.float32([1])},
            [],
            "INVALID_ARGUMENT",
            "Signature input alias: x(feed name: serving_default_x:0) not found in request",
        ),
        ({"name": "half_plus_two"}, {"x": BAD_SHAPE}, [], "INVALID_ARGUMENT", "tensor parsing error: x"),
        ({"name": "half_plus_two"}, {"x": UNKNOWN_SIZE}, [], "INVALID_ARGUMENT", "tensor parsing error: x"),
        ({"name": "half_plus_two"}, {"x": np.int64([1])}, [], "INVALID_ARGUMENT", "to be float but int64 is provided"),
        ({"name": "half_plus_two"}, {"x": [b"1"]}, [], "INVALID_ARGUMENT", "to be float but string is provided"),
        (
            {"name": "half_plus_two"},
            X,
            ["z"],
            "INVALID_ARGUMENT",
            "output tensor alias not found in signature: z Outputs expected to be in the set {y}.",
        ),
        ({"name": "half_plus_two"}, X, ["y", "y"], "INVALID_ARGUMENT", "duplicate output tensor alias: y"),
        (
            {"name": "guarded", "signature": "positive"},
            {"x": np.float32([-1])},
            [],
            "INVALID_ARGUMENT",
            "assertion failed: [Only positive numbers.",
        ),
    ],
)
def test_errors(client, spec, inputs, output_filter, code, text):
    with pytest.raises(grpc.RpcError) as caught:
        client.predict(spec, inputs, output_filter)
    assert caught.value.code().name == code
    assert text in caught.value.details()


@pytest.mark.parametrize(
    ("service", "method", "request_type", "code", "text"),
    [
        ("prediction", "Predict", predict_pb2.PredictRequest, "INVALID_ARGUMENT", "Missing ModelSpec"),
        ("prediction", "Classify", classification_pb2.ClassificationRequest, "INVALID_ARGUMENT", "Missing ModelSpec"),
        ("prediction", "Regress", regression_pb2.RegressionRequest, "INVALID_ARGUMENT", "Missing ModelSpec"),
        (
            "prediction",
            "GetModelMetadata",
            get_model_metadata_pb2.GetModelMetadataRequest,
            "INVALID_ARGUMENT",
            "Missing ModelSpec",
        ),
        ("prediction", "MultiInference", inference_pb2.MultiInferenceRequest, "UNIMPLEMENTED", ""),
        (
            "model",
            "GetModelStatus",
            get_model_status_pb2.GetModelStatusRequest,
            "INVALID_ARGUMENT",
            "Missing ModelSpec",
        ),
        (
            "model",
            "HandleReloadConfigRequest",
            model_management_pb2.ReloadConfigRequest,
            "INVALID_ARGUMENT",
            "Only ModelConfigList is currently supported",
        ),
    ],
)
def test_an_empty_request(client, service, method, request_type, code, text):
    with pytest.raises(grpc.RpcError) as caught:
        getattr(getattr(client, service), method)(request_type(), timeout=30)
    assert caught.value.code().name == code
    assert text in caught.value.details()


def test_a_long_error_is_cut(client):
    name = "n" * 2000
    with pytest.raises(grpc.RpcError) as caught:
        client.predict({"name": name}, X)
    assert caught.value.details() == f"Servable not found for request: Latest({name}"[:1024] + "...TRUNCATED"


def test_status(client):
    assert client.status(name="half_plus_two") == {1: "AVAILABLE", 2: "AVAILABLE"}
    assert client.status(name="half_plus_two", version=1) == {1: "AVAILABLE"}
    assert client.status(name="half_plus_two", label="stable") == {1: "AVAILABLE", 2: "AVAILABLE"}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"name": "none"}, "Could not find any versions of model none"),
        ({"name": "half_plus_two", "version": 9}, "Could not find version 9 of model half_plus_two"),
    ],
)
def test_status_of_the_unknown(client, spec, text):
    with pytest.raises(grpc.RpcError) as caught:
        client.status(**spec)
    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.NOT_FOUND, text)


def test_the_status_says_why_a_version_is_not_there(tmp_path):
    (tmp_path / "3").mkdir()
    with running(model_base_path=tmp_path, model_name="m", port=0) as server:
        server.wait("3", "END")
        with grpc.insecure_channel(server.server.grpc_address) as channel:
            request = get_model_status_pb2.GetModelStatusRequest(model_spec=model_spec("m"))
            (line,) = (
                Client.of(channel).model.GetModelStatus(request, timeout=30, wait_for_ready=True).model_version_status
            )
    assert (line.version, line.status.error_code) == (3, grpc.StatusCode.NOT_FOUND.value[0])
    assert "SavedModel" in line.status.error_message


@pytest.mark.parametrize(
    ("spec", "version"), [({}, 2), ({"version": 1}, 1), ({"label": "stable"}, 1)], ids=["latest", "version", "label"]
)
def test_metadata(client, spec, version):
    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec=model_spec("half_plus_two", **spec), metadata_field=[SIGNATURES]
    )
    answer = client.prediction.GetModelMetadata(request, timeout=30)
    described = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata[SIGNATURES].Unpack(described)
    assert answer.model_spec == model_spec("half_plus_two", version)
    signature = described.signature_def["serving_default"]
    assert signature.inputs["x"].dtype == tf.float32.as_datatype_enum
    assert [dim.size for dim in signature.inputs["x"].tensor_shape.dim] == [-1]


@pytest.mark.parametrize(
    ("fields", "text"),
    [([], "must specify at least one metadata_field"), (["x"], "Metadata field %s is not supportedx")],
)
def test_metadata_that_there_is_not(client, fields, text):
    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec=model_spec("half_plus_two"), metadata_field=fields
    )
    with pytest.raises(grpc.RpcError) as caught:
        client.prediction.GetModelMetadata(request, timeout=30)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert text in caught.value.details()


# About half a second.
SLOW = predict_request({"name": "guarded", "signature": "slow"}, {"turns": np.int32([4000])})
QUICK = predict_request({"name": "half_plus_two"}, X)


def test_a_deadline_is_kept(client):
    with pytest.raises(grpc.RpcError) as caught:
        client.prediction.Predict(SLOW, timeout=0.05)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert arrays(client.prediction.Predict(QUICK, timeout=30)) == {"y": [3.5]}


@pytest.fixture(scope="module")
def own_server(half_plus, tmp_path_factory):
    """A server that computes one request at a time, and a client of it."""
    base = tmp_path_factory.mktemp("guarded")
    models.save_guarded(base / "1")
    served = (ServedModel(name="half_plus_two", base_path=half_plus), ServedModel(name="guarded", base_path=base))
    with running(models=served, port=0, threads=1) as server:
        server.wait("2", "AVAILABLE", "half_plus_two")
        server.wait("1", "AVAILABLE", "guarded")
        with grpc.insecure_channel(server.server.grpc_address) as channel:
            client = Client.of(channel)
            client.status(name="half_plus_two")
            yield server.server, client


def in_use(server: ModelServer, name: str) -> int:
    return sum(version.requests for version in server.repository._versions[name].values())


def waiting_request(pipes: Pipes) -> predict_pb2.PredictRequest:
    inputs = {"pipes": np.array([pipes.paths], object)}
    return predict_request({"name": "guarded", "signature": "wait"}, inputs)


def test_a_cancelled_call_is_not_computed_and_the_version_is_released(own_server, tmp_path):
    server, client = own_server
    pipes = Pipes.make(tmp_path)
    running_call = client.prediction.Predict.future(waiting_request(pipes), timeout=60)
    pipes.wait()
    waiting_call = client.prediction.Predict.future(QUICK, timeout=30)
    until(lambda: in_use(server, "half_plus_two") == 1)
    waiting_call.cancel()
    until(lambda: in_use(server, "half_plus_two") == 0)
    assert in_use(server, "guarded") == 1
    pipes.release()
    assert running_call.result().outputs["pipes"].string_val[0] == pipes.paths[0].encode()


def test_a_version_stays_while_a_call_that_was_cancelled_still_runs_in_it(own_server, tmp_path):
    server, client = own_server
    pipes = Pipes.make(tmp_path)
    call = client.prediction.Predict.future(waiting_request(pipes), timeout=60)
    pipes.wait()
    call.cancel()
    waiting_call = client.prediction.Predict.future(QUICK, timeout=60)
    until(lambda: in_use(server, "half_plus_two") == 1)
    assert in_use(server, "guarded") == 1
    pipes.release()
    assert arrays(waiting_call.result()) == {"y": [3.5]}
    until(lambda: in_use(server, "guarded") == 0)


def model_config(name, base_path, platform="tensorflow"):
    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.config.add(name=name, base_path=str(base_path), model_platform=platform)
    return request


def test_another_list_of_models(half_plus, tmp_path):
    models.save_multi(tmp_path / "1")
    with (
        running(model_base_path=half_plus, model_name="m", port=0) as server,
        grpc.insecure_channel(server.server.grpc_address) as channel,
    ):
        client = Client.of(channel)
        server.wait("2", "AVAILABLE")
        answer = client.model.HandleReloadConfigRequest(model_config("new", tmp_path), timeout=30, wait_for_ready=True)
        assert answer.status.error_code == 0
        assert client.status(name="new") == {1: "AVAILABLE"}
        server.wait("2", "END")
        with pytest.raises(grpc.RpcError) as caught:
            client.predict({"name": "m"}, X)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_lists_of_models_that_cannot_be_served(half_plus, tmp_path):
    (tmp_path / "1").mkdir()
    with (
        running(model_base_path=half_plus, model_name="m", port=0) as server,
        grpc.insecure_channel(server.server.grpc_address) as channel,
    ):
        reload_config = Client.of(channel).model.HandleReloadConfigRequest
        for request, code, text in (
            (model_config("new", "relative"), "INVALID_ARGUMENT", "base_path must be an absolute path"),
            (model_config("new", tmp_path, "other"), "INVALID_ARGUMENT", 'must be "tensorflow"'),
            (model_config("broken", tmp_path), "UNKNOWN", "1 model(s) did not become available: {{name: broken"),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                reload_config(request, timeout=30, wait_for_ready=True)
            assert caught.value.code().name == code
            assert text in caught.value.details()


def test_the_port_is_named_in_the_log_and_cannot_be_taken_twice(half_plus, caplog):
    caplog.set_level("INFO")
    with running(model_base_path=half_plus, model_name="m", port=0) as server:
        until(lambda: f"Serving gRPC on {server.server.grpc_address}" in caplog.text)
        port = int(server.server.grpc_address.rpartition(":")[2])
        with pytest.raises(UserError, match=f"Cannot listen on 127.0.0.1 port {port} for gRPC"):
            ModelServer(ServerSettings(model_base_path=half_plus, rest_api_port=0, port=port))
