"""How good explanations are: every method's scores on the same photos, compared with baselines that ignore the net."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy.stats import binomtest

from car_classifier.data.manifest import Manifest, ManifestRow
from car_classifier.evaluation.intervals import mean_interval, wilson_interval
from car_classifier.evaluation.predictions import ask_about
from car_classifier.evaluation.published_net import PublishedNet
from car_classifier.explanations import faithfulness, localisation, sanity
from car_classifier.explanations.compiled import compiled
from car_classifier.explanations.localisation import Box
from car_classifier.explanations.methods import Method, explain
from car_classifier.explanations.targets import ClassLogit
from car_classifier.files import append_csv, read_csv, write_csv
from car_classifier.network.map_extent import upsample_map
from car_classifier.network.surgery import in_precision
from car_classifier.progress import Report, silent
from car_classifier.registry.score_kinds import SCORES
from car_classifier.training.precision import dtype_policy

BATCH_SIZE = 8

Scores = dict[str, float | None]


@dataclass(frozen=True)
class ScoredMap:
    """A method's scores on one photo; None where a score does not apply.

    Attributes:
        file_name: The photo, as the manifest names it.
        method: Name of the method.
        is_right: Whether the model's answer, which is explained, is right.
        scores: By the score's name.
    """

    file_name: str
    method: str
    is_right: bool
    scores: Scores


def score_methods(
    net: PublishedNet,
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    methods: Sequence[Method],
    parts: Mapping[str, Sequence[Box]],
    seed: int = 0,
    sanity_photos: int = 16,
    report: Report = silent,
) -> Iterator[list[ScoredMap]]:
    """Score methods on photos, by their explanations of the model's first answer for each photo.

    Args:
        net: The model.
        manifest: Gives the photos' paths.
        rows: The photos.
        methods: The methods to score.
        parts: By file name, the boxes of the part that identifies the photo's class; localisation is scored if they are
            known and the answer is right.
        seed: Seed of everything random.
        sanity_photos: Number of photos, from the first on, whose maps are compared with a random net's. This takes as
            long as the maps themselves.
        report: Called with the number of maps scored and the total.

    Yields:
        The scores of a few photos at a time, by all methods.
    """
    # The scores and the slow methods need many passes, so the device's fast number format is worth its rounding.
    models = [net.model, *([sanity.randomised(net.model, seed)] if sanity_photos else [])]
    fast = [in_precision(model, dtype_policy("auto")) for model in models]
    probabilities = _probabilities_of(net, fast[0])
    for start in range(0, len(rows), BATCH_SIZE):
        batch = rows[start : start + BATCH_SIZE]
        photos = ask_about(net.load, manifest, batch)
        images = net.normalised(photos)
        classes = probabilities(photos).numpy().argmax(axis=1)
        targets = [ClassLogit(int(index)) for index in classes]
        compared = max(min(len(batch), sanity_photos - start), 0)
        scored_maps = []
        for number, method in enumerate(methods, start=1):
            trained_net, *random_net = fast if method.is_slow else models
            maps = explain(trained_net, images, targets, method.function, BATCH_SIZE)
            random_maps: Any = ()
            if compared and random_net:
                random_maps = explain(random_net[0], images[:compared], targets[:compared], method.function, BATCH_SIZE)
            extent = method.extent(net.model)
            for i, row in enumerate(batch):
                heatmap = upsample_map(maps[i], extent, net.image_size)
                is_right = net.names.labels[classes[i]] == row.label
                scores = _faithfulness(_class_probability(probabilities, classes[i]), photos[i], heatmap, seed)
                scores["sanity"] = sanity.similarity(maps[i], random_maps[i]) if i < len(random_maps) else None
                boxes = parts.get(row.file_name) if is_right else None
                scores |= _localisation(
                    upsample_map(maps[i], extent, (row.height, row.width)) if boxes else None, boxes
                )
                scored_maps.append(ScoredMap(row.file_name, method.name, is_right, scores))
            report(start * len(methods) + number * len(batch), len(rows) * len(methods))
        yield scored_maps


def _probabilities_of(net: PublishedNet, fast: keras.Model) -> Any:
    """A function from photos, RGB from 0 to 255 [k, height, width, 3], to calibrated probabilities [k, classes]."""
    return lambda photos: tf.nn.softmax(compiled(fast)(net.normalised(photos)) / net.temperature)


def _class_probability(probabilities: Any, index: int) -> faithfulness.Predict:
    return lambda photos: np.asarray(probabilities(photos)[:, index])


def _faithfulness(
    predict: faithfulness.Predict, photo: NDArray[np.float32], heatmap: NDArray[np.float32], seed: int
) -> Scores:
    deletion, insertion = faithfulness.deletion_and_insertion(predict, photo, heatmap, seed)
    drop, drop_at_equal_area = faithfulness.average_drop(predict, photo, heatmap, seed)
    return {
        "deletion": deletion,
        "insertion": insertion,
        "road": faithfulness.road(predict, photo, heatmap, seed),
        "average_drop": drop,
        "average_drop_equal": drop_at_equal_area,
    }


def _localisation(heatmap: NDArray[np.float32] | None, boxes: Sequence[Box] | None) -> Scores:
    if heatmap is None or not boxes:
        return {"hit": None, "energy": None}
    return {
        "hit": float(localisation.hits(heatmap, boxes)),
        "energy": localisation.energy_inside(heatmap, boxes),
    }


# --- Summary --------------------------------------------------------------------------------------------------


def summary(scored_maps: Sequence[ScoredMap], methods: Sequence[Method]) -> dict[str, Any]:
    """Every method's scores over all photos.

    Returns:
        By the method's name: `title`, `is_baseline`, `scores` (by name: `mean`, its 95 % `interval`, and the `count` of
        photos), and `no_better_than`: by the score's name, the baselines that the method does not significantly beat in
        a comparison photo by photo.
    """
    columns = {
        method.name: {
            score: np.array(values, float)
            for score in SCORES
            if (values := [scored.scores[score] for scored in scored_maps if scored.method == method.name])
            and any(value is not None for value in values)
        }
        for method in methods
    }
    baselines = [method.name for method in methods if method.is_baseline]
    return {
        method.name: {
            "title": method.title,
            "is_baseline": method.is_baseline,
            "scores": {score: _figure(score, values) for score, values in columns[method.name].items()},
            "no_better_than": {
                score: equals
                for score, values in columns[method.name].items()
                if not method.is_baseline
                and (equals := [name for name in baselines if not _beats(score, values, columns[name][score])])
            },
        }
        for method in methods
    }


def _figure(score: str, values: NDArray[np.float64]) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    interval = wilson_interval(int(known.sum()), len(known)) if score == "hit" else mean_interval(known)
    return {"mean": float(known.mean()), "interval": interval, "count": len(known)}


def _beats(score: str, values: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Whether `values` are better on the same photos by more than chance.

    The 95 % interval of the mean difference must be above zero. An exact sign test of the number of better photos must
    agree, because a handful of photos, or differences that are all alike, prove nothing.
    """
    gains = (values - others) * (1 if SCORES[score].is_better_high else -1)
    gains = gains[~np.isnan(gains)]
    interval, differing = mean_interval(gains), gains[gains != 0]
    if interval is None or interval[0] <= 0 or not len(differing):
        return False
    return bool(binomtest(int((differing > 0).sum()), len(differing)).pvalue < 0.05)


