"""The console and the options that several commands share."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from car_classifier.data.manifest import check_report_out, is_manifest
from car_classifier.files import write_json
from car_classifier.settings import Settings

console = Console(stderr=True, highlight=False, soft_wrap=True)

MANIFEST = Path("data/manifest.csv")
MODEL_DIR = Path("model")
ALL: Literal["all"] = "all"
STDOUT = Path("-")

SplitChoice = Literal["train", "validation", "test", "all"]

DataOption = Annotated[Path, typer.Option("--data", help="Manifest of the photos.")]
ModelOption = Annotated[Path, typer.Option(help="A version folder, or a model folder (uses its stable version).")]
ModelDirOption = Annotated[Path, typer.Option(help="Model folder: the folder of the published versions.")]
RunsDirOption = Annotated[Path, typer.Option(help="Folder of the training runs.")]
SplitOption = Annotated[SplitChoice, typer.Option(help="Photos of this split only; all for every photo.")]
JsonOption = Annotated[
    Path | None,
    typer.Option("--json", help="File to write the result to as JSON; - prints the JSON instead of the text."),
]
FiguresOption = Annotated[Path, typer.Option("--out", help="Folder to write the figures to.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Random seed: the same seed gives the same result.")]
PhotosArgument = Annotated[list[Path], typer.Argument(help="JPEG or PNG photos, or folders of photos.")]


def setting(kind: type[Settings], name: str, **options: Any) -> Any:
    """The option that sets a field of some settings; its help is the first sentence of the field's own."""
    said = " ".join((kind.model_fields[name].description or "").replace("`", "").split())
    sentence, end, _ = said.partition(". ")
    return typer.Option(help=sentence + end.strip(), **options)


def default_of(kind: type[Settings], name: str) -> Any:
    """The default of a field of some settings."""
    return kind.model_fields[name].default


def default_split(photos: Path, split: SplitChoice | None) -> SplitChoice:
    """The split that is meant: the test photos of a manifest, and all photos of a folder or list that has no split."""
    if split is not None:
        return split
    manifest = photos / "manifest.csv" if photos.is_dir() else photos
    return "test" if manifest.is_file() and is_manifest(manifest) else ALL


def check_json_out(path: Path | None) -> None:
    """Refuse a `--json` that cannot be written, before the work for it is done.

    Raises:
        UserError: It cannot be written, or a manifest is there.
    """
    if path is not None and path != STDOUT:
        check_report_out(path)


def write_result(path: Path | None, value: Any) -> bool:
    """Write a result as `--json` asks for; returns whether it took the place of the text."""
    if path == STDOUT:
        typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
    elif path is not None:
        write_json(path, value)
    return path == STDOUT
