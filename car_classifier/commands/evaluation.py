"""`car-classifier evaluate`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from car_classifier.commands.shared import (
    ALL,
    MANIFEST,
    MODEL_DIR,
    SPLIT,
    ClassesOption,
    JsonOption,
    ModelOption,
    SplitChoice,
    check_json_out,
    console,
    default_split,
    write_result,
)
from car_classifier.data.manifest import check_report_out
from car_classifier.errors import UserError
from car_classifier.registry.published_version import find_version
from car_classifier.words import counted


def evaluate(
    model: ModelOption = MODEL_DIR,
    photos: Annotated[Path, typer.Option("--data", help="Manifest of the photos, or a folder of labelled photos.")] = (
        MANIFEST
    ),
    split: Annotated[SplitChoice | None, SPLIT(show_default="test; all for a folder of photos")] = None,
    classes: ClassesOption = None,
    json_out: JsonOption = None,
) -> None:
    """Measure a published model on labelled photos, through its SavedModel."""
    check_json_out(json_out)
    version = find_version(model)
    chosen = default_split(photos, split)
    only = None if chosen == ALL else chosen

    from car_classifier.evaluation.report import evaluate_on, evaluation_path, named

    out = json_out or evaluation_path(version, photos, only)
    if json_out is None:
        try:
            check_report_out(out)
        except UserError as error:
            raise UserError(f"{error} Name a file for the result with --json.") from error

    result = evaluate_on(version, photos, only, console, classes)
    if write_result(out, result):
        return
    seen = sum(row["support"] > 0 for row in result["per_class"])
    typer.echo(f"{counted(result['count'], 'photo')} of {counted(seen, 'class')}.")
    Console(highlight=False).print(_table(result))
    for line in _findings(result):
        typer.echo(line)
    if result["unknown_labels"]:
        count = counted(sum(result["unknown_labels"].values()), "photo")
        typer.echo(f"Left out {count} of labels that the model does not know: {named(result['unknown_labels'])}.")
    typer.echo(f"All figures: {out}")


def _table(result: dict[str, Any]) -> Table:
    calibration = result["calibration"]
    rows = (
        ("Right (top-1)", result["top1"], result["top1_interval"]),
        ("Among the best five (top-5)", result["top5"], result["top5_interval"]),
        *([("Right make", result["make_top1"], result["make_top1_interval"])] if "make_top1" in result else []),
        ("Macro-F1", result["macro_f1"], result["macro_f1_interval"]),
        ("Calibration error before scaling", calibration["ece_before"], calibration["ece_interval_before"]),
        ("Calibration error", calibration["ece"], calibration["ece_interval"]),
    )
    table = Table("", "", "95 % interval", box=None)
    for name, value, (low, high) in rows:
        table.add_row(name, f"{value:.1%}", f"{low:.1%} to {high:.1%}")
    return table


def _guessing(guessing: dict[str, Any]) -> str:
    return (
        f"Guessing would be right for {guessing['by_chance']:.1%} of the photos by chance, and for "
        f"{guessing['most_frequent']:.1%} by always answering {guessing['label']}."
    )


def _sure(sure: dict[str, Any]) -> str:
    """The figures of the version's own threshold, and the wish that it was chosen for."""
    wish, given = f"The wish is that at most {sure['wrong_at_most']:.1%} of the sure answers are wrong.", sure["given"]
    if given is None:
        return f"{wish} No threshold met it on the validation photos."
    called = f"{wish} Called sure from {given['threshold']:.1%} on, chosen on validation photos: {given['answered']}"
    if not given["answered"]:
        return f"{called} answers."
    low, high = (1 - bound for bound in reversed(given["accuracy_interval"]))
    wrong = f"{1 - given['accuracy']:.1%} of them wrong (95 %: {low:.1%} to {high:.1%})"
    return f"{called} answers ({given['share_answered']:.1%} of the photos), {wrong}."


def _findings(result: dict[str, Any]) -> list[str]:
    at_95 = result["abstention"]["at_95"]
    lines = [_guessing(result["guessing"])] + ([_sure(result["sure"])] if "sure" in result else [])
    lines += [
        "No confidence is high enough for 95 % of the answers above it to be right."
        if at_95 is None
        else f"Answered only from a confidence of {at_95['threshold']:.1%} on: {at_95['share_answered']:.1%} of the "
        f"photos, {at_95['accuracy']:.1%} of them right."
    ]
    pairs = result["confused_pairs"][:5]
    if pairs:
        lines.append("Most often taken for one another:")
        lines += [f"  {' and '.join(pair['labels'])}: {pair['count']}" for pair in pairs]
    return lines
