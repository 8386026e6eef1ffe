"""TensorFlow, imported by one thread at a time.

A server opens its ports before TensorFlow is there, and several of its threads need it first. Threads that import parts
of one package in different orders wait for each other; Python then lets one of them go on with half a module.
"""

from __future__ import annotations

import threading

_importing = threading.Lock()


def import_tensorflow() -> None:
    """Returns once TensorFlow and the messages of its server can be imported by any thread, without a wait."""
    with _importing:
        import tensorflow  # noqa: F401
        from tensorflow_serving.apis import prediction_log_pb2  # noqa: F401  it holds all kinds of requests
