"""The gain and cost of merging requests: 1 and 16 clients, with and without merging, against the bare graph.

The bare graph is the session's own call on ready arrays, with the best of some batch sizes. Clients are threads of
another process that send one photo each, over and over. The measurements alternate within each round, so that a
machine that slows down slows all of them; ratios and differences are taken within a round.
"""

import base64
import http.client
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from car_classifier.registry.published_version import PublishedVersion, find_version
from car_classifier.serving import ModelServer, ServerSettings
from car_classifier.serving.models.batching import BatchingScheduler
from car_classifier.serving.models.batching_parameters import read_batching_parameters
from car_classifier.serving.models.saved_model import SavedModel

NAME = "benchmarked"
SIGNATURE = "classify"
CLIENTS = 16
BATCH_SIZES = (1, 2, 4, 8, 16, 32)
# Answers per second, and the seconds that each answer took.
Measured = tuple[float, list[float]]


def run(model_dir: Path | None, parameters_file: Path, seconds: float, rounds: int) -> None:
    """Measure and print.

    Args:
        model_dir: a model folder, whose stable version has a signature `classify` and golden photos; None for a small
            convolutional net with random weights.
        parameters_file: the batching parameters, in TensorFlow Serving's format.
        seconds: length of each measurement in each round.
        rounds: number of rounds.

    Raises:
        UserError: there is no version in the folder, or the file is invalid.
    """
    parameters = read_batching_parameters(parameters_file)
    with ExitStack() as stack:
        if model_dir is None:
            model_dir = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            photo = _save_small_net(model_dir / "1")
        else:
            photo = _golden_photo(find_version(model_dir))
        bare = SavedModel(find_version(model_dir).folder)
        stack.callback(bare.close)
        merging = BatchingScheduler(parameters)
        stack.callback(merging.close)
        common: dict[str, Any] = {"model_base_path": model_dir, "model_name": NAME, "rest_api_port": 0}
        off = stack.enter_context(_serving(ServerSettings(**common)))
        on = stack.enter_context(
            _serving(ServerSettings(**common, enable_batching=True, batching_parameters_file=parameters_file))
        )
        size, workers = _best_batch(bare, photo, seconds / 5)
        print(f"Bare graph: batches of {size} from {workers} threads at a time are the fastest.")
        kinds: dict[str, Callable[[], Measured]] = {
            "bare graph": partial(_call_bare, bare, photo, size, workers, seconds),
            f"merged, {CLIENTS} threads, no HTTP": partial(_submit, merging, bare, photo, seconds),
            "server, 1 client": partial(_ask, off, photo, 1, seconds),
            "server that merges, 1 client": partial(_ask, on, photo, 1, seconds),
            f"server, {CLIENTS} clients": partial(_ask, off, photo, CLIENTS, seconds),
            f"server that merges, {CLIENTS} clients": partial(_ask, on, photo, CLIENTS, seconds),
        }
        results: dict[str, list[Measured]] = {name: [] for name in kinds}
        for _ in range(rounds):
            for name, measure in kinds.items():
                results[name].append(measure())
    _print(results)


def _print(results: dict[str, list[Measured]]) -> None:
    bare = [rate for rate, _ in results["bare graph"]]
    print(f"{'':34}{'photos/s':>10}{'of bare':>9}{'median ms':>11}")
    for name, measured in results.items():
        rate = statistics.median(rate for rate, _ in measured)
        ratio = statistics.median(rate / best for (rate, _), best in zip(measured, bare, strict=True))
        wait = 1000 * statistics.median(second for _, seconds in measured for second in seconds)
        print(f"{name:34}{rate:10.1f}{ratio:9.3f}{wait:11.2f}")
    added = [
        statistics.median(on) - statistics.median(off)
        for (_, on), (_, off) in zip(results["server that merges, 1 client"], results["server, 1 client"], strict=True)
    ]
    print(f"Merging adds {1000 * statistics.median(added):.2f} ms to the median answer to 1 client.")


