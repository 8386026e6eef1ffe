"""A server for SavedModels that answers as TensorFlow Serving's REST interface does, without Docker."""

from car_classifier.serving.server import ModelServer, serve
from car_classifier.serving.settings import ServedModel, ServerSettings

__all__ = ["ModelServer", "ServedModel", "ServerSettings", "serve"]
