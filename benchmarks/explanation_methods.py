"""The cost of each explanation method beside one forward pass: time per photo and peak memory.

Rounds alternate between all methods and the forward pass, so that a machine that slows down slows all of them; ratios
are taken round by round. Memory is measured in one process per method, and in one for the forward pass.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from car_classifier.explanations.methods import METHODS, explain
from car_classifier.explanations.targets import ClassLogit
from car_classifier.network.backbones import build_backbone, find_backbone
from car_classifier.network.head import build_head

SIZE = (224, 224)
CLASSES = 167
ROUNDS = 2


def run(base: str, batch_size: int) -> None:
    """Measure all methods with random weights, and print a table in Markdown."""
    names = [name for name, method in METHODS.items() if not method.is_baseline]
    times = _times(base, names, batch_size)
    context = multiprocessing.get_context("spawn")
    memory = {}
    for name in ("forward", *names):
        with context.Pool(1) as pool:
            memory[name] = pool.apply(_peak, (base, name, batch_size))
    print(f"{base}, {SIZE[0]}×{SIZE[1]} pixels, {CLASSES} classes, batches of {batch_size}, {ROUNDS} rounds")
    print("\n| | ms per photo | × a forward pass | peak MB beyond the net | × a forward pass |")
    print("|---|---|---|---|---|")
    for name in ("forward", *names):
        title = "Forward pass" if name == "forward" else METHODS[name].title
        ratios = [own / forward for own, forward in zip(times[name], times["forward"], strict=True)]
        milliseconds = 1000 * statistics.median(times[name]) / batch_size
        print(
            f"| {title} | {milliseconds:.0f} | {statistics.median(ratios):.1f} | {memory[name]:.0f} | "
            f"{memory[name] / memory['forward']:.1f} |"
        )


def _times(base: str, names: list[str], batch_size: int) -> dict[str, list[float]]:
    """Seconds of each round for a batch, by method."""
    works = _works(base, batch_size)
    times: dict[str, list[float]] = {name: [] for name in ("forward", *names)}
    for round_number in range(ROUNDS + 1):  # the first warms up
        for name in times:
            start = time.perf_counter()
            works(name)()
            if round_number:
                times[name].append(time.perf_counter() - start)
    return times


def _works(base: str, batch_size: int) -> Callable[[str], Callable[[], Any]]:
    keras.utils.set_random_seed(0)
    net = build_backbone(find_backbone(base), SIZE, "none")
    model = keras.Model(net.input, build_head(net.output_shape[1:], CLASSES)(net.output))
    images = np.random.default_rng(0).normal(size=(batch_size, *SIZE, 3)).astype(np.float32)

    def work(name: str) -> Callable[[], Any]:
        if name == "forward":
            return lambda: np.asarray(model(images, training=False))
        return lambda: explain(model, images, ClassLogit(0), METHODS[name].function, batch_size)

    return work


def _peak(base: str, name: str, batch_size: int) -> float:
    """Peak memory of a process while it explains a batch, above that of the net alone, in MB."""
    work = _works(base, batch_size)(name)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the highest mark so far is that of making the net
    before = _status("VmRSS")
    work()
    return (_status("VmHWM") - before) / 1024


def _status(field: str) -> int:
    """A figure of this process, as Linux gives it, in KiB."""
    (line,) = (
        line for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines() if line.startswith(field)
    )
    return int(line.split()[1])
