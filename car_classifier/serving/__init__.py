"""A server for SavedModels with TensorFlow Serving's REST and gRPC interfaces, without Docker.

`server` is the process and `settings` its settings; `http/` and `grpc/` are the interfaces, `models/` loads and runs
versions, `metrics/` counts and logs, and `errors` has the errors that become answers.
"""

from car_classifier.serving.server import ModelServer, serve
from car_classifier.serving.settings import ServedModel, ServerSettings

__all__ = ["ModelServer", "ServedModel", "ServerSettings", "serve"]
