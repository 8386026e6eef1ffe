"""`car-classifier clever-hans`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from car_classifier.commands.shared import (
    MANIFEST,
    MODEL_DIR,
    STDOUT,
    DataOption,
    FiguresOption,
    JsonOption,
    ModelOption,
    SplitOption,
    check_json_out,
    console,
    write_result,
)
from car_classifier.data.manifest import Manifest, read_manifest
from car_classifier.errors import UserError
from car_classifier.files import check_writable
from car_classifier.progress import print_left_out, progress_bar
from car_classifier.registry.published_version import find_version
from car_classifier.words import counted

if TYPE_CHECKING:
    from car_classifier.explanations.clever_hans import FrameEvidence

_SHOWN_CLASSES = 10
_WORST_PHOTOS = 24


def clever_hans(
    model: ModelOption = MODEL_DIR,
    manifest: DataOption = MANIFEST,
    split: SplitOption = "test",
    frame: Annotated[float, typer.Option(help="Width of the frame as a share of the photo's width and height.")] = 0.1,
    out: FiguresOption = Path("figures/clever-hans"),
    json_out: JsonOption = None,
) -> None:
    """Measure how much of the model's evidence lies in the outer frame of the photos, around their subject."""
    if not 0 < frame < 0.5:
        raise UserError(f"--frame must be above 0 and below 0.5. Received: {frame}")
    report_path = json_out or out / "clever_hans.json"
    check_json_out(report_path)
    check_writable(out / "clever_hans.jpg")
    version = find_version(model)
    photos = read_manifest(manifest)

    from car_classifier.evaluation.report import rows_of
    from car_classifier.explanations.clever_hans import frame_evidence, summary_of

    rows = rows_of(photos, split, version.names.labels)
    notes: list[str] = []
    with progress_bar("Asking the model", console) as report:
        evidence = frame_evidence(version, photos, rows, frame, report, notes.append)
    print_left_out(console, notes)
    summary = summary_of(evidence, frame)
    about = {"model": str(version), "data": str(manifest), "split": split}
    write_result(report_path, about | summary)
    if summary["mean"] is None:
        raise UserError("No photo has any evidence for its answer: all of it is in the biases. No figure was drawn.")
    _draw(photos, evidence, summary, out / "clever_hans.jpg")
    if report_path == STDOUT:
        return
    typer.echo(
        f"{counted(summary['photos'], 'photo')}: {_percent(summary['mean'])} of the evidence lies in the outer frame, "
        f"which is {summary['area']:.0%} of the area."
    )
    Console(highlight=False).print(_table(summary))
    typer.echo(f"The photos with the most in the frame: {out / 'clever_hans.jpg'}")
    typer.echo(f"All figures: {report_path}")


def _percent(share: float | None) -> str:
    return "no evidence" if share is None else f"{share:.0%}"


def _table(summary: dict[str, Any]) -> Table:
    table = Table("Class", "Photos", "In the frame", Column("Most of it on", overflow="fold"), box=None)
    for row in summary["per_class"][:_SHOWN_CLASSES]:
        label, worst = (escape(text or "") for text in (row["label"].replace("_", " "), row["worst"]))
        table.add_row(label, str(row["photos"]), _percent(row["mean"]), worst)
    return table


def _draw(manifest: Manifest, evidence: "list[FrameEvidence]", summary: dict[str, Any], path: Path) -> None:
    from car_classifier.data.photo_files import open_photo
    from car_classifier.evaluation.figures import save_figure
    from car_classifier.explanations.clever_hans import by_share
    from car_classifier.explanations.pictures import frame_sheet

    worst = by_share(evidence)[:_WORST_PHOTOS]
    photos = []
    for item in worst:
        photo = open_photo(manifest.photo_path(item.row))
        answer = "" if item.answer == item.row.label else f"\ntaken for {item.answer.replace('_', ' ')}"
        caption = f"{_percent(item.share)} in the frame\n{item.row.label.replace('_', ' ')}{answer}"
        photos.append((photo, item.contributions, item.extent, caption))
    title = (
        f"Evidence in the outer {summary['frame']:.0%} of the photo: {_percent(summary['mean'])} on average of "
        f"{counted(summary['photos'], 'photo')} ({summary['area']:.0%} of the area); the "
        f"{counted(len(photos), 'photo')} with the most"
    )
    save_figure(frame_sheet(photos, summary["frame"], title), path)