def _best_batch(model: SavedModel, photo: bytes, seconds: float) -> tuple[int, int]:
    """The batch size and the number of threads that process most photos per second."""
    choices = [(size, workers) for size in BATCH_SIZES for workers in (1, 2)]
    return max(choices, key=lambda choice: _call_bare(model, photo, *choice, seconds)[0])


def _call_bare(model: SavedModel, photo: bytes, size: int, workers: int, seconds: float) -> Measured:
    inputs = {"image_bytes": np.array([photo] * size, object)}
    rate, times = _repeat(lambda: model.run(SIGNATURE, inputs), workers, seconds)
    return rate * size, times


def _submit(scheduler: BatchingScheduler, model: SavedModel, photo: bytes, seconds: float) -> Measured:
    inputs = {"image_bytes": np.array([photo], object)}
    return _repeat(lambda: scheduler.submit(model, SIGNATURE, inputs).result(), CLIENTS, seconds)


def _ask(url: str, photo: bytes, clients: int, seconds: float) -> Measured:
    instance = {"image_bytes": {"b64": base64.b64encode(photo).decode()}}
    body = json.dumps({"signature_name": SIGNATURE, "instances": [instance]}).encode()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_ask_here, (url, body, clients, seconds))


def _ask_here(url: str, body: bytes, clients: int, seconds: float) -> Measured:
    connections = threading.local()

    def ask() -> None:
        if not hasattr(connections, "one"):
            connections.one = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        connections.one.request("POST", f"/v1/models/{NAME}:predict", body)
        response = connections.one.getresponse()
        text = response.read()
        if response.status != 200:
            raise RuntimeError(text.decode())

    return _repeat(ask, clients, seconds)


def _repeat(once: Callable[[], object], workers: int, seconds: float) -> Measured:
    """Repeat a call in several threads; the first fifth of the time is not counted."""
    begin = time.perf_counter() + seconds / 5
    end = begin + seconds

    def work(_: int) -> list[float]:
        times = []
        while (start := time.perf_counter()) < end:
            once()
            if begin <= start and (now := time.perf_counter()) <= end:
                times.append(now - start)
        return times

    with ThreadPoolExecutor(workers) as pool:
        times = [second for part in pool.map(work, range(workers)) for second in part]
    return len(times) / seconds, times


@contextmanager
def _serving(settings: ServerSettings) -> Iterator[str]:
    """Run a server, and give its address once its model is loaded."""
    server = ModelServer(settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        server.repository.wait_until_available([NAME])
        yield server.url
    finally:
        server.stop()
        thread.join()


def _golden_photo(version: PublishedVersion) -> bytes:
    return sorted(version.golden_folder.glob("*.[jp]*g"))[0].read_bytes()


def _save_small_net(folder: Path) -> bytes:
    """Save a net of four convolutions, and return a photo for it."""
    import tensorflow as tf

    tf.random.set_seed(0)
    kernels = [
        tf.Variable(tf.random.normal([3, 3, before, after], stddev=0.1))
        for before, after in ((3, 32), (32, 64), (64, 128), (128, 128))
    ]

    def decode(data: tf.Tensor) -> tf.Tensor:
        return tf.image.resize(tf.io.decode_jpeg(data, 3), [96, 96])

    class Net(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def classify(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            x = tf.map_fn(decode, image_bytes, fn_output_signature=tf.TensorSpec([96, 96, 3], tf.float32)) / 255.0
            for number, kernel in enumerate(self.kernels):
                x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1 + number % 2, "SAME"))
            return {"probabilities": tf.nn.softmax(tf.reduce_mean(x, [1, 2]))}

    net = Net()
    net.kernels = kernels
    tf.saved_model.save(net, str(folder), signatures={SIGNATURE: net.classify})
    noise = np.random.default_rng(0).integers(0, 256, [12, 16, 3], np.uint8)
    photo = tf.cast(tf.image.resize(noise, [120, 160], "bicubic"), tf.uint8)
    return bytes(tf.io.encode_jpeg(photo, quality=90).numpy())
