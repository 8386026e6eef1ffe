"""Score the explanations of a published version and store the results with it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from car_classifier.data.manifest import Manifest, ManifestRow
from car_classifier.demo_cars.part_boxes import PartBoxes
from car_classifier.evaluation.figures import save_figure
from car_classifier.evaluation.predictions import predict
from car_classifier.evaluation.published_net import read_published_net
from car_classifier.evaluation.report import report_name, rows_of
from car_classifier.explanations.figures import contrast_figure, methods_figure
from car_classifier.explanations.methods import Method
from car_classifier.explanations.scoring import append_scores, read_scores, score_methods, summary, write_scores
from car_classifier.files import exclusive_lock, sha256_of
from car_classifier.progress import print_left_out, progress_bar
from car_classifier.registry.assets import update_metrics
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.training.config import key_of
from car_classifier.words import counted

FORMAT = 3
"""Increased when a score's calculation changes, so that unfinished work of an older version is not resumed."""


def evaluate_explanations(
    version: PublishedVersion,
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    methods: Sequence[Method],
    parts: PartBoxes,
    split: str | None,
    seed: int,
    sanity_photos: int,
    console: Console,
) -> dict[str, Any]:
    """Score methods on photos, and write the results into the version's `metrics.json` and model card.

    Each photo's scores are saved as soon as they are known, so that the same command resumes after an interruption.

    Args:
        version: The version.
        manifest: Gives the photos' paths.
        rows: The photos.
        methods: The methods to score.
        parts: By file name, the boxes of the part that identifies the photo's class.
        split: The split that the photos come from.
        seed: Seed of everything random.
        sanity_photos: Number of photos whose maps are compared with those of a random net.
        console: Where progress is shown.

    Returns:
        `data`, `split`, `photos`, `right` (number of correct answers among them), `seed`, `sanity_photos`, `per_photo`
        (the file with all scores, which is reused while nothing that they depend on changes) and `methods`, as
        `summary` returns it.

    Raises:
        UserError: The version has no report to add to, another process is scoring it, or a photo cannot be read.
    """
    name = f"{report_name(manifest.path, split)}-{len(rows)}"
    folder = version.explanations_folder
    version.read_metrics()  # an error here comes before the work
    key = key_of(
        {
            "format": FORMAT,
            "model": _fingerprint(version),
            "photos": [[row.file_name, row.sha256, row.label, parts.get(row.file_name)] for row in rows],
            "methods": [method.name for method in methods],
            "seed": seed,
            "sanity": sanity_photos,
        }
    )
    table = folder / f"{name}-{key}.csv"
    folder.mkdir(exist_ok=True)
    busy = f"Another process is scoring the explanations of {version}. Wait for it to end."
    with exclusive_lock(folder, busy):
        if not table.is_file():
            _score(table, version, manifest, rows, methods, parts, seed, sanity_photos, console)
        scored_maps = read_scores(table)
        first_method = scored_maps[0].method
        result = {
            "data": str(manifest.path),
            "split": split,
            "photos": len(rows),
            "right": sum(scored.is_right for scored in scored_maps if scored.method == first_method),
            "seed": seed,
            "sanity_photos": min(sanity_photos, len(rows)),
            "per_photo": f"explanations/{table.name}",
            "methods": summary(scored_maps, methods),
        }
        update_metrics(version, "explanations", name, result)
        for older in folder.glob(f"{name}-*.csv"):
            if older != table:
                older.unlink()
    return result


def _score(
    table: Path,
    version: PublishedVersion,
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    methods: Sequence[Method],
    parts: PartBoxes,
    seed: int,
    sanity_photos: int,
    console: Console,
) -> None:
    """Write the scores of all photos to a table; resumes what an interrupted process has left."""
    net = read_published_net(version.folder)
    unfinished = table.with_name(f".{table.name}")
    complete = _drop_half_done(unfinished, len(methods))
    remaining = [row for row in rows if row.file_name not in complete]
    before = len(complete) * len(methods)
    if complete:
        console.print(f"Going on after {counted(len(complete), 'photo')}.")
    with progress_bar("Scoring maps", console) as report:

        def report_all(done: int, _: int, /) -> None:
            report(before + done, len(rows) * len(methods))

        sanity_remaining = max(sanity_photos - len(complete), 0)
        for batch in score_methods(net, manifest, remaining, methods, parts, seed, sanity_remaining, report_all):
            append_scores(unfinished, batch)
    unfinished.replace(table)


def _drop_half_done(unfinished: Path, methods: int) -> set[str]:
    """Keep only those photos in a table that all methods were scored on; return their names."""
    scored_maps = read_scores(unfinished)
    rows = Counter(scored.file_name for scored in scored_maps)
    complete = {name for name, count in rows.items() if count == methods}
    write_scores(unfinished, [scored for scored in scored_maps if scored.file_name in complete])
    return complete


def draw_figures(
    version: PublishedVersion,
    manifest: Manifest,
    split: str | None,
    shown: Sequence[ManifestRow],
    methods: Sequence[Method],
    folder: Path,
    console: Console,
) -> list[Path]:
    """Draw some photos with the maps of all methods, and the contrast of the version's two most confused classes.

    Returns:
        Paths of the figures: `methods.jpg`, and `contrast.jpg` if two classes have photos.
    """
    net = read_published_net(version.folder)
    figures = {"methods": methods_figure(net, manifest, shown, methods)}
    rows = rows_of(manifest, split, net.names.labels)
    notes: list[str] = []
    with progress_bar("Looking for the most confused classes", console) as report:
        answers = predict(version, manifest, rows, report, notes.append)
    print_left_out(console, notes)
    contrast = contrast_figure(net, manifest, answers.rows, answers.logits)
    if contrast is not None:
        figures["contrast"] = contrast
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}.jpg")
        save_figure(figure, paths[-1])
    return paths


def _fingerprint(version: PublishedVersion) -> list[str]:
    """Hashes of a version's variables and configuration, which are the same whenever it is published."""
    config = {key: value for key, value in version.read_config().items() if key != "published"}
    return [*map(sha256_of, sorted((version.folder / "variables").iterdir())), key_of(config)]
