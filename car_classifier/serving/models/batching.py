"""Requests of one signature run together, as TensorFlow Serving merges them.

Batches run, and requests are refused, by the rules and with the texts of its `batching_session.cc` and of TensorFlow's
`shared_batch_scheduler.h`. Two things are kinder: requests whose inputs differ in shape go into different batches,
where the original fails them all; and the requests of a failed batch run again one by one, so that each fails for its
own faults only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from car_classifier.serving.errors import Code, ServingError, invalid_argument
from car_classifier.serving.metrics.registry import Metrics
from car_classifier.serving.models.batching_parameters import BatchingParameters
from car_classifier.serving.models.saved_model import DEFAULT_SIGNATURE, SavedModel, Tensors


@dataclass(frozen=True)
class _BatchKey:
    """Requests with equal keys can be concatenated along dimension 0."""

    model: SavedModel
    signature_name: str
    row_specs: frozenset[tuple[str, np.dtype[Any], tuple[int, ...]]]


@dataclass(eq=False)
class _Task:
    """One request: its inputs, their number of rows, and the future of its answer."""

    inputs: Tensors
    rows: int
    future: Future[Tensors]
    submitted: float = field(default_factory=time.monotonic)


@dataclass(eq=False)
class _Batch:
    """Requests that wait for a thread; fields change only under the scheduler's lock."""

    key: _BatchKey
    deadline: float
    tasks: list[_Task] = field(default_factory=list)
    full: bool = False

    @property
    def rows(self) -> int:
        return sum(task.rows for task in self.tasks)


