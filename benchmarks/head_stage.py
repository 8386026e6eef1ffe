"""The cost of ten epochs of the head stage, against one pass of the frozen net over the same photos.

Both run one after the other, several times over, in one process; a ratio is taken within each round.
"""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console

ROUNDS = 3
EPOCHS = 10
CLASSES, PER_CLASS = 8, 240
IMAGE_SIZE = (224, 320)


def run(manifest: Path | None) -> None:
    """Measure ResNet50 on the photos of a manifest, or on drawn photos, and print the results."""
    with tempfile.TemporaryDirectory() as folder:
        _measure(manifest or _drawn(Path(folder)), Path(folder))


def _drawn(folder: Path) -> Path:
    from car_classifier.data.indexing import index_photos
    from car_classifier.demo_cars import DemoSettings, draw_demo_set

    draw_demo_set(folder, DemoSettings(CLASSES, PER_CLASS))
    return index_photos(folder / "images", folder / "manifest.csv").manifest.path


def _measure(manifest: Path, folder: Path) -> None:
    import keras
    import tensorflow as tf

    from car_classifier.network.backbones import build_backbone, find_backbone, normalise
    from car_classifier.training.config import TrainingConfig
    from car_classifier.training.run import TrainingRun
    from car_classifier.training.stages import Training

    backbone = find_backbone("ResNet50")
    weights = folder / "random.weights.h5"  # speed does not depend on them
    build_backbone(backbone, IMAGE_SIZE, "none").save_weights(weights)
    config = TrainingConfig(
        manifest=str(manifest),
        base=backbone.name,
        weights=str(weights),
        unfreeze=("head",),
        head="sgd",
        image_size=IMAGE_SIZE,
        head_epochs=EPOCHS,
    )
    ratios = []
    for number in range(-1, ROUNDS):  # the first round warms up
        training = Training(TrainingRun(config, folder / "one_pass", Console(quiet=True)))
        net = build_backbone(backbone, IMAGE_SIZE, str(weights))
        head = keras.layers.Dense(len(training.run.labels), name="classifier")
        frozen = training.frozen(net)
        forward = tf.function(lambda photos, net=frozen: net(normalise(backbone, photos), training=False))
        forward(tf.zeros([1, *IMAGE_SIZE, 3]))  # traced before the clock runs
        began = time.perf_counter()
        for split in ("train", "validation"):
            for photos, _ in training.batches.sources[split].plain():
                forward(photos)
        one_pass = time.perf_counter() - began

        training = Training(TrainingRun(config, folder / "runs", Console(quiet=True)))  # nothing decoded yet
        began = time.perf_counter()
        training.train_head(net, head)
        ten_epochs = time.perf_counter() - began
        shutil.rmtree(folder / "one_pass")
        shutil.rmtree(folder / "runs")
        if number >= 0:
            ratios.append(ten_epochs / one_pass)
            print(f"one pass {one_pass:.1f} s, {EPOCHS} epochs {ten_epochs:.1f} s: ×{ratios[-1]:.2f}", flush=True)
    print(f"{EPOCHS} head epochs cost ×{statistics.median(ratios):.2f} of one pass of the frozen net")
