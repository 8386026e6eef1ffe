"""The cost of reading orientation and transparency inside the graph, for photos that have neither.

The graph of the exported model and one that only decodes and resizes run in turn, on one photo at a time as a server
does; the ratio is taken pair by pair.
"""

import io
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

PAIRS = 400
WARM_UP = 20
INPUT = (256, 384)
SIZES = {"page": (1067, 1600), "data set": (240, 320)}
"""Height and width in pixels of the photos that the page sends, and of those of a typical data set."""


def run() -> None:
    """Measure with drawn photos, and print the results."""
    import tensorflow as tf

    from car_classifier.network.preprocessing import load_photos

    def bare(photo: Any, is_jpeg: bool) -> Any:
        if is_jpeg:
            pixels = tf.io.decode_jpeg(photo, channels=3, dct_method="INTEGER_ACCURATE")
        else:
            pixels = tf.io.decode_png(photo, channels=3)
        return tf.image.resize(pixels, INPUT, antialias=True)

    def of_batch(function: Callable[[Any], Any]) -> Any:
        spec = tf.TensorSpec([*INPUT, 3], tf.float32)
        return tf.function(
            lambda photos: tf.map_fn(function, photos, fn_output_signature=spec),
            input_signature=[tf.TensorSpec([None], tf.string)],
        )

    ours = tf.function(lambda photos: load_photos(photos, INPUT), input_signature=[tf.TensorSpec([None], tf.string)])
    print(f"{PAIRS} pairs of one photo each, to {INPUT[0]}×{INPUT[1]}")
    print(f"{'':32}{'bare ms':>10}{'ours ms':>10}   ours / bare, pair by pair")
    for name, size in SIZES.items():
        for kind in ("JPEG", "JPEG with EXIF", "PNG"):
            graphs = {"bare": of_batch(lambda photo, kind=kind: bare(photo, kind != "PNG")), "ours": ours}
            times = _measure(graphs, tf.constant([_photo(size, kind)]))
            ratios = [b / a for a, b in zip(times["bare"], times["ours"], strict=True)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            medians = [1000 * statistics.median(times[graph]) for graph in graphs]
            print(
                f"{f'{kind}, {size[0]}×{size[1]} ({name})':32}{medians[0]:10.2f}{medians[1]:10.2f}"
                f"   {middle:.3f} (middle half {low:.3f} to {high:.3f})"
            )


def _photo(size: tuple[int, int], kind: str) -> bytes:
    """A picture with as much detail as a photo has; with EXIF it is upright all the same."""
    noise = np.random.default_rng(0).integers(0, 256, (size[0] // 8, size[1] // 8, 3), np.uint8)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "A maker of cameras", 1
    buffer = io.BytesIO()
    image = Image.fromarray(noise).resize(size[::-1], Image.Resampling.BICUBIC)
    image.save(buffer, kind.split()[0], **({"exif": exif} if "EXIF" in kind else {}))
    return buffer.getvalue()


def _measure(graphs: dict[str, Any], photos: Any) -> dict[str, list[float]]:
    """Seconds of each call, by graph."""
    times: dict[str, list[float]] = {name: [] for name in graphs}
    for i in range(WARM_UP + PAIRS):
        for name in list(graphs) if i % 2 else list(reversed(graphs)):
            start = time.perf_counter()
            graphs[name](photos)
            elapsed = time.perf_counter() - start
            if i >= WARM_UP:
                times[name].append(elapsed)
    return times
