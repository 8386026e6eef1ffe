"""`car-classifier explain`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from car_classifier.commands.shared import (
    MODEL_DIR,
    STDOUT,
    FiguresOption,
    JsonOption,
    ModelOption,
    PhotosArgument,
    SureAboveOption,
    check_json_out,
    console,
    write_result,
)
from car_classifier.errors import UserError
from car_classifier.files import check_writable, read_bytes
from car_classifier.progress import progress_bar, silent
from car_classifier.registry.published_version import find_version

if TYPE_CHECKING:
    from car_classifier.explanations.photo_explanation import Explainer, PhotoExplanation

_TOLERANCE = 1e-3

Outcome = tuple["PhotoExplanation", list[Path]] | str
"""An explanation and the files that it was written to, or the reason why there is none."""


def explain(
    photos: PhotosArgument,
    label: Annotated[
        str | None, typer.Option("--class", help="Class to explain.", show_default="the most likely one")
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
    json_out: JsonOption = None,
    sure_above: SureAboveOption = None,
) -> None:
    """Show which parts of a photo lead the published model to its answer."""
    check_json_out(json_out)
    check_writable(out / "explanation.png")
    version = find_version(model)

    from car_classifier.evaluation.predictions import find_labelled_photos, known_labels

    known_labels(version.names.labels, label, versus)

    from car_classifier.explanations.methods import find_method
    from car_classifier.explanations.photo_explanation import Explainer
    from car_classifier.explanations.writing import file_stems

    explainer = Explainer(
        version.folder, find_method(method, layer), version.sure_above if sure_above is None else sure_above
    )
    paths = [photo.path for photo in find_labelled_photos(photos, explainer.labels)]
    results, failed = [], False
    with progress_bar("Explaining photos", console) as bar:
        report = bar if len(paths) > 1 else silent
        for path, name in zip(paths, file_stems(paths), strict=True):
            outcome = _explained(explainer, path, label, versus, out / name)
            results.append(_as_json(path, outcome))
            failed |= not _print(path, outcome, text_wanted=json_out != STDOUT)
            report(len(results), len(paths))
    write_result(json_out, results)
    if failed:
        raise typer.Exit(2)


def _explained(explainer: "Explainer", path: Path, label: str | None, versus: str | None, start: Path) -> Outcome:
    from car_classifier.evaluation.predictions import reason_not_read
    from car_classifier.explanations.photo_explanation import UnreadablePhoto
    from car_classifier.explanations.writing import write_explanation

    try:
        content = read_bytes(path)
        explanation = explainer.explain(content, label, versus)
    except (OSError, UnreadablePhoto):
        return reason_not_read(path)
    except UserError as error:
        return str(error)
    try:
        return explanation, write_explanation(explanation, content, path, start)
    except (OSError, UserError) as error:
        return f"the explanation cannot be written: {error}"


def _print(path: Path, outcome: Outcome, *, text_wanted: bool) -> bool:
    """Print one photo's result; returns whether there is a map that can be trusted.

    Args:
        path: The photo.
        outcome: Its result.
        text_wanted: Whether an explanation is printed; a problem always is, on standard error.
    """
    if isinstance(outcome, str):
        console.print(f"Not explained: {_shown(path)}: {outcome}", style="yellow", markup=False)
        return False
    explanation, files = outcome
    if text_wanted:
        turned = explanation.orientation != 1
        about = [f"turned upright (EXIF orientation {explanation.orientation})"] if turned else []
        about += [*_sum_of(explanation), *map(_shown, files)]
        text = "\n  ".join([f"{_shown(path)}: {explanation.title}", *about])
        typer.echo(text, file=sys.stdout)  # Typer's own choice might pass by the progress bar, into the middle of it
    if not _adds_up(explanation):
        console.print("The contributions do not add up: do not trust this map, and report it.", style="red")
        return False
    return True


def _shown(path: Path) -> str:
    """A path as text that can be printed, whatever bytes its name has."""
    return os.fsencode(path).decode(errors="replace")


def _as_json(path: Path, outcome: Outcome) -> dict[str, Any]:
    """One photo in the result of `--json`: the explanation and its files, or the error."""
    if isinstance(outcome, str):
        return {"photo": _shown(path), "error": outcome}
    explanation, files = outcome
    return {"photo": _shown(path)} | explanation.as_json() | {"files": [_shown(file) for file in files]}


def _sum_of(explanation: "PhotoExplanation") -> list[str]:
    """A line that says what an exact map adds up to; none for other maps."""
    if explanation.off_by is None:
        return []
    what = "difference of the logits" if explanation.versus else "logit"
    return [
        f"contributions {explanation.sum_of_contributions:.5f} + bias {explanation.bias:.5f} = "
        f"{explanation.sum_of_contributions + (explanation.bias or 0):.5f}; {what} {explanation.logit:.5f} "
        f"(off by {explanation.off_by:.0e})"
    ]


def _adds_up(explanation: "PhotoExplanation") -> bool:
    """Whether an exact map adds up to the logit; other maps need not."""
    return explanation.off_by is None or explanation.off_by <= _TOLERANCE * max(1, abs(explanation.logit))
