"""`car-classifier evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import ModelOption, console
from car_classifier.files import check_writable, write_json


def evaluate(
    model: ModelOption = Path("model"),
    photos: Annotated[Path, typer.Option("--data", help="A manifest or a folder of labelled photos.")] = Path(
        "data/manifest.csv"
    ),
    split: Annotated[str | None, typer.Option(help="Only the photos of this split.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Where to write the figures.")] = None,
) -> None:
    """Measure a published model on labelled photos, through its SavedModel."""
    if json_out is not None:
        check_writable(json_out)

    from car_classifier.evaluation import evaluate_on

    result = evaluate_on(model, photos, split, console)
    if json_out is not None:
        write_json(json_out, result)
    typer.echo(_sentence(result))
    if json_out is not None:
        typer.echo(f"All figures: {json_out}")


def _sentence(result: dict[str, object]) -> str:
    unknown = result["unknown_labels"]
    aside = f" Left aside: photos of labels that the model does not know: {unknown}." if unknown else ""
    if result["top1"] is None:
        return f"No photo has a label that the model knows.{aside}"
    return (
        f"{result['count']} photos: top-1 {result['top1']:.1%}, top-5 {result['top5']:.1%}, "
        f"right make {result['make_top1']:.1%}.{aside}"
    )
