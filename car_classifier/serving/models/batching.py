"""Requests of one signature run together, as TensorFlow Serving merges them.

When a batch runs, what is refused and in which words follows its `batching_session.cc` and TensorFlow's
`shared_batch_scheduler.h`. It is kinder in two ways: a request whose inputs have another shape than its neighbours'
goes into another batch, where the original would fail them all; and the members of a batch that failed are run again
one by one, so that each fails for its own faults only.
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
class _Kind:
    """What the requests of one batch have in common: they can be concatenated along dimension 0."""

    model: SavedModel
    signature_name: str
    shapes: frozenset[tuple[str, np.dtype[Any], tuple[int, ...]]]


@dataclass(eq=False)
class _Task:
    """One request: its inputs, how many rows they have, and where its answer goes."""

    inputs: Tensors
    rows: int
    future: Future[Tensors]
    submitted: float = field(default_factory=time.monotonic)


@dataclass(eq=False)
class _Batch:
    """Requests that wait for a thread; fields change only under the scheduler's lock."""

    kind: _Kind
    deadline: float
    tasks: list[_Task] = field(default_factory=list)
    full: bool = False

    @property
    def rows(self) -> int:
        return sum(task.rows for task in self.tasks)


class Batching:
    """Runs requests of one signature of one loaded version together; see `Scheduler`.

    A batch forms from requests that wait for a thread. While one is free, a request waits `batch_timeout_micros` at
    most, and not at all by default.

    Args:
        parameters: sizes, waiting time and number of threads.
        metrics: what batches are recorded in.
    """

    def __init__(self, parameters: BatchingParameters, metrics: Metrics | None = None) -> None:
        self._parameters = parameters
        self._metrics = metrics or Metrics()
        self._waiting: list[_Batch] = []  # oldest first
        self._open: dict[_Kind, _Batch] = {}  # of those, the ones that still take requests
        self._closing = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"{parameters.thread_pool_name}_{number}", daemon=True)
            for number in range(parameters.num_batch_threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, model: SavedModel, signature_name: str, inputs: Tensors) -> Future[Tensors]:
        """Has one request run, perhaps together with others; see `Scheduler`.

        The error is `UNAVAILABLE` (HTTP 503) where too many batches wait, and `INVALID_ARGUMENT` (400) where inputs
        have no rows, unequal numbers of rows or more rows than a batch.
        """
        future: Future[Tensors] = Future()
        try:
            task = _Task(inputs, _rows(inputs), future)
            self._metrics.batch_input(task.rows, len(inputs))
            if task.rows > self._parameters.max_batch_size:
                raise invalid_argument(
                    f"Task size {task.rows} is larger than maximum input batch size {self._parameters.max_batch_size}"
                )
            shapes = frozenset((name, array.dtype, array.shape[1:]) for name, array in inputs.items())
            self._enqueue(_Kind(model, signature_name or DEFAULT_SIGNATURE, shapes), task)
        except ServingError as error:
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Ends once all that was submitted is done."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _enqueue(self, kind: _Kind, task: _Task) -> None:
        with self._changed:
            if self._closing:
                raise ServingError(Code.UNAVAILABLE, "The server is ending and takes no more requests.")
            batch = self._open.get(kind)
            if batch is None or batch.rows + task.rows > self._parameters.max_batch_size:
                self._make_room(kind)
                if batch is not None:
                    batch.full = True
                batch = _Batch(kind, time.monotonic() + self._parameters.batch_timeout_micros / 1e6)
                self._waiting.append(batch)
                self._open[kind] = batch
            batch.tasks.append(task)
            batch.full = batch.rows >= self._parameters.max_batch_size
            if batch.full or len(batch.tasks) == 1:
                self._changed.notify()

    def _make_room(self, kind: _Kind) -> None:
        """Raise an error if no further batch of a signature may wait."""
        most = max(1, self._parameters.max_enqueued_batches)
        if self._count_waiting(kind) < most:
            return
        for batch in list(self._waiting):  # those whose clients have gone need no place
            batch.tasks = [task for task in batch.tasks if not task.future.cancelled()]
            if not batch.tasks:
                self._remove(batch)
        if self._count_waiting(kind) >= most:
            raise ServingError(Code.UNAVAILABLE, "The batch scheduling queue to which this task was submitted is full")

    def _count_waiting(self, kind: _Kind) -> int:
        wanted = (kind.model, kind.signature_name)
        return sum((batch.kind.model, batch.kind.signature_name) == wanted for batch in self._waiting)

    def _remove(self, batch: _Batch) -> None:
        self._waiting.remove(batch)
        if self._open.get(batch.kind) is batch:
            del self._open[batch.kind]

    def _work(self) -> None:
        """What each thread does, until the end."""
        while (batch := self._next()) is not None:
            kind, tasks = batch.kind, [task for task in batch.tasks if task.future.set_running_or_notify_cancel()]
            self._record_waiting(tasks)
            if tasks:
                self._answer(kind, tasks)
            # Else the last batch, and its model, would stay in memory until the next one comes.
            del batch, kind, tasks

    def _record_waiting(self, tasks: Sequence[_Task]) -> None:
        now = time.monotonic()
        for task in tasks:
            self._metrics.queued(now - task.submitted, self._parameters.thread_pool_name)

    def _next(self) -> _Batch | None:
        """The oldest batch that may run, as soon as there is one; None at the end."""
        with self._changed:
            while True:
                now = time.monotonic()
                for batch in self._waiting:
                    if batch.full or self._closing or now >= batch.deadline:
                        self._remove(batch)
                        if self._waiting:  # somebody else must mind the next deadline
                            self._changed.notify()
                        return batch
                if self._closing:
                    return None
                deadlines = [batch.deadline for batch in self._waiting]
                self._changed.wait(min(deadlines) - now if deadlines else None)

    def _answer(self, kind: _Kind, tasks: Sequence[_Task]) -> None:
        """Run tasks together and, should that fail, one by one."""
        try:
            answers = self._run(kind, tasks)
        except Exception as error:
            if len(tasks) == 1:
                tasks[0].future.set_exception(error)
            else:
                for task in tasks:
                    self._answer(kind, [task])
            return
        for task, answer in zip(tasks, answers, strict=True):
            task.future.set_result(answer)

    def _run(self, kind: _Kind, tasks: Sequence[_Task]) -> list[Tensors]:
        """The outputs of each task, from one run of the graph."""
        rows = sum(task.rows for task in tasks)
        padded = self._allowed_size(rows)
        self._metrics.batch(rows, padded)
        inputs = tasks[0].inputs
        if len(tasks) > 1 or padded > rows:
            inputs = {name: _merge([task.inputs[name] for task in tasks], rows, padded) for name in inputs}
        outputs = kind.model.run(kind.signature_name, inputs)
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


def _rows(inputs: Tensors) -> int:
    """The size of dimension 0, which all inputs share.

    Raises:
        ServingError: an input has no such dimension, or two disagree.
    """
    rows = None
    for array in inputs.values():
        if array.ndim == 0:
            raise invalid_argument("Batching Run() input tensors must have at least one dimension")
        if rows not in (None, len(array)):
            raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
        rows = len(array)
    return rows or 0


def _merge(arrays: Sequence[np.ndarray[Any, Any]], rows: int, padded: int) -> np.ndarray[Any, Any]:
    """Arrays one after the other, then the last row again up to the size wanted."""
    merged = np.empty((padded, *arrays[0].shape[1:]), arrays[0].dtype)
    np.concatenate(arrays, out=merged[:rows])
    merged[rows:] = merged[rows - 1 : rows]
    return merged
