"""The process: sockets, an event loop, threads for TensorFlow, and a clean shutdown."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from types import FrameType

import uvicorn

from car_classifier.errors import UserError
from car_classifier.serving.errors import ServingError
from car_classifier.serving.grpc.server import GrpcServer
from car_classifier.serving.http.rest import create_app
from car_classifier.serving.metrics.monitoring import read_monitoring_config
from car_classifier.serving.metrics.registry import Metrics
from car_classifier.serving.metrics.request_log import RequestLog
from car_classifier.serving.models.batching import BatchingScheduler
from car_classifier.serving.models.batching_parameters import BatchingParameters, read_batching_parameters
from car_classifier.serving.models.configuration import ModelConfigPolling, read_model_config, read_model_folder
from car_classifier.serving.models.repository import ModelRepository
from car_classifier.serving.models.scheduling import ImmediateScheduler, Scheduler
from car_classifier.serving.settings import ServedModel, ServerSettings

logger = logging.getLogger(__name__)

# Requests that still run this many seconds after the server was asked to stop are abandoned.
_SECONDS_TO_FINISH = 30


class ModelServer:
    """A server for the models in its settings.

    It listens at once and reports the models as loading until they are available.

    Args:
        settings: the models and the addresses.

    Raises:
        UserError: a port cannot be listened on, or a file cannot be used.
    """

    def __init__(self, settings: ServerSettings) -> None:
        monitoring = settings.monitoring_config_file
        monitoring_path = None if monitoring is None else read_monitoring_config(monitoring)
        metrics = Metrics()
        log = RequestLog(settings.log_requests)
        self.repository, self._polling = _build_repository(settings, metrics)
        threads = settings.threads or os.cpu_count() or 1
        self._scheduler = _build_scheduler(settings, threads, metrics)
        with ExitStack() as on_failure:
            on_failure.callback(self._scheduler.close)
            self._socket = on_failure.enter_context(_listen(settings.host, settings.rest_api_port))
            self._grpc = None
            if settings.port is not None:
                self._grpc = GrpcServer(settings.host, settings.port, self.repository, self._scheduler, metrics, log)
            on_failure.pop_all()
        self._executor = ThreadPoolExecutor(threads, "json")
        config = uvicorn.Config(
            create_app(
                self.repository,
                self._scheduler,
                self._executor,
                settings.rest_api_enable_cors_support,
                metrics=metrics,
                monitoring_path=monitoring_path,
                log=log,
            ),
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            # Longer than clients pause between two requests, so that they do not write into a closing connection.
            timeout_keep_alive=60,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
        self._uvicorn = _UvicornServer(config, self.url)

    @property
    def url(self) -> str:
        """The address of the REST interface, such as `http://127.0.0.1:8501`."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def grpc_address(self) -> str | None:
        """The address of the gRPC interface, such as `127.0.0.1:8500`; None without one."""
        return self._grpc.address if self._grpc else None

    def run(self) -> None:
        """Serve until `stop` or, in the main thread, until SIGINT or SIGTERM; running requests finish."""
        try:
            self.repository.start()
            if self._grpc:
                self._grpc.start()
            if self._polling:
                self._polling.start()
            self._uvicorn.run(sockets=[self._socket])
        finally:
            self._socket.close()
            if self._polling:
                self._polling.stop()
            if self._grpc:
                self._grpc.stop(_SECONDS_TO_FINISH)
            self._scheduler.close()
            self._executor.shutdown()
            self.repository.stop()

    def stop(self) -> None:
        """Make `run`, in another thread, end."""
        self._uvicorn.should_exit = True


class _UvicornServer(uvicorn.Server):
    """Logs its address once it listens."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        logger.info("Serving on %s/v1/models (Ctrl-C ends it)", self._url)


def serve(settings: ServerSettings) -> None:
    """Serve models over TensorFlow Serving's interfaces until SIGINT or SIGTERM.

    Args:
        settings: the models and the addresses.

    Raises:
        UserError: a port cannot be listened on.
    """
    _set_up_logging()
    server = ModelServer(settings)
    # uvicorn raises the signal that stopped it again when it is done; here that is a normal end.
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        server.run()
    except KeyboardInterrupt:
        logger.info("Server ended")
    finally:
        signal.signal(signal.SIGTERM, previous)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _set_up_logging() -> None:
    package_logger = logging.getLogger("car_classifier")
    if not package_logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        package_logger.addHandler(handler)
        package_logger.propagate = False  # TensorFlow gives the root logger a handler, which would repeat every line
    package_logger.setLevel(logging.INFO)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _build_repository(settings: ServerSettings, metrics: Metrics) -> tuple[ModelRepository, ModelConfigPolling | None]:
    """The repository of the models, and the polling of the file that names them, if it is polled."""
    file, folder = settings.model_config_file, settings.model_base_path
    read: Callable[[], tuple[ServedModel, ...]]
    if folder is not None:
        read, seconds = partial(read_model_folder, folder, settings.model_name), settings.file_system_poll_wait_seconds
    elif file is not None:
        read, seconds = partial(read_model_config, file), settings.model_config_file_poll_wait_seconds
    else:
        read, seconds = (lambda: settings.models), 0.0
    served = read()
    repository = ModelRepository(
        served if file is None else (),
        poll_seconds=settings.file_system_poll_wait_seconds,
        allow_labels_for_unavailable=settings.allow_version_labels_for_unavailable_models or folder is not None,
        metrics=metrics,
    )
    if file is not None:
        try:
            repository.reload(served)
        except ServingError as error:
            raise UserError(
                f"{file}: {error.message}. At the start no version is: "
                "set --allow-version-labels-for-unavailable-models, or add the labels later."
            ) from error
    return repository, ModelConfigPolling(read, served, repository, seconds) if seconds else None


def _build_scheduler(settings: ServerSettings, threads: int, metrics: Metrics) -> Scheduler:
    if not settings.enable_batching:
        return ImmediateScheduler(threads)
    path = settings.batching_parameters_file
    return BatchingScheduler(BatchingParameters() if path is None else read_batching_parameters(path), metrics)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
        # Connections inherit this option. Without it the body of an answer waits some 40 ms until the client has
        # acknowledged the head; asyncio sets it only on sockets that were made with TCP's protocol number.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error
        raise UserError(
            f"Cannot listen on {host} port {port}: {reason}. "
            "If another program uses the port, end it or choose another port."
        ) from error