# --- Files, so that interrupted work can be resumed -------------------------------------------------------------------

_COLUMNS = ("file_name", "method", "is_right", *SCORES)


def read_scores(path: Path) -> list[ScoredMap]:
    """Scores that `append_scores` wrote, without a last line that was cut off."""
    if not path.is_file():
        return []
    rows = [row for _, row in read_csv(path)]
    if not path.read_bytes().endswith(b"\n"):
        del rows[-1:]
    return [
        ScoredMap(
            row["file_name"],
            row["method"],
            row["is_right"] == "True",
            {name: float(row[name]) if row[name] else None for name in SCORES},
        )
        for row in rows
    ]


def write_scores(path: Path, scored_maps: Sequence[ScoredMap]) -> None:
    """Write scores as a CSV file: a row for each photo and method."""
    write_csv(path, _COLUMNS, map(_score_row, scored_maps))


def append_scores(path: Path, scored_maps: Sequence[ScoredMap]) -> None:
    """Add rows to a CSV file of scores."""
    append_csv(path, _COLUMNS, map(_score_row, scored_maps))


def _score_row(scored: ScoredMap) -> dict[str, object]:
    numbers = {name: None if value is None else f"{value:.6g}" for name, value in scored.scores.items()}
    return {"file_name": scored.file_name, "method": scored.method, "is_right": scored.is_right} | numbers
