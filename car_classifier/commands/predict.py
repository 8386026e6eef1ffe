"""`car-classifier predict`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from car_classifier.commands.shared import (
    MODEL_DIR,
    JsonOption,
    ModelOption,
    PhotosArgument,
    SureAboveOption,
    check_json_out,
    console,
    write_result,
)
from car_classifier.files import check_no_input
from car_classifier.progress import progress_bar

if TYPE_CHECKING:
    from rich.console import Group

    from car_classifier.evaluation.predictions import Answer


def predict(
    photos: PhotosArgument,
    model: ModelOption = MODEL_DIR,
    json_out: JsonOption = None,
    figure: Annotated[Path | None, typer.Option(help="Picture file to draw the photos and the answers in.")] = None,
    sure_above: SureAboveOption = None,
) -> None:
    """Ask the published model what photos show."""
    from rich.console import Console

    from car_classifier.evaluation import predictions
    from car_classifier.registry.published_version import find_version

    check_json_out(json_out)
    if figure is not None:
        from car_classifier.evaluation.figures import check_figure_path, photo_grid, save_figure

        check_figure_path(figure)
        check_no_input(figure, [photo.path for photo in predictions.find_labelled_photos(photos, [])])
    version = find_version(model)
    asked = predictions.find_labelled_photos(photos, version.names.labels)
    answers = []
    with progress_bar("Asking the model", console) as report:
        for answer in predictions.classify(version, asked, version.sure_above if sure_above is None else sure_above):
            answers.append(answer)
            report(len(answers), len(asked))
    given = [answer for answer in answers if isinstance(answer, predictions.Answer)]
    unreadable = [answer for answer in answers if isinstance(answer, predictions.Unreadable)]
    if not write_result(json_out, [answer.as_json() for answer in answers]):
        for answer in given:
            Console(highlight=False).print(describe_answer(answer))
    if figure is not None and given:
        save_figure(photo_grid(given), figure)
        console.print(f"Figure: {figure}", markup=False)
    for answer in unreadable:
        console.print(f"Not read: {answer.photo.path}: {answer.reason}", style="yellow", markup=False)
    if unreadable:
        raise typer.Exit(2)


def describe_answer(answer: "Answer") -> "Group":
    """The photo's name and its answers; the first one green or red where the truth is known, "not sure" if unlikely."""
    from rich.bar import Bar
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table.grid("", "", "", "", padding=(0, 2, 0, 0))
    for rank, (label, probability) in enumerate(zip(answer.labels, answer.probabilities, strict=True)):
        style = {True: "bold green", False: "bold red", None: "bold"}[answer.is_right] if rank == 0 else "dim"
        mark = " ✓" if label == answer.photo.truth else ""
        table.add_row(
            Text(f"  {label.replace('_', ' ')}{mark}", style),
            f"{probability:6.1%}",
            Bar(1, 0, probability, width=24),
            "not sure" if rank == 0 and not answer.is_sure else "",
        )
    lines: list[Text | Table] = [Text(str(answer.photo.path), overflow="fold")]
    if not answer.is_familiar:
        lines.append(Text("  Unlike the photos that the model knows. It names a class for any picture:", "yellow"))
    return Group(*lines, table)
