"""The metrics: their values, their names, and the text that Prometheus reads."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
import requests
import tensorflow as tf
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from car_classifier.errors import UserError
from car_classifier.serving import ServedModel
from car_classifier.serving.metrics.monitoring import DEFAULT_PATH, read_monitoring_config
from car_classifier.serving.metrics.prometheus_text import Counter, Histogram, exponential, page
from tests.support import saved_models as models
from tests.support.embedded_server import metric_samples, running, running_request, until

pytestmark = pytest.mark.slow

SERVING = ":tensorflow:serving:"
BATCHING = f"{SERVING}batching_session:"
# Of TensorFlow's histograms of times: 10 µs and 32 times 1.8 as much, and what is beyond.
TIME_BUCKETS = 34


def write_config(folder, text: str):
    path = folder / "monitoring.config"
    path.write_text(text)
    return path


def test_a_page_has_the_text_format_of_tensorflow_serving():
    counter, empty = Counter("/b/path/total", "name"), Counter("/a/empty")
    histogram = Histogram("/c/histogram", "status", limits=exponential(1, 2, 4))
    counter.add(2, 'a"b\\c\nd')
    counter.add(1, "x")
    counter.add(1, "x")
    for value in (2, 20, 7.5):
        histogram.add(value, "good")
    assert page([histogram, counter, empty]) == (
        "# TYPE :a:empty counter\n"
        "# TYPE :b:path:total counter\n"
        ':b:path:total{name="a\\"b\\\\c\\nd"} 2\n'
        ':b:path:total{name="x"} 2\n'
        "# TYPE :c:histogram histogram\n"
        ':c:histogram_bucket{status="good",le="1"} 0\n'
        ':c:histogram_bucket{status="good",le="2"} 0\n'
        ':c:histogram_bucket{status="good",le="4"} 1\n'
        ':c:histogram_bucket{status="good",le="8"} 2\n'
        ':c:histogram_bucket{status="good",le="+Inf"} 3\n'
        ':c:histogram_sum{status="good"} 29.5\n'
        ':c:histogram_count{status="good"} 3\n'
    )


def test_a_metric_without_labels_has_empty_braces():
    counter, histogram = Counter("/runs"), Histogram("/sizes", limits=(1,))
    counter.add(3)
    histogram.add(0)
    assert ":runs{} 3\n" in page([counter])
    assert ':sizes_bucket{le="1"} 1\n:sizes_bucket{le="+Inf"} 1\n:sizes_sum{} 0\n' in page([histogram])


def test_threads_lose_no_count():
    counter, histogram = Counter("/n", "who"), Histogram("/h", limits=(1, 2))
    begin = threading.Barrier(4)

    def record(_):
        begin.wait()
        for _ in range(2000):
            counter.add(1, "all")
            histogram.add(1.5)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(record, range(4)))
    values = metric_samples(page([counter, histogram]))
    assert values[':n{who="all"}'] == values[":h_count{}"] == values[':h_bucket{le="2"}'] == 8000


def test_bucket_limits_are_written_with_six_digits():
    histogram = Histogram("/t", limits=exponential(10, 1.8, 33))
    histogram.add(1)
    limits = re.findall('le="([^"]+)"', page([histogram]))
    assert limits[:6] == ["10", "18", "32.4", "58.32", "104.976", "188.957"]
    assert limits[-2:] == ["1.47476e+09", "+Inf"]
    assert len(limits) == TIME_BUCKETS


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('prometheus_config { enable: true path: "/metrics" }', "/metrics"),
        ("prometheus_config { enable: true }", DEFAULT_PATH),
        ('prometheus_config { path: "/metrics" }', None),
        ("", None),
    ],
)
def test_a_monitoring_config_enables_metrics_and_says_where(tmp_path, text, path):
    assert read_monitoring_config(write_config(tmp_path, text)) == path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prometheus { enable: true }", r'wrong in line 1: .*"prometheus"'),
        ('prometheus_config { enable: true path: "metrics" }', "must begin with a /. Received: metrics"),
    ],
)
def test_a_monitoring_config_that_cannot_be_used(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        read_monitoring_config(write_config(tmp_path, text))


def test_a_monitoring_config_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="The monitoring configuration file .* cannot be read: No such file"):
        read_monitoring_config(tmp_path / "none")


@pytest.mark.parametrize("text", [None, "prometheus_config { enable: false }"])
def test_metrics_are_off_by_default(half_plus, tmp_path, text):
    settings = {} if text is None else {"monitoring_config_file": write_config(tmp_path, text)}
    with running(model_base_path=half_plus, model_name="m", **settings) as server:
        assert requests.get(server.url + DEFAULT_PATH, timeout=120).status_code == 404


def test_metrics_are_where_the_file_wants_them(half_plus, tmp_path):
    monitoring_config = write_config(tmp_path, 'prometheus_config { enable: true path: "/m" }')
    with running(model_base_path=half_plus, model_name="m", monitoring_config_file=monitoring_config) as server:
        answer = requests.get(f"{server.url}/m", timeout=120)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain")
        assert f"# TYPE {SERVING}request_count counter\n" in answer.text
        with_query = requests.get(f"{server.url}/m?x=1", timeout=120)
        assert (with_query.status_code, with_query.text) == (400, "Unexpected path: /m?x=1. Should be /m")
        assert requests.get(server.url + DEFAULT_PATH, timeout=120).status_code == 404


@pytest.fixture(scope="module")
def measured(half_plus, tmp_path_factory, monitoring_config):
    """A server with metrics of the models `m` (its graph can fail), `one` and `two`, and `examples`."""
    base = tmp_path_factory.mktemp("measured")
    models.save_guarded(base / "m" / "1")
    models.save_examples(base / "examples" / "1")
    served = (
        ServedModel(name="m", base_path=base / "m"),
        ServedModel(name="one", base_path=half_plus, versions=(1,)),
        ServedModel(name="two", base_path=half_plus),
        ServedModel(name="examples", base_path=base / "examples"),
    )
    with running(models=served, monitoring_config_file=monitoring_config, port=0) as server:
        for name, version in (("m", "1"), ("one", "1"), ("two", "2"), ("examples", "1")):
            server.wait(version, "AVAILABLE", name)
        yield server


@pytest.fixture
def growth(measured):
    """The growth of each metric of `measured` since the beginning of a test."""
    before = measured.metrics()

    def grown() -> dict[str, float]:
        return {name: value - before.get(name, 0) for name, value in measured.metrics().items()}

    return grown


def test_requests_are_counted_by_model_and_status_and_timed_if_they_succeed(measured, growth):
    for name in ("one", "one", "two", "made-up"):
        measured.predict({"instances": [1.0, 2.0]}, name)
    measured.predict({"instances": "no"}, "two")
    measured.predict({"instances": [1.0]}, "two/versions/9")
    requests.get(f"{measured.url}/v1/models/two/metadata", timeout=120)
    requests.get(f"{measured.url}/v1/elsewhere", timeout=120)
    grown = growth()
    counts = {name: value for name, value in grown.items() if name.startswith(f"{SERVING}request_count{{") and value}
    assert counts == {
        f'{SERVING}request_count{{model_name="one",status="OK"}}': 2,
        f'{SERVING}request_count{{model_name="two",status="OK"}}': 2,
        f'{SERVING}request_count{{model_name="two",status="INVALID_ARGUMENT"}}': 1,
        f'{SERVING}request_count{{model_name="two",status="NOT_FOUND"}}': 1,
        f'{SERVING}request_count{{model_name="",status="NOT_FOUND"}}': 1,
        f'{SERVING}request_count{{model_name="",status="INVALID_ARGUMENT"}}': 1,
    }
    for name, api, count in (("one", "predict", 2), ("two", "predict", 1), ("two", "", 1)):
        labels = f'model_name="{name}",API="{api}",entrypoint="REST"'
        buckets = [
            value for key, value in grown.items() if key.startswith(f"{SERVING}request_latency_bucket{{{labels}")
        ]
        assert len(buckets) == TIME_BUCKETS
        assert buckets == sorted(buckets)
        assert buckets[-1] == grown[f"{SERVING}request_latency_count{{{labels}}}"] == count
        assert grown[f"{SERVING}request_latency_sum{{{labels}}}"] > 0
    for name, count in (("one", 2), ("two", 1)):
        assert grown[f'{SERVING}runtime_latency_count{{model_name="{name}",API="Predict",runtime="TF1"}}'] == count


def test_the_graph_takes_no_longer_than_the_request(measured, growth):
    assert measured.predict({"signature_name": "slow", "instances": [300]}).status_code == 200
    grown = growth()
    request = grown[f'{SERVING}request_latency_sum{{model_name="m",API="predict",entrypoint="REST"}}']
    run = grown[f'{SERVING}runtime_latency_sum{{model_name="m",API="Predict",runtime="TF1"}}']
    assert 1000 < run <= request < 30e6  # microseconds: the graph multiplies 300 matrices


def test_a_graph_that_fails_is_counted_and_not_timed(measured, growth):
    assert measured.predict({"signature_name": "positive", "instances": [-1.0]}).status_code == 400
    grown = growth()
    assert grown[f'{SERVING}request_count{{model_name="m",status="INVALID_ARGUMENT"}}'] == 1
    timed = (f"{SERVING}runtime_latency_", f"{SERVING}request_latency_count")
    assert not any(value for name, value in grown.items() if name.startswith(timed) and "redict" in name)


def test_a_request_whose_client_has_gone_is_cancelled(measured, growth, tmp_path):
    with running_request(measured, tmp_path / "pipes") as request:
        request.close()
        until(lambda: growth().get(f'{SERVING}request_count{{model_name="m",status="CANCELLED"}}') == 1)


def test_calls_over_grpc_are_counted_if_they_run_a_model(measured, growth):
    with grpc.insecure_channel(measured.server.grpc_address) as channel:
        predict = PredictionServiceStub(channel).Predict
        request = PredictRequest(model_spec={"name": "two"})
        request.inputs["x"].CopyFrom(tf.make_tensor_proto([1.0, 2.0]))
        predict(request, timeout=30, wait_for_ready=True)
        request.model_spec.signature_name = "none"
        with pytest.raises(grpc.RpcError, match="none"):
            predict(request, timeout=30)
        ModelServiceStub(channel).GetModelStatus(GetModelStatusRequest(model_spec={"name": "two"}), timeout=30)
    grown = growth()
    assert grown[f'{SERVING}request_latency_count{{model_name="two",API="Predict",entrypoint="GRPC"}}'] == 1
    assert grown[f'{SERVING}runtime_latency_count{{model_name="two",API="Predict",runtime="TF1"}}'] == 1
    assert grown[f'{SERVING}request_count{{model_name="two",status="FAILED_PRECONDITION"}}'] == 1
    timed = [name for name in grown if name.startswith(f"{SERVING}request_latency_count") and "GRPC" in name]
    assert len(timed) == 1


def test_examples_are_counted(measured, growth):
    body = {"signature_name": "regress", "examples": [{"x": 1.0}, {"x": 2.0}]}
    assert requests.post(f"{measured.url}/v1/models/examples:regress", json=body, timeout=120).status_code == 200
    grown = growth()
    assert grown[f'{SERVING}request_example_count_total{{model="examples"}}'] == 2
    assert grown[f'{SERVING}request_example_counts_count{{model="examples"}}'] == 1
    assert grown[f'{SERVING}runtime_latency_count{{model_name="examples",API="Regress",runtime="TF1"}}'] == 1


def test_loads_and_warm_ups_are_recorded_by_folder(tmp_path, monitoring_config):
    base = tmp_path / "base"
    models.write_warmup(models.save_half_plus(base / "1", 2.0), [models.warmup_record([1.0])])
    with running(model_base_path=base, model_name="m", monitoring_config_file=monitoring_config) as server:
        server.wait("1", "AVAILABLE")
        (base / "2").mkdir()
        server.wait("2", "END")
        models.save_half_plus(tmp_path / "3", 3.0).rename(base / "3")
        server.wait("3", "AVAILABLE")
        values = server.metrics()
    attempts, latency = (f":tensorflow:cc:saved_model:load_{kind}" for kind in ("attempt_count", "latency"))
    for version, status in (("1", "success"), ("2", "fail"), ("3", "success")):
        assert values[f'{attempts}{{model_path="{base / version}",status="{status}"}}'] == 1
        assert values[f'{latency}{{model_path="{base / version}"}}'] > 0
    warmed = [name for name in values if name.startswith(f"{SERVING}model_warmup_latency_count")]
    assert warmed == [f'{SERVING}model_warmup_latency_count{{model_path="{base / "1"}",status="OK"}}']


def test_batches_are_recorded_with_what_fills_them_up(half_plus, tmp_path, monitoring_config):
    parameters = tmp_path / "batching.config"
    parameters.write_text(
        "max_batch_size { value: 8 } allowed_batch_sizes: 4 allowed_batch_sizes: 8 num_batch_threads { value: 1 }\n"
        'thread_pool_name { value: "pool" }'
    )
    settings = {
        "enable_batching": True,
        "batching_parameters_file": parameters,
        "monitoring_config_file": monitoring_config,
    }
    with running(model_base_path=half_plus, model_name="m", **settings) as server:
        server.wait("2", "AVAILABLE")
        for rows in (3, 5):
            assert server.predict({"instances": [1.0] * rows}).status_code == 200
        values = server.metrics()
    assert values[f"{BATCHING}input_batch_size_sum{{}}"] == 3 + 5
    assert values[f"{BATCHING}processed_batch_size_sum{{}}"] == 4 + 8
    assert values[f'{BATCHING}padding_size_sum{{execution_batch_size="4"}}'] == 1
    assert values[f'{BATCHING}padding_size_sum{{execution_batch_size="8"}}'] == 3
    assert values[f"{BATCHING}wrapped_run_count{{}}"] == 2
    assert values[f'{BATCHING}queuing_latency_count{{thread_pool_name="pool"}}'] == 2
