"""The facts about one request, for the metrics and the request log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class RequestRecord:
    """One request; the code that serves it fills in the fields.

    Attributes:
        request_id: the client's own or a new one.
        method: of HTTP.
        path: of the URL with its query, or the full name of the gRPC method.
        entrypoint: the interface.
        model: the requested model, if it is served here.
        api: `predict`, `classify`, … over REST, `Predict`, `Classify`, … over gRPC; empty if no model is run.
        version: the version that answers.
        signature: the signature that is run.
        instances: number of rows of its inputs.
        error: the error text for the client.
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
