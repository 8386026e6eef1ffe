"""The gRPC port: bound at once, answering as soon as TensorFlow is imported."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

from car_classifier.errors import UserError
from car_classifier.serving.grpc.calls import Calls
from car_classifier.serving.metrics.registry import Metrics
from car_classifier.serving.metrics.request_log import RequestLog
from car_classifier.serving.models.repository import ModelRepository
from car_classifier.serving.models.scheduling import Scheduler
from car_classifier.serving.models.tensorflow_import import import_tensorflow

logger = logging.getLogger(__name__)

# A call holds its thread while it waits for its answer, so there are more threads than can compute at once.
_CALLS_AT_ONCE = 64
_OPTIONS = (
    # Messages of any size that protobuf can hold, as in server.cc: photos exceed gRPC's default of 4 MB.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Otherwise two servers on one port would silently share its calls.
    ("grpc.so_reuseport", 0),
)


class GrpcServer:
    """Serves TensorFlow Serving's gRPC services on one port.

    Args:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        repository: the models; its owner starts and stops it.
        scheduler: runs them.
        metrics: counts calls.
        log: gets a line for each call.

    Raises:
        UserError: the port cannot be listened on.
    """

    def __init__(
        self,
        host: str,
        port: int,
        repository: ModelRepository,
        scheduler: Scheduler,
        metrics: Metrics,
        log: RequestLog,
    ) -> None:
        self._executor = ThreadPoolExecutor(_CALLS_AT_ONCE, "grpc")
        self._server = grpc.server(self._executor, options=_OPTIONS)
        self._repository = repository
        self._scheduler = scheduler
        self._metrics = metrics
        self._log = log
        self._starting = threading.Thread(target=self._start, name="grpc-start", daemon=True)
        url_host = f"[{host}]" if ":" in host else host
        try:
            self.address = f"{url_host}:{self._server.add_insecure_port(f'{url_host}:{port}')}"
        except RuntimeError as error:
            raise UserError(
                f"Cannot listen on {host} port {port} for gRPC. "
                "If another program uses the port, end it or choose another port."
            ) from error

    def start(self) -> None:
        """Start to answer as soon as TensorFlow is imported; returns at once."""
        self._starting.start()

    def stop(self, seconds: float) -> None:
        """Take no more calls, and return once the running calls have ended.

        Args:
            seconds: the time that they may take.
        """
        if self._starting.is_alive():
            self._starting.join()
        self._server.stop(seconds).wait()
        self._executor.shutdown()

    def _start(self) -> None:
        import_tensorflow()
        from car_classifier.serving.grpc.api import add_services

        calls = Calls(self._repository, self._metrics, self._log)
        add_services(self._server, self._repository, self._scheduler, calls)
        self._server.start()
        logger.info("Serving gRPC on %s", self.address)
