"""What explanations are worth: every method's scores on the same photos, beside maps that know nothing."""

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
        is_right: Whether the model's answer, which is what is explained, is right.
        scores: By name.
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
    """Score methods on photos, explaining the model's first answer for each.

    Args:
        net: The model.
        manifest: Tells where the photos are.
        rows: Which photos.
        methods: What to score.
        parts: By file name, where the part is that tells the photo's class; scored where it is known and the answer
            is right.
        seed: Seed of everything random.
        sanity_photos: On so many photos, from the first on, the maps are compared with a random net's: this takes as
            long as the maps themselves.
        report: Called with maps scored and maps in all.

    Yields:
        The scores of a few photos at a time, by all methods.
    """
    # The scores, and some methods, ask so often that the device's own number format is worth its rounding.
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
        found = []
        for number, method in enumerate(methods, start=1):
            own, *random = fast if method.asks_often else models
            maps = explain(own, images, targets, method.function, BATCH_SIZE)
            others: Any = ()
            if compared and random:
                others = explain(random[0], images[:compared], targets[:compared], method.function, BATCH_SIZE)
            extent = method.extent(net.model)
            for i, row in enumerate(batch):
                drawn = upsample_map(maps[i], extent, net.image_size)
                is_right = net.names.labels[classes[i]] == row.label
                scores = _faithfulness(_ask(probabilities, classes[i]), photos[i], drawn, seed)
                scores["sanity"] = sanity.similarity(maps[i], others[i]) if i < len(others) else None
                boxes = parts.get(row.file_name) if is_right else None
                scores |= _localisation(
                    upsample_map(maps[i], extent, (row.height, row.width)) if boxes else None, boxes
                )
                found.append(ScoredMap(row.file_name, method.name, is_right, scores))
            report(start * len(methods) + number * len(batch), len(rows) * len(methods))
        yield found


def _probabilities_of(net: PublishedNet, fast: keras.Model) -> Any:
    """From photos, RGB from 0 to 255 [k, height, width, 3], to calibrated probabilities [k, classes]."""
    return lambda photos: tf.nn.softmax(compiled(fast)(net.normalised(photos)) / net.temperature)


def _ask(probabilities: Any, index: int) -> faithfulness.Ask:
    return lambda photos: np.asarray(probabilities(photos)[:, index])


def _faithfulness(ask: faithfulness.Ask, photo: NDArray[np.float32], drawn: NDArray[np.float32], seed: int) -> Scores:
    deletion, insertion = faithfulness.deletion_and_insertion(ask, photo, drawn, seed)
    drop, drop_at_equal_area = faithfulness.average_drop(ask, photo, drawn, seed)
    return {
        "deletion": deletion,
        "insertion": insertion,
        "road": faithfulness.road(ask, photo, drawn, seed),
        "average_drop": drop,
        "average_drop_equal": drop_at_equal_area,
    }


def _localisation(drawn: NDArray[np.float32] | None, boxes: Sequence[Box] | None) -> Scores:
    if drawn is None or not boxes:
        return {"hit": None, "energy": None}
    return {
        "hit": float(localisation.hits(drawn, boxes)),
        "energy": localisation.energy_inside(drawn, boxes),
    }


# --- What comes out of it -------------------------------------------------------------------------------------


def summary(found: Sequence[ScoredMap], methods: Sequence[Method]) -> dict[str, Any]:
    """Every method's scores over all photos.

    Returns:
        By the method's name: `title`, `is_baseline`, `scores` (by name: `mean`, its 95 % `interval`, and the `count` of
        photos), and `no_better_than`: by the score's name, the baselines that it does not surely beat, photo by photo.
    """
    columns = {
        method.name: {
            score: np.array(values, float)
            for score in SCORES
            if (values := [one.scores[score] for one in found if one.method == method.name])
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

    The 95 % interval of the mean difference must be above zero; and so that a handful of photos, or differences that
    are all alike, prove nothing, an exact sign test of how many photos are better must agree.
    """
    gains = (values - others) * (1 if SCORES[score].is_better_high else -1)
    gains = gains[~np.isnan(gains)]
    interval, differing = mean_interval(gains), gains[gains != 0]
    if interval is None or interval[0] <= 0 or not len(differing):
        return False
    return bool(binomtest(int((differing > 0).sum()), len(differing)).pvalue < 0.05)


# --- Kept, so that what was interrupted goes on -------------------------------------------------------------------

_COLUMNS = ("file_name", "method", "is_right", *SCORES)


def read_scores(path: Path) -> list[ScoredMap]:
    """Scores that `append_scores` wrote; a last line that was cut off is left out."""
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


def write_scores(path: Path, found: Sequence[ScoredMap]) -> None:
    """Write scores as a CSV file: a row for each photo and method."""
    write_csv(path, _COLUMNS, map(_score_row, found))


def append_scores(path: Path, found: Sequence[ScoredMap]) -> None:
    """Add rows to a CSV file of scores."""
    append_csv(path, _COLUMNS, map(_score_row, found))


def _score_row(scored: ScoredMap) -> dict[str, object]:
    numbers = {name: None if value is None else f"{value:.6g}" for name, value in scored.scores.items()}
    return {"file_name": scored.file_name, "method": scored.method, "is_right": scored.is_right} | numbers
