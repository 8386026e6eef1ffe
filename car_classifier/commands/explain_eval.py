"""`car-classifier explain-eval`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from car_classifier.commands.shared import (
    ALL,
    MANIFEST,
    MODEL_DIR,
    DataOption,
    FiguresOption,
    JsonOption,
    ModelOption,
    SeedOption,
    SplitOption,
    check_json_out,
    console,
    write_result,
)
from car_classifier.data.manifest import read_manifest
from car_classifier.files import check_writable
from car_classifier.progress import print_left_out, progress_bar
from car_classifier.registry.published_version import find_version
from car_classifier.words import counted


def explain_eval(
    model: ModelOption = MODEL_DIR,
    manifest: DataOption = MANIFEST,
    split: SplitOption = "test",
    photos: Annotated[int, typer.Option(min=1, help="Number of photos, chosen at random.")] = 200,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="Explanation method to score; may be given several times. The baselines are always scored.",
            show_default="all",
        ),
    ] = None,
    sanity_photos: Annotated[
        int,
        typer.Option(
            min=0, help="Number of photos whose maps are compared with the maps of a net with random weights."
        ),
    ] = 16,
    seed: SeedOption = 0,
    out: FiguresOption = Path("figures/explanations"),
    json_out: JsonOption = None,
) -> None:
    """Score the explanations of a published model against baseline maps. If interrupted, the same command continues."""
    check_json_out(json_out)
    version = find_version(model)
    photos_of = read_manifest(manifest)
    check_writable(version.metrics_path)
    check_writable(out / "methods.jpg")

    from car_classifier.demo_cars.part_boxes import read_part_boxes
    from car_classifier.evaluation.predictions import readable_rows
    from car_classifier.evaluation.report import rows_of
    from car_classifier.explanations.evaluation import draw_figures, evaluate_explanations
    from car_classifier.explanations.methods import METHODS, find_method

    asked = {name: find_method(name) for name in method or METHODS}
    methods = [item for name, item in METHODS.items() if name in asked or item.is_baseline]
    labels = version.names.labels
    known = len(rows_of(photos_of, split, labels))
    notes: list[str] = []
    with progress_bar("Checking photos", console) as report:
        rows = readable_rows(photos_of, rows_of(photos_of, split, labels, photos, seed), report, notes.append)
    print_left_out(console, notes)
    parts = read_part_boxes(photos_of.path.parent / "parts.csv")
    result = evaluate_explanations(version, photos_of, rows, methods, parts, split, seed, sanity_photos, console)
    text_wanted = not write_result(json_out, {"model": str(version)} | result)
    unknown = sum(split in (ALL, row.split) for row in photos_of.kept) - known
    if unknown and text_wanted:
        typer.echo(f"Left out {counted(unknown, 'photo')} of labels that the model does not know.")
    if text_wanted:
        shown = counted(result["photos"], "photo")
        typer.echo(f"{shown}, {result['right']} answered rightly; what is explained is the model's answer.")
        Console(highlight=False).print(_table(result["methods"]))
        for line in _verdicts(result["methods"]):
            typer.echo(line)
    drawn = draw_figures(version, photos_of, split, rows, methods, out, console)
    if not text_wanted:
        return
    for path in drawn:
        typer.echo(f"Figure: {path}")
    typer.echo(f"Scores: {version.metrics_path} (each photo's in {result['per_photo']})")


def _table(methods: dict[str, Any]) -> Table:
    from car_classifier.registry.score_kinds import SCORES, arrow

    shown = [name for name in SCORES if any(name in row["scores"] for row in methods.values())]
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for name in shown:
        table.add_column(f"{SCORES[name].short} {arrow(SCORES[name])}", no_wrap=True)
    for row in methods.values():
        cells = []
        for name in shown:
            figure = row["scores"].get(name)
            mark = "*" if name in row["no_better_than"] else ""
            cells.append("" if figure is None else f"{figure['mean']:.3f}{mark}")
        table.add_row(row["title"], *cells, style="dim" if row["is_baseline"] else None)
    return table


def _verdicts(methods: dict[str, Any]) -> list[str]:
    """Sentences on the methods that do not beat a baseline."""
    from car_classifier.registry.score_kinds import SCORES

    lines = ["↑ more is better, ↓ less; Rand.: likeness to the map of a net with random weights."]
    for row in methods.values():
        by_baselines: dict[tuple[str, ...], list[str]] = {}
        for score, baselines in row["no_better_than"].items():
            by_baselines.setdefault(tuple(baselines), []).append(SCORES[score].title.lower())
        parts = [
            f"the {' and the '.join(methods[name]['title'].lower() for name in baselines)} in {', '.join(scores)}"
            for baselines, scores in by_baselines.items()
        ]
        if parts:
            lines.append(f"* {row['title']} is not surely better than {'; '.join(parts)}.")
    return lines