class BatchingScheduler:
    """Runs requests of one signature of one loaded version together; see `Scheduler`.

    A batch forms from requests that wait for a thread. If a thread is free, a request waits for others at most
    `batch_timeout_micros`, by default 0.

    Args:
        parameters: sizes, waiting time and number of threads.
        metrics: records batches.
    """

    def __init__(self, parameters: BatchingParameters, metrics: Metrics | None = None) -> None:
        self._parameters = parameters
        self._metrics = metrics or Metrics()
        self._waiting: list[_Batch] = []  # oldest first
        self._open: dict[_BatchKey, _Batch] = {}  # the waiting batches that still take requests
        self._closing = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"{parameters.thread_pool_name}_{number}", daemon=True)
            for number in range(parameters.num_batch_threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, model: SavedModel, signature_name: str, inputs: Tensors) -> Future[Tensors]:
        """Run one request, possibly together with others; see `Scheduler`.

        The error is `UNAVAILABLE` (HTTP 503) if too many batches wait, and `INVALID_ARGUMENT` (400) if inputs have no
        rows, unequal numbers of rows or more rows than a batch may have.
        """
        future: Future[Tensors] = Future()
        try:
            task = _Task(inputs, _count_rows(inputs), future)
            self._metrics.batch_input(task.rows, len(inputs))
            if task.rows > self._parameters.max_batch_size:
                raise invalid_argument(
                    f"Task size {task.rows} is larger than maximum input batch size {self._parameters.max_batch_size}"
                )
            row_specs = frozenset((name, array.dtype, array.shape[1:]) for name, array in inputs.items())
            self._enqueue(_BatchKey(model, signature_name or DEFAULT_SIGNATURE, row_specs), task)
        except ServingError as error:
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Return once all submitted requests are done."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _enqueue(self, key: _BatchKey, task: _Task) -> None:
        with self._changed:
            if self._closing:
                raise ServingError(Code.UNAVAILABLE, "The server is ending and takes no more requests.")
            batch = self._open.get(key)
            if batch is None or batch.rows + task.rows > self._parameters.max_batch_size:
                self._make_room(key)
                if batch is not None:
                    batch.full = True
                batch = _Batch(key, time.monotonic() + self._parameters.batch_timeout_micros / 1e6)
                self._waiting.append(batch)
                self._open[key] = batch
            batch.tasks.append(task)
            batch.full = batch.rows >= self._parameters.max_batch_size
            if batch.full or len(batch.tasks) == 1:
                self._changed.notify()

    def _make_room(self, key: _BatchKey) -> None:
        """Raise an error if no further batch of a signature may wait."""
        limit = max(1, self._parameters.max_enqueued_batches)
        if self._count_waiting(key) < limit:
            return
        for batch in list(self._waiting):  # requests whose clients have gone need no place
            batch.tasks = [task for task in batch.tasks if not task.future.cancelled()]
            if not batch.tasks:
                self._remove(batch)
        if self._count_waiting(key) >= limit:
            raise ServingError(Code.UNAVAILABLE, "The batch scheduling queue to which this task was submitted is full")

    def _count_waiting(self, key: _BatchKey) -> int:
        queue = (key.model, key.signature_name)
        return sum((batch.key.model, batch.key.signature_name) == queue for batch in self._waiting)

    def _remove(self, batch: _Batch) -> None:
        self._waiting.remove(batch)
        if self._open.get(batch.key) is batch:
            del self._open[batch.key]

    def _work(self) -> None:
        """The loop of each thread."""
        while (batch := self._next()) is not None:
            key, tasks = batch.key, [task for task in batch.tasks if task.future.set_running_or_notify_cancel()]
            self._record_waiting(tasks)
            if tasks:
                self._answer(key, tasks)
            # Otherwise the batch and its model would stay in memory until the next batch.
            del batch, key, tasks

    def _record_waiting(self, tasks: Sequence[_Task]) -> None:
        now = time.monotonic()
        for task in tasks:
            self._metrics.queued(now - task.submitted, self._parameters.thread_pool_name)

    def _next(self) -> _Batch | None:
        """The oldest batch that may run, as soon as there is one; None when the scheduler is closed."""
        with self._changed:
            while True:
                now = time.monotonic()
                for batch in self._waiting:
                    if batch.full or self._closing or now >= batch.deadline:
                        self._remove(batch)
                        if self._waiting:  # another thread must watch the next deadline
                            self._changed.notify()
                        return batch
                if self._closing:
                    return None
                deadlines = [batch.deadline for batch in self._waiting]
                self._changed.wait(min(deadlines) - now if deadlines else None)

    def _answer(self, key: _BatchKey, tasks: Sequence[_Task]) -> None:
        """Run tasks together and, if that fails, one by one."""
        try:
            answers = self._run(key, tasks)
        except Exception as error:
            if len(tasks) == 1:
                tasks[0].future.set_exception(error)
            else:
                for task in tasks:
                    self._answer(key, [task])
            return
        for task, answer in zip(tasks, answers, strict=True):
            task.future.set_result(answer)

    def _run(self, key: _BatchKey, tasks: Sequence[_Task]) -> list[Tensors]:
        """The outputs of each task, from one run of the graph."""
        rows = sum(task.rows for task in tasks)
        padded = self._allowed_size(rows)
        self._metrics.batch(rows, padded)
        inputs = tasks[0].inputs
        if len(tasks) > 1 or padded > rows:
            inputs = {name: _concatenate([task.inputs[name] for task in tasks], rows, padded) for name in inputs}
        outputs = key.model.run(key.signature_name, inputs)
        for output in outputs.values():
            if output.ndim == 0:
                raise ServingError(Code.FAILED_PRECONDITION, "Batched output tensor has 0 dimensions")
            if len(output) != padded:
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the "
                    "input tensors",
                )
        ends = np.cumsum([task.rows for task in tasks]).tolist()
        return [
            {name: output[end - task.rows : end] for name, output in outputs.items()}
            for task, end in zip(tasks, ends, strict=True)
        ]

    def _allowed_size(self, rows: int) -> int:
        return next((size for size in self._parameters.allowed_batch_sizes if size >= rows > 0), rows)


def _count_rows(inputs: Tensors) -> int:
    """The size of dimension 0, which must be the same for all inputs.

    Raises:
        ServingError: an input is a scalar, or the sizes differ.
    """
    rows = None
    for array in inputs.values():
        if array.ndim == 0:
            raise invalid_argument("Batching Run() input tensors must have at least one dimension")
        if rows not in (None, len(array)):
            raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
        rows = len(array)
    return rows or 0


def _concatenate(arrays: Sequence[np.ndarray[Any, Any]], rows: int, padded: int) -> np.ndarray[Any, Any]:
    """The arrays in one, filled up to `padded` rows by repeating the last row."""
    merged = np.empty((padded, *arrays[0].shape[1:]), arrays[0].dtype)
    np.concatenate(arrays, out=merged[:rows])
    merged[rows:] = merged[rows - 1 : rows]
    return merged
