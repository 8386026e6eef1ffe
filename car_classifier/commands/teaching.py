"""`car-classifier teach`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.publishing import MarginOption, print_published
from car_classifier.commands.shared import MODEL_DIR, ClassesOption, MakesOption, ModelOption, console
from car_classifier.errors import UserError
from car_classifier.publishing.gate import MARGIN
from car_classifier.registry.labels import STABLE


def teach(
    photos: Annotated[
        Path | None,
        typer.Argument(help="Photos to learn: a manifest (its training photos), or any folder or list of photos."),
    ] = None,
    model: ModelOption = MODEL_DIR,
    forget: Annotated[list[str] | None, typer.Option(help="Label to forget; may be given several times.")] = None,
    relabel: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OLD=NEW", help="New label of a class; one that the model knows joins the two. May be repeated."
        ),
    ] = None,
    measured_on: Annotated[
        Path | None,
        typer.Option(
            help="Manifest of the photos on which the new version is measured.",
            show_default="the one that the model was trained from",
        ),
    ] = None,
    classes: ClassesOption = None,
    makes: MakesOption = None,
    label: Annotated[str, typer.Option(help="Label of the new version.")] = STABLE,
    margin: MarginOption = MARGIN,
) -> None:
    """Teach a published version more photos or classes in seconds, and publish the result as the next version."""
    from car_classifier.data.manifest import read_manifest
    from car_classifier.publishing.lessons import lesson_of
    from car_classifier.publishing.publish import publish
    from car_classifier.publishing.teaching import taught
    from car_classifier.registry.published_version import find_version

    if not (photos or forget or relabel):
        raise UserError("Give photos to learn, or --forget LABEL, or --relabel OLD=NEW.")
    version = find_version(model)
    data = measured_on or Path(version.read_config()["training"]["manifest"])
    if not data.is_file():
        raise UserError(f"{data}, which {version} was trained from, is not there. Name it with --measured-on.")
    with (
        lesson_of(photos, forget or (), relabel or (), classes, makes, console) as lesson,
        taught(version, lesson, read_manifest(data), console) as folder,
    ):
        print_published(publish(folder, version.folder.parent, console, label, margin, is_kept=False))
