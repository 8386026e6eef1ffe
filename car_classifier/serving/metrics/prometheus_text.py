r"""Counters and histograms, and their text for Prometheus.

The text is that of TensorFlow Serving's `prometheus_exporter.cc`: names with `:` for `/` (so they begin with a colon),
one `# TYPE` line per metric, even if nothing was recorded yet, and no `# HELP`. As there, a bucket counts the values
below its limit, while Prometheus means "up to and including". Sums are written in full, not rounded to six digits.

prometheus_client is not used: it accepts such names (`metrics_core.py`), but adds `_total` to every counter's name, so
that no counter could have its original name.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def exponential(scale: float, growth: float, count: int) -> tuple[float, ...]:
    """Bucket limits: `count` limits from `scale` on, each `growth` times the one before."""
    return tuple(scale * growth**power for power in range(count))


class Counter:
    """A number per combination of label values, which only grows.

    Args:
        name: such as `/tensorflow/serving/request_count`.
        labels: names of its labels.
    """

    kind = "counter"

    def __init__(self, name: str, *labels: str) -> None:
        self.name = _name(name)
        self._labels = labels
        self._lock = threading.Lock()
        self._values: dict[tuple[str, ...], int] = {}

    def add(self, amount: int, *label_values: str) -> None:
        """Increase the number of these label values."""
        with self._lock:
            self._values[label_values] = self._values.get(label_values, 0) + amount

    def lines(self) -> Iterator[str]:
        """The lines of the metric in the text."""
        with self._lock:
            values = sorted(self._values.items())
        for label_values, value in values:
            yield f"{self.name}{{{_pairs(self._labels, label_values)}}} {value}"


@dataclass
class _Buckets:
    counts: list[int]
    total: float = 0


class Histogram:
    """Numbers of values between limits, per combination of label values.

    Args:
        name: such as `/tensorflow/serving/request_latency`.
        labels: names of its labels.
        limits: upper limits of its buckets, ascending; one more bucket takes larger values.
    """

    kind = "histogram"

    def __init__(self, name: str, *labels: str, limits: Sequence[float]) -> None:
        self.name = _name(name)
        self._labels = labels
        self._limits = limits
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, ...], _Buckets] = {}

    def add(self, value: float, *label_values: str) -> None:
        """Record one value."""
        with self._lock:
            buckets = self._buckets.setdefault(label_values, _Buckets([0] * (len(self._limits) + 1)))
            buckets.counts[bisect_right(self._limits, value)] += 1
            buckets.total += value

    def lines(self) -> Iterator[str]:
        """The lines of the metric in the text."""
        with self._lock:
            recorded = sorted(
                (values, list(buckets.counts), buckets.total) for values, buckets in self._buckets.items()
            )
        limits = [f"{limit:g}" for limit in self._limits] + ["+Inf"]
        for label_values, counts, total in recorded:
            pairs = _pairs(self._labels, label_values)
            below = 0
            for limit, count in zip(limits, counts, strict=True):
                below += count
                yield f'{self.name}_bucket{{{pairs}{"," if pairs else ""}le="{limit}"}} {below}'
            yield f"{self.name}_sum{{{pairs}}} {total}"
            yield f"{self.name}_count{{{pairs}}} {below}"


def page(metrics: Iterable[Counter | Histogram]) -> str:
    """The text of some metrics, sorted by name."""
    lines: list[str] = []
    for metric in sorted(metrics, key=lambda metric: metric.name):
        lines += [f"# TYPE {metric.name} {metric.kind}", *metric.lines()]
    return "\n".join(lines) + "\n"


def _name(name: str) -> str:
    return re.sub("[^a-zA-Z0-9_]", ":", name)


def _pairs(labels: Sequence[str], values: Sequence[str]) -> str:
    return ",".join(f'{label}="{value.translate(_ESCAPES)}"' for label, value in zip(labels, values, strict=True))
