"""`car-classifier explain`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import ModelOption, console
from car_classifier.errors import UserError
from car_classifier.files import check_writable
from car_classifier.registry.published_version import find_version

_TOLERANCE = 1e-3


def explain(
    photos: Annotated[list[Path], typer.Argument(help="JPEG or PNG photos, or folders of them.")],
    label: Annotated[
        str | None, typer.Option("--class", help="The class to explain, Make_Model.", show_default="the most likely")
    ] = None,
    versus: Annotated[
        str | None, typer.Option(help="Show what speaks for the class and against this other one.")
    ] = None,
    method: Annotated[str, typer.Option(help="How; a wrong name lists all.")] = "exact",
    model: ModelOption = Path("model"),
    out: Annotated[Path, typer.Option(help="Folder for the pictures and maps.")] = Path("figures/explanations"),
) -> None:
    """Show which parts of a photo make the published model answer as it does."""
    check_writable(out / "explanation.png")
    version = find_version(model)

    from car_classifier.evaluation.predictions import find_labelled_photos, is_turned, known_labels

    known_labels(version.names.labels, label, versus)

    from car_classifier.explanations.methods import find_method
    from car_classifier.explanations.photo_explanation import Explainer
    from car_classifier.explanations.writing import file_stems, write_explanation

    explainer = Explainer(version.folder, find_method(method))
    failed = False
    found_photos = find_labelled_photos(photos, explainer.labels)
    for photo, name in zip(found_photos, file_stems([photo.path for photo in found_photos]), strict=True):
        shown = os.fsencode(photo.path).decode(errors="replace")
        try:
            content = photo.path.read_bytes()
            found = explainer.explain(content, label, versus)
            written = write_explanation(found, content, photo.path, out / name)
        except (OSError, UserError) as error:
            failed = True
            reason = error.strerror if isinstance(error, OSError) else error
            console.print(f"Not explained: {shown}: {reason}", style="yellow", markup=False)
            continue
        typer.echo(f"{shown}: {found.title}")
        if found.off_by is not None:
            what = "difference of the logits" if versus else "logit"
            typer.echo(
                f"  contributions {found.sum_of_contributions:.5f} + bias {found.bias:.5f} = "
                f"{found.sum_of_contributions + (found.bias or 0):.5f}; {what} {found.logit:.5f} "
                f"(off by {found.off_by:.0e})"
            )
            if found.off_by > _TOLERANCE * max(1, abs(found.logit)):
                failed = True
                console.print("They do not add up: do not trust this map, and report it.", style="red")
        for path in written:
            typer.echo(f"  {os.fsencode(path).decode(errors='replace')}")
        if is_turned(photo.path):
            console.print(
                f"Note: {shown} lies on its side, and the model does not heed EXIF orientation. "
                "Turn the pixels for a better answer.",
                style="yellow",
                markup=False,
            )
    if failed:
        raise typer.Exit(2)
