"""`car-classifier explain`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from car_classifier.commands.shared import (
    MODEL_DIR,
    FiguresOption,
    ModelOption,
    PhotosArgument,
    console,
)
from car_classifier.errors import UserError
from car_classifier.files import check_writable
from car_classifier.progress import progress_bar, silent
from car_classifier.registry.published_version import find_version

if TYPE_CHECKING:
    from car_classifier.explanations.photo_explanation import PhotoExplanation

_TOLERANCE = 1e-3

Outcome = tuple["PhotoExplanation", list[Path]] | str
"""An explanation and the files that it was written to, or the reason why there is none."""


def explain(
    photos: PhotosArgument,
    label: Annotated[
        str | None, typer.Option("--class", help="Class to explain, Make_Model.", show_default="the most likely one")
    ] = None,
    versus: Annotated[
        str | None, typer.Option(help="Second class: show what speaks for the class and against this one.")
    ] = None,
    method: Annotated[str, typer.Option(help="Explanation method: exact, gradcam, … A wrong name lists all.")] = (
        "exact"
    ),
    layer: Annotated[
        str | None,
        typer.Option(help="Layer to explain, for methods such as gradcam.", show_default="the last one with a map"),
    ] = None,
    model: ModelOption = MODEL_DIR,
    out: FiguresOption = Path("figures/explanations"),
) -> None:
    """Show which parts of a photo lead the published model to its answer."""
    check_writable(out / "explanation.png")
    version = find_version(model)

    from car_classifier.evaluation.predictions import find_labelled_photos, is_turned, known_labels

    known_labels(version.names.labels, label, versus)

    from car_classifier.explanations.methods import find_method
    from car_classifier.explanations.photo_explanation import Explainer
    from car_classifier.explanations.writing import file_stems, write_explanation

    explainer = Explainer(version.folder, find_method(method, layer))
    paths = [photo.path for photo in find_labelled_photos(photos, explainer.labels)]
    failed = False
    with progress_bar("Explaining photos", console) as bar:
        report = bar if len(paths) > 1 else silent
        outcomes: list[Outcome] = []
        for path, name in zip(paths, file_stems(paths), strict=True):
            try:
                content = path.read_bytes()
                explanation = explainer.explain(content, label, versus)
                outcomes.append((explanation, list(write_explanation(explanation, content, path, out / name))))
            except (OSError, UserError) as error:
                outcomes.append(str(error.strerror if isinstance(error, OSError) else error))
            report(len(outcomes), len(paths))
    # Printed after the progress bar has ended, because the bar redirects what is printed to its own stream.
    for path, outcome in zip(paths, outcomes, strict=True):
        shown = os.fsencode(path).decode(errors="replace")
        if isinstance(outcome, str):
            failed = True
            console.print(f"Not explained: {shown}: {outcome}", style="yellow", markup=False)
            continue
        explanation, files = outcome
        typer.echo(f"{shown}: {explanation.title}")
        failed |= not _check_sum(explanation)
        for file in files:
            typer.echo(f"  {os.fsencode(file).decode(errors='replace')}")
        if is_turned(path):
            console.print(
                f"Note: {shown} lies on its side, and the model ignores EXIF orientation. "
                "Turn the pixels for a better answer.",
                style="yellow",
                markup=False,
            )
    if failed:
        raise typer.Exit(2)


def _check_sum(explanation: "PhotoExplanation") -> bool:
    """Print what an exact map adds up to; returns whether that is the logit."""
    if explanation.off_by is None:
        return True
    what = "difference of the logits" if explanation.versus else "logit"
    typer.echo(
        f"  contributions {explanation.sum_of_contributions:.5f} + bias {explanation.bias:.5f} = "
        f"{explanation.sum_of_contributions + (explanation.bias or 0):.5f}; {what} {explanation.logit:.5f} "
        f"(off by {explanation.off_by:.0e})"
    )
    if explanation.off_by <= _TOLERANCE * max(1, abs(explanation.logit)):
        return True
    console.print("The contributions do not add up: do not trust this map, and report it.", style="red")
    return False
