"""A server for SavedModels with TensorFlow Serving's REST and gRPC interfaces, without Docker.

`server` is the process and `settings` its settings; `http/` and `grpc/` are the interfaces, `models/` loads and runs
versions, `metrics/` counts and logs, and `errors` has the errors that become answers.
"""

from typing import TYPE_CHECKING, Any

from car_classifier.serving.settings import ServedModel, ServerSettings

if TYPE_CHECKING:
    from car_classifier.serving.server import ModelServer, serve

__all__ = ["ModelServer", "ServedModel", "ServerSettings", "serve"]


def __getattr__(name: str) -> Any:
    """Import the server when it is used: the command line needs its settings only, and must start quickly."""
    if name in ("ModelServer", "serve"):
        from car_classifier.serving import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__} has no attribute {name}")
