"""One loaded SavedModel: its signatures and how to run them.

It is loaded as TensorFlow Serving loads it, through the version 1 loader into a session. A model that TensorFlow
Serving cannot restore therefore fails here too, shapes are checked by the graph alone (as there), and a failing
operation's message comes without Python's additions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from car_classifier.serving.errors import Code, ServingError, from_tensorflow, invalid_argument

DEFAULT_SIGNATURE = "serving_default"

Tensors = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class _Runner:
    """A signature compiled into the session: positional feeds in, unique fetches out."""

    run: Callable[..., list[Any]]
    input_names: list[str]
    output_position: dict[str, int]


class SavedModel:
    """A SavedModel in memory, which any number of threads may run.

    Args:
        folder: the version's folder, the one with `saved_model.pb`.

    Raises:
        ServingError: the folder holds no model that TensorFlow can load; the message says why.
    """

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        # Without this, every load logs that the loader which TensorFlow Serving uses is deprecated.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph)
        try:
            with graph.as_default():
                meta_graph = tf.compat.v1.saved_model.loader.load(self._session, ["serve"], str(folder))
            self.signatures: dict[str, Any] = dict(meta_graph.signature_def)
            self._runners = {
                name: self._compile(signature)
                for name, signature in self.signatures.items()
                if signature.inputs and signature.outputs
            }
        except Exception as error:
            self._session.close()
            raise _load_error(error, folder) from error

    def signature(self, name: str) -> Any:
        """The `SignatureDef` with this name; an empty name means `serving_default`.

        Raises:
            ServingError: there is no such signature (HTTP 400).
        """
        name = name or DEFAULT_SIGNATURE
        if name not in self.signatures:
            raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name]

    def run(self, signature_name: str, inputs: Tensors) -> dict[str, np.ndarray[Any, Any]]:
        """Run one signature.

        Args:
            signature_name: its name; empty means `serving_default`.
            inputs: one array per input, of its dtype (strings as bytes objects).

        Returns:
            One array per output.

        Raises:
            ServingError: the signature is unknown, inputs are missing or unknown, or the graph fails.
        """
        import tensorflow as tf

        self.signature(signature_name)
        runner = self._runners.get(signature_name or DEFAULT_SIGNATURE)
        if runner is None or set(runner.input_names) != set(inputs):
            expected = sorted(runner.input_names) if runner else []
            raise invalid_argument(
                f"input size does not match signature: the inputs sent are {sorted(inputs)}, "
                f"the signature's inputs are {expected}"
            )
        try:
            fetched = runner.run(*(inputs[name] for name in runner.input_names))
        except tf.errors.OpError as error:
            raise from_tensorflow(error) from error
        return {name: _as_array(fetched[position]) for name, position in runner.output_position.items()}

    def close(self) -> None:
        """Free the model's memory; nothing may be running in it."""
        self._runners.clear()
        self._session.close()

    def _compile(self, signature: Any) -> _Runner:
        from tensorflow.core.protobuf import config_pb2

        fetches = {info.name: None for info in signature.outputs.values()}
        options = config_pb2.CallableOptions(
            feed=[info.name for info in signature.inputs.values()], fetch=list(fetches)
        )
        position = {name: number for number, name in enumerate(fetches)}
        return _Runner(
            # `Session.run` refuses shapes that the signature does not declare; TensorFlow Serving leaves that to the
            # graph, and compiles signatures with the same call as here.
            run=self._session._make_callable_from_options(options),
            input_names=list(signature.inputs),
            output_position={key: position[info.name] for key, info in sorted(signature.outputs.items())},
        )


def count_rows(inputs: Tensors) -> int:
    """The number of instances in some inputs: the size of dimension 0, or 1 for scalars."""
    return max((len(array) for array in inputs.values() if array.ndim), default=1)


def _as_array(fetched: Any) -> np.ndarray[Any, Any]:
    # A scalar string comes as bytes, which NumPy would turn into an array that drops trailing zeros.
    return np.asarray(fetched, object if isinstance(fetched, bytes) else None)


def _load_error(error: Exception, folder: Path) -> ServingError:
    """The error in a version's status for an exception raised while loading it."""
    import tensorflow as tf

    if isinstance(error, tf.errors.OpError):
        return from_tensorflow(error)
    if isinstance(error, OSError):
        return ServingError(Code.NOT_FOUND, f"Could not find a readable SavedModel in {folder}: {error}")
    return ServingError(Code.INVALID_ARGUMENT, f"Could not load the SavedModel in {folder}: {error}")
