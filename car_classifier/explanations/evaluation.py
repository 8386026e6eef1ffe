"""Scoring the explanations of a published version and keeping the figures with it."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from car_classifier.demo_cars.part_boxes import PartBoxes
from car_classifier.evaluation import report_name, rows_of
from car_classifier.explanations.figures import contrast_figure, methods_figure
from car_classifier.explanations.methods import Method
from car_classifier.explanations.scoring import append_scores, read_scores, score_methods, summary, write_scores
from car_classifier.figures import save_figure
from car_classifier.files import sha256_of
from car_classifier.manifest import Manifest, ManifestRow
from car_classifier.predictions import predict
from car_classifier.progress import progress_bar
from car_classifier.published_net import read_published_net
from car_classifier.training_config import key_of
from car_classifier.version_assets import update_metrics

FORMAT = 2
"""Counted up when a score is calculated in another way, so that unfinished work of before is not gone on with."""


def evaluate_explanations(
    version_dir: Path,
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    methods: Sequence[Method],
    parts: PartBoxes,
    split: str | None,
    seed: int,
    sanity_photos: int,
    console: Console,
) -> dict[str, Any]:
    """Score methods on photos, and put the figures into the version's `metrics.json` and model card.

    The scores of every photo are kept beside them as they come, so that the same command goes on after an
    interruption.

    Args:
        version_dir: Folder of a version.
        manifest: Tells where the photos are.
        rows: Which photos.
        methods: What to score.
        parts: By file name, where the part is that tells the photo's class.
        split: What the photos were drawn from.
        seed: Seed of everything random.
        sanity_photos: How many photos' maps are compared with a random net's.
        console: Where progress is shown.

    Returns:
        `key` (of all that the figures depend on: asked again, they are not measured again), `data`, `split`, `photos`,
        `right` (so many of the answers that were explained), `seed`, `sanity_photos`, `per_photo` (the file with all
        scores, beside `metrics.json`) and `methods`, as `summary` gives them.
    """
    name = report_name(manifest.path, split)
    table = version_dir / "assets.extra" / "explanations" / f"{name}.csv"
    key = key_of(
        {
            "format": FORMAT,
            "model": _identity(version_dir),
            "photos": [row.sha256 for row in rows],
            "methods": [method.name for method in methods],
            "seed": seed,
            "sanity": sanity_photos,
        }
    )
    if _measured(version_dir).get(name, {}).get("key") != key or not table.is_file():
        _score(table, key, version_dir, manifest, rows, methods, parts, seed, sanity_photos, console)
    found = read_scores(table)
    first = found[0].method
    result = {
        "key": key,
        "data": str(manifest.path),
        "split": split,
        "photos": len(rows),
        "right": sum(one.is_right for one in found if one.method == first),
        "seed": seed,
        "sanity_photos": min(sanity_photos, len(rows)),
        "per_photo": f"explanations/{table.name}",
        "methods": summary(found, methods),
    }
    update_metrics(version_dir, "explanations", name, result)
    return result


def _measured(version_dir: Path) -> dict[str, Any]:
    """What was measured of a version's explanations before, by name."""
    metrics = json.loads((version_dir / "assets.extra" / "metrics.json").read_text(encoding="utf-8"))
    reports: dict[str, Any] = metrics.get("explanations", {})
    return reports


def _score(
    table: Path,
    key: str,
    version_dir: Path,
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    methods: Sequence[Method],
    parts: PartBoxes,
    seed: int,
    sanity_photos: int,
    console: Console,
) -> None:
    """Write the scores of all photos to a table, going on with what an interrupted process left."""
    unfinished = table.with_name(f".{table.stem}-{key}.csv")
    table.parent.mkdir(exist_ok=True)
    complete = _drop_half_done(unfinished)
    left = [row for row in rows if row.file_name not in complete]
    before = len(complete) * len(methods)
    if complete:
        console.print(f"Going on after {len(complete)} photos.")
    net = read_published_net(version_dir)
    with progress_bar("Scoring maps", console) as report:

        def report_all(done: int, _: int, /) -> None:
            report(before + done, len(rows) * len(methods))

        sanity_left = max(sanity_photos - len(complete), 0)
        for batch in score_methods(net, manifest, left, methods, parts, seed, sanity_left, report_all):
            append_scores(unfinished, batch)
    for stale in table.parent.glob(f".{table.stem}-*.csv"):
        if stale != unfinished:
            stale.unlink()
    unfinished.replace(table)


def _drop_half_done(unfinished: Path) -> set[str]:
    """Leave in a table only the photos that all methods were scored on; return their names."""
    found = read_scores(unfinished)
    rows = Counter(one.file_name for one in found)
    complete = {name for name, count in rows.items() if count == max(rows.values())}
    write_scores(unfinished, [one for one in found if one.file_name in complete])
    return complete


def draw_figures(
    version_dir: Path,
    manifest: Manifest,
    split: str | None,
    shown: Sequence[ManifestRow],
    methods: Sequence[Method],
    folder: Path,
) -> list[Path]:
    """Draw some photos under all methods, and the contrast of the version's two most confused classes.

    Returns:
        The figures: `methods.jpg`, and `contrast.jpg` where there is a pair to be told apart.
    """
    net = read_published_net(version_dir)
    figures = {"methods": methods_figure(net, manifest, shown, methods)}
    rows = rows_of(manifest, split, net.names.labels)
    contrast = contrast_figure(net, manifest, rows, predict(version_dir, manifest, rows).logits)
    if contrast is not None:
        figures["contrast"] = contrast
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}.jpg")
        save_figure(figure, paths[-1])
    return paths


def _identity(version_dir: Path) -> list[str]:
    """What a version's net depends on."""
    return [sha256_of(path) for path in sorted((version_dir / "variables").iterdir())]
