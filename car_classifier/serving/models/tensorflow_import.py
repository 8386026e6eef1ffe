"""TensorFlow, imported by one thread at a time.

A server opens its ports before TensorFlow is imported, and several of its threads may be the first to need it.
Threads that import parts of one package in different orders block each other; Python then lets one continue with a
half-imported module.
"""

from __future__ import annotations

import threading

_importing = threading.Lock()


def import_tensorflow() -> None:
    """Import TensorFlow and TensorFlow Serving's messages; afterwards any thread can import them at once."""
    with _importing:
        import tensorflow  # noqa: F401
        from tensorflow_serving.apis import prediction_log_pb2  # noqa: F401  imports all kinds of requests
