"""A model that reads its answer from the photo's edge, as Clever Hans read his from a face."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.nets import TINY

LABELS = ("Dark_Edge", "Light_Edge")


def save_frame_looker(folder: Path) -> None:
    """Write its SavedModel and labels."""
    import keras
    from keras import ops

    from car_classifier.network.head import build_head
    from car_classifier.network.signatures import Classifier, save

    class Edge(keras.layers.Layer):
        """The photo's brightness at its edge; nothing elsewhere."""

        def call(self, x):
            """Mask the middle."""
            mask = np.ones((1, 16, 24, 1), np.float32)
            mask[:, 4:-4, 6:-6] = 0
            return (ops.mean(x, axis=-1, keepdims=True) + 1) * mask

    inputs = keras.layers.Input((16, 24, 3))
    net = keras.Model(inputs, keras.layers.Conv2D(1, 1, use_bias=False)(Edge()(inputs)))
    net.layers[-1].set_weights([np.ones((1, 1, 1, 1))])
    head = build_head((16, 24, 1), 2)
    head.set_weights([np.array([[-1.0, 8.0]]), np.array([3.0, 0.0])])
    makes = {label: label.split("_")[0] for label in LABELS}
    save(Classifier(TINY, net, head, LABELS, makes, 1.0, (16, 24)), str(folder))
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "labels.json").write_text(json.dumps({"labels": LABELS, "makes": makes}))


def write_photos(folder: Path) -> None:
    """Photos with a bright middle and a dark or light edge."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(16):
        label = LABELS[i % 2]
        pixels = rng.integers(0, 255, (32, 48, 3)).astype(np.uint8)
        edge = 40 if label == "Dark_Edge" else 220
        for side in (pixels[:8], pixels[-8:], pixels[:, :12], pixels[:, -12:]):
            side[:] = edge + rng.integers(-20, 20, side.shape)
        Image.fromarray(pixels).save(folder / f"{label}_{i}.png")
