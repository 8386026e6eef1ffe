"""When and where the signatures of a model are run: every interface of the server submits its requests here."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from car_classifier.serving.models.saved_model import SavedModel, Tensors


class Scheduler(Protocol):
    """Runs signatures, some time soon."""

    def submit(self, model: SavedModel, signature_name: str, inputs: Tensors) -> Future[Tensors]:
        """Has one request run.

        The caller keeps the model in use until the future is done. A future that is cancelled before its request has
        begun costs nothing more.

        Args:
            model: the loaded version.
            signature_name: which of its signatures; empty means `serving_default`.
            inputs: one array for each of its inputs.

        Returns:
            What comes to the outputs, or to the `ServingError` that `SavedModel.run` raises.
        """

    def close(self) -> None:
        """Ends once all that was submitted is done."""


class Immediate:
    """Runs each request by itself, as soon as a thread is free.

    Args:
        threads: how many run at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, "run")

    def submit(self, model: SavedModel, signature_name: str, inputs: Tensors) -> Future[Tensors]:
        """Has one request run; see `Scheduler`."""
        return self._executor.submit(model.run, signature_name, inputs)

    def close(self) -> None:
        """Ends once all that was submitted is done."""
        self._executor.shutdown()
