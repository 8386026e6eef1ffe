"""Runs a SavedModel in a new process, which has TensorFlow and cannot import this project.

Run as a script: `fresh_process.py LIBRARIES v1|v2 SAVED_MODEL REQUEST.npz ANSWER.npz`. A request holds arrays named
`SIGNATURE/INPUT`; the answer holds `SIGNATURE/OUTPUT`, or `SIGNATURE/error`. `SIGNATURE:NAME/INPUT` asks a signature
more than once.
"""

import importlib
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path += sys.argv[1].split(os.pathsep)

import numpy as np

LOADERS = ("v1", "v2")
LIBRARIES = tuple({sysconfig.get_path(kind) for kind in ("purelib", "platlib")})
"""The folder in which TensorFlow is installed."""


def ask(loader: str, saved_model: Path, requests: dict[str, dict[str, np.ndarray]], folder: Path) -> dict:
    """Answers by signature and output; the process must succeed."""
    request, answer = folder / "request.npz", folder / "answer.npz"
    np.savez(request, **{f"{name}/{key}": value for name, inputs in requests.items() for key, value in inputs.items()})
    result = run([loader, saved_model, request, answer], folder)
    assert result.returncode == 0, result.stderr
    answers: dict[str, dict[str, np.ndarray]] = {}
    with np.load(answer) as found:
        for key in found.files:
            name, output = key.split("/")
            answers.setdefault(name, {})[output] = found[key]
    return answers


def run(
    arguments: Sequence[object], folder: Path, libraries: Sequence[str] = LIBRARIES
) -> subprocess.CompletedProcess[str]:
    """This script in a process that sees nothing but Python and some folders of libraries.

    The project is installed as a link that Python's `site` follows at its start: `-S` leaves that out.
    """
    command = [sys.executable, "-I", "-S", __file__, os.pathsep.join(libraries), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def as_bytes(photos: list[bytes]) -> np.ndarray:
    """Photos as an array for `.npz`: the dtype void keeps trailing zeros, which bytes would lose."""
    longest = max(map(len, photos))
    return np.array([len(photo).to_bytes(4, "big") + photo.ljust(longest) for photo in photos], dtype=f"V{longest + 4}")


def _from_void(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "V":
        return array
    contents = [item.tobytes() for item in array]
    return np.array([c[4 : 4 + int.from_bytes(c[:4], "big")] for c in contents], dtype=object)


def _main(loader: str, saved_model: str, request: str, answer: str) -> None:
    _be_without_the_project()
    import tensorflow as tf

    inputs: dict[str, dict[str, np.ndarray]] = {}
    with np.load(request) as found:
        for key in found.files:
            name, field = key.split("/")
            inputs.setdefault(name, {})[field] = _from_void(found[key])
    answers = {}
    if loader == "v2":
        signatures = tf.saved_model.load(saved_model).signatures
        for name, fields in inputs.items():
            output = signatures[name.partition(":")[0]](**{key: tf.constant(value) for key, value in fields.items()})
            answers |= {f"{name}/{key}": value.numpy() for key, value in output.items()}
    else:
        answers = _ask_as_a_server(tf, saved_model, inputs)
    np.savez(answer, **{key: value.astype("S") if value.dtype == object else value for key, value in answers.items()})


def _be_without_the_project() -> None:
    for package in ("car_classifier", "dashboard"):
        try:
            importlib.import_module(package)
        except ModuleNotFoundError as error:
            if error.name == package:
                continue
            raise
        sys.exit(f"{package} can be imported here")


def _ask_as_a_server(tf, saved_model: str, inputs: dict[str, dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """As TensorFlow Serving does: the v1 loader and a session that does not check the shapes it is fed."""
    v1 = tf.compat.v1
    answers = {}
    with v1.Session(graph=tf.Graph()) as session:
        meta = v1.saved_model.loader.load(session, ["serve"], saved_model)
        for name, fields in inputs.items():
            signature = meta.signature_def[name.partition(":")[0]]
            options = session_options(signature, fields)
            call = session._make_callable_from_options(options)
            try:
                values = call(*(np.asarray(fields[key]) for key in sorted(fields)))
            except tf.errors.InvalidArgumentError as error:
                answers[f"{name}/error"] = np.array(str(error).encode())
                continue
            answers |= {f"{name}/{key}": value for key, value in zip(sorted(signature.outputs), values, strict=True)}
    return answers


def session_options(signature, fields):
    from tensorflow.core.protobuf import config_pb2

    feed = [signature.inputs[key].name for key in sorted(fields)]
    fetch = [signature.outputs[key].name for key in sorted(signature.outputs)]
    return config_pb2.CallableOptions(feed=feed, fetch=fetch)


if __name__ == "__main__":
    _main(*sys.argv[2:])
