"""All metrics of the server, under TensorFlow Serving's names.

Names, labels, units and buckets are those of `servables/tensorflow/util.cc` (requests), `batching/batching_session.cc`
and `batching_util.h` (batching) and `saved_model_warmup_util.cc` there, and of TensorFlow's `cc/saved_model/loader.cc`.
Times are in microseconds. Metrics that this server cannot measure are left out: the stages of a load, and TensorFlow's
internal counters.

Two things differ. Requests for models that are not served are counted with an empty `model_name`, so that nobody can
fill the memory with made-up names. And KServe's `explain` is one more `API`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect

from car_classifier.serving.errors import Code, ServingError
from car_classifier.serving.metrics.prometheus_text import Counter, Histogram, exponential, page
from car_classifier.serving.metrics.request_record import RequestRecord

_TIMES = exponential(10, 1.8, 33)  # up to about 25 minutes
_SIZES = exponential(1, 2, 14)
_RUNTIME = "TF1"  # a session, as there
_EXAMPLE_APIS = ("Classify", "Regress")


class Metrics:
    """The metrics of one server; any thread may record."""

    def __init__(self) -> None:
        serving, batching = "/tensorflow/serving/", "/tensorflow/serving/batching_session/"
        loading = "/tensorflow/cc/saved_model/"
        self._request_count = Counter(serving + "request_count", "model_name", "status")
        self._request_latency = Histogram(serving + "request_latency", "model_name", "API", "entrypoint", limits=_TIMES)
        self._runtime_latency = Histogram(serving + "runtime_latency", "model_name", "API", "runtime", limits=_TIMES)
        self._example_counts = Histogram(serving + "request_example_counts", "model", limits=exponential(1, 2, 15))
        self._example_count_total = Counter(serving + "request_example_count_total", "model")
        self._load_attempts = Counter(loading + "load_attempt_count", "model_path", "status")
        self._load_latency = Counter(loading + "load_latency", "model_path")
        self._warmup_latency = Histogram(serving + "model_warmup_latency", "model_path", "status", limits=_TIMES)
        self._queuing_latency = Histogram(
            batching + "queuing_latency", "thread_pool_name", limits=exponential(100, 1.2, 52)
        )
        self._input_batch_size = Histogram(batching + "input_batch_size", limits=_SIZES)
        self._processed_batch_size = Histogram(batching + "processed_batch_size", limits=_SIZES)
        self._padding_size = Histogram(batching + "padding_size", "execution_batch_size", limits=_SIZES)
        self._batch_runs = Counter(batching + "wrapped_run_count")

    def page(self) -> str:
        """The text of all metrics for Prometheus."""
        return page(vars(self).values())

    @contextmanager
    def request(self, record: RequestRecord) -> Iterator[None]:
        """Count a request by the outcome of a `with` block, and time it if it succeeds.

        Args:
            record: model, API and entrypoint, read when the block ends; an error is written into it.
        """
        begin, code = time.perf_counter(), Code.OK
        try:
            yield
        except ServingError as error:
            code, record.error = error.code, error.message
            raise
        except ClientDisconnect:
            code, record.error = Code.CANCELLED, "The client has gone."
            raise
        except Exception as error:
            code, record.error = Code.INTERNAL, f"{type(error).__name__}: {error}"
            raise
        except BaseException:  # the server is stopping
            code, record.error = Code.CANCELLED, "The server has ended."
            raise
        finally:
            if code is Code.OK:
                self._request_latency.add(_since(begin), record.model, record.api, record.entrypoint)
            self._request_count.add(1, record.model, code.name)

    def run(self, record: RequestRecord, future: Future[Any]) -> None:
        """Time the run of a signature that was just submitted, including its wait, if it succeeds."""
        begin, api = time.perf_counter(), record.api.capitalize()

        def record_end(done: Future[Any]) -> None:
            if done.cancelled() or done.exception():
                return
            self._runtime_latency.add(_since(begin), record.model, api, _RUNTIME)
            if api in _EXAMPLE_APIS and record.instances is not None:
                self._example_counts.add(record.instances, record.model)
                self._example_count_total.add(record.instances, record.model)

        future.add_done_callback(record_end)

    @contextmanager
    def load(self, folder: Path) -> Iterator[None]:
        """Count and time the loading of a version's folder, whether or not it succeeds, without its warm-up."""
        begin, status = time.perf_counter(), "fail"
        try:
            yield
            status = "success"
        finally:
            self._load_attempts.add(1, str(folder), status)
            self._load_latency.add(_since(begin), str(folder))

    def warmed_up(self, folder: Path, seconds: float) -> None:
        """Record a successful warm-up; the original does not record a failed one either."""
        self._warmup_latency.add(_microseconds(seconds), str(folder), "OK")

    def batch_input(self, rows: int, inputs: int) -> None:
        """Record the rows of a request that may be merged, once for each of its inputs."""
        for _ in range(inputs):
            self._input_batch_size.add(rows)

    def queued(self, seconds: float, thread_pool_name: str) -> None:
        """Record how long a request has waited for its batch to run."""
        self._queuing_latency.add(_microseconds(seconds), thread_pool_name)

    def batch(self, rows: int, padded: int) -> None:
        """Record a batch.

        Args:
            rows: number of rows of its requests.
            padded: number of rows including padding.
        """
        self._padding_size.add(padded - rows, str(padded))
        self._processed_batch_size.add(padded)
        self._batch_runs.add(1)


def _since(begin: float) -> int:
    return _microseconds(time.perf_counter() - begin)


def _microseconds(seconds: float) -> int:
    return round(seconds * 1e6)
