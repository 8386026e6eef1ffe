"""`car-classifier explain`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import ModelOption, console
from car_classifier.errors import UserError
from car_classifier.files import check_writable
from car_classifier.versions import find_version


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
    version_dir = find_version(model)

    from car_classifier.predictions import check_labels, read_class_names

    check_labels(read_class_names(version_dir).labels, label, versus)

    from car_classifier.answers import find_labelled_photos, is_turned
    from car_classifier.explanations.methods import find_method
    from car_classifier.explanations.photo_explanation import Explainer
    from car_classifier.explanations.writing import file_stems, write_explanation

    explainer = Explainer(version_dir, find_method(method))
    unreadable = 0
    found_photos = find_labelled_photos(photos, explainer.labels)
    for photo, name in zip(found_photos, file_stems([photo.path for photo in found_photos]), strict=True):
        try:
            content = photo.path.read_bytes()
            found = explainer.explain(content, label, versus)
        except OSError as error:
            unreadable += 1
            console.print(f"Not read: {photo.path}: {error.strerror}", style="yellow", markup=False)
            continue
        except UserError as error:
            if len(photos) == 1 and photo.path == photos[0]:
                raise UserError(f"{photo.path}: {error}") from error
            unreadable += 1
            console.print(f"Not explained: {photo.path}: {error}", style="yellow", markup=False)
            continue
        written = write_explanation(found, content, photo.path, out / name)
        typer.echo(f"{photo.path}: {found.title}")
        if found.bias is not None:
            total = float(found.cells.sum(dtype="float64"))
            typer.echo(
                f"  contributions {total:.5f} + bias {found.bias:.5f} = {total + found.bias:.5f}; "
                f"{'difference of the logits' if versus else 'logit'} {found.logit:.5f} "
                f"(off by {abs(total + found.bias - found.logit):.0e})"
            )
        for path in written:
            typer.echo(f"  {path}")
        if is_turned(photo.path):
            console.print(
                f"Note: {photo.path} lies on its side, and the model does not heed EXIF orientation. "
                "Turn the pixels for a better answer.",
                style="yellow",
                markup=False,
            )
    if unreadable:
        raise typer.Exit(2)
