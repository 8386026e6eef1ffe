"""When and where a model's signatures run: both interfaces of the server submit their requests here."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Protocol

from car_classifier.serving.metrics.registry import Metrics
from car_classifier.serving.metrics.request_record import RequestRecord
from car_classifier.serving.models.saved_model import DEFAULT_SIGNATURE, SavedModel, Tensors, count_rows


class Scheduler(Protocol):
    """Runs signatures asynchronously."""

    def submit(self, model: SavedModel, signature_name: str, inputs: Tensors) -> Future[Tensors]:
        """Run one request.

        The caller keeps the model in use until the future is done. Cancelling the future before the request has begun
        drops the request.

        Args:
            model: the loaded version.
            signature_name: one of its signatures; empty means `serving_default`.
            inputs: one array per input of the signature.

        Returns:
            A future of the outputs, or of the `ServingError` that `SavedModel.run` raises.
        """

    def close(self) -> None:
        """Return once all submitted requests are done."""


class ImmediateScheduler:
    """Runs each request alone, as soon as a thread is free.

    Args:
        threads: number of requests that run at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, "run")

    def submit(self, model: SavedModel, signature_name: str, inputs: Tensors) -> Future[Tensors]:
        """Run one request; see `Scheduler`."""
        return self._executor.submit(model.run, signature_name, inputs)

    def close(self) -> None:
        """Return once all submitted requests are done."""
        self._executor.shutdown()


class Runner:
    """Runs and records a request of either interface.

    Args:
        scheduler: runs the signatures.
        metrics: records the runs.
    """

    def __init__(self, scheduler: Scheduler, metrics: Metrics) -> None:
        self._scheduler = scheduler
        self._metrics = metrics

    def start(
        self, record: RequestRecord, in_use: ExitStack, model: SavedModel, signature_name: str, inputs: Tensors
    ) -> Future[Tensors]:
        """Submit a request.

        Args:
            record: gets the signature and the number of instances.
            in_use: keeps the version loaded; it is released when the run has ended, even if nobody waits for it any
                more.
            model: the loaded version.
            signature_name: one of its signatures; empty means `serving_default`.
            inputs: one array per input of the signature.

        Returns:
            A future of the outputs; see `Scheduler.submit`.
        """
        record.signature, record.instances = signature_name or DEFAULT_SIGNATURE, count_rows(inputs)
        future = self._scheduler.submit(model, signature_name, inputs)
        self._metrics.run(record, future)
        release = in_use.pop_all()
        future.add_done_callback(lambda _: release.close())
        return future
