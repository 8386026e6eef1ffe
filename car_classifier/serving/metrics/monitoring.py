"""The endpoint of the metrics, and TensorFlow Serving's `MonitoringConfig`, which enables it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from car_classifier.errors import UserError
from car_classifier.registry.text_proto import message_class, read_text_proto
from car_classifier.serving.metrics.registry import Metrics

DEFAULT_PATH = "/monitoring/prometheus/metrics"


def read_monitoring_config(path: Path) -> str | None:
    """Read the path of the metrics from a file in TensorFlow Serving's text format.

    Args:
        path: a file such as `prometheus_config { enable: true path: "/metrics" }`.

    Returns:
        The path of the URL; None if metrics are not enabled.

    Raises:
        UserError: the file cannot be read or has another format.
    """
    message = _message_class()()
    read_text_proto(path, message, "monitoring configuration")
    config = message.prometheus_config
    if not config.enable:
        return None
    if config.path and not config.path.startswith("/"):
        raise UserError(f"{path}: the path of prometheus_config must begin with a /. Received: {config.path}")
    return config.path or DEFAULT_PATH


class MetricsEndpoint:
    """The ASGI endpoint of the metrics, with the answers of TensorFlow Serving's `http_server.cc`.

    Args:
        metrics: the metrics to show.
        path: the path of the URL.
    """

    def __init__(self, metrics: Metrics, path: str) -> None:
        self._metrics = metrics
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if query := scope["query_string"].decode("latin-1"):
            text, status = f"Unexpected path: {self._path}?{query}. Should be {self._path}", 400
        else:
            text, status = self._metrics.page(), 200
        # The header is set explicitly: Starlette would add a charset, which the original lacks.
        await Response(text, status, {"content-type": "text/plain"})(scope, receive, send)


@cache
def _message_class() -> Any:
    """The message of `monitoring_config.proto`, which the package `tensorflow-serving-api` lacks."""
    from google.protobuf import descriptor_pb2

    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="monitoring_config.proto", package="tensorflow.serving", syntax="proto3"
    )
    prometheus = file.message_type.add(name="PrometheusConfig")
    prometheus.field.add(name="enable", number=1, label=kind.LABEL_OPTIONAL, type=kind.TYPE_BOOL)
    prometheus.field.add(name="path", number=2, label=kind.LABEL_OPTIONAL, type=kind.TYPE_STRING)
    file.message_type.add(name="MonitoringConfig").field.add(
        name="prometheus_config",
        number=1,
        label=kind.LABEL_OPTIONAL,
        type=kind.TYPE_MESSAGE,
        type_name=".tensorflow.serving.PrometheusConfig",
    )
    return message_class(file)
