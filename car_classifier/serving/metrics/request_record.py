"""What is known of one request, for the metrics and for the log of requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class RequestRecord:
    """One request; what serves it fills in what it learns.

    Attributes:
        request_id: the client's own or a new one.
        method: of HTTP.
        path: of the URL with its query, or the full name of the gRPC method.
        entrypoint: which interface it came through.
        model: the model asked, if it is served here.
        api: `predict`, `classify`, … over REST, `Predict`, `Classify`, … over gRPC; empty where no model is run.
        version: that answers.
        signature: that is run.
        instances: rows of its inputs.
        error: what the client is told.
    """

    request_id: str
    method: str
    path: str
    entrypoint: Literal["REST", "GRPC"] = "REST"
    model: str = ""
    api: str = ""
    version: int | None = None
    signature: str | None = None
    instances: int | None = None
    error: str | None = None
