"""The console and the options that several commands share."""

import json
import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console

from car_classifier.data.class_labels import CONTROL_CHARACTERS
from car_classifier.data.layouts import Classes
from car_classifier.data.manifest import check_report_out, is_manifest
from car_classifier.errors import UserError
from car_classifier.files import check_no_input, write_json
from car_classifier.registry.folder import check_model_folder
from car_classifier.settings import Settings
from car_classifier.terminal import prints_utf8
from car_classifier.up import UpSettings


class _Console(Console):
    def print(self, *objects: Any, **options: Any) -> None:
        """Print; in texts, which may name files and classes, replace characters that could steer the terminal."""
        super().print(*(_printable(item) if isinstance(item, str) else item for item in objects), **options)


def _printable(text: str) -> str:
    return CONTROL_CHARACTERS.sub(lambda match: match[0] if match[0] in "\n\t" else "\ufffd", text)


console = _Console(stderr=True, highlight=False, soft_wrap=True)

MANIFEST = Path("data/manifest.csv")
AnySettings = TypeVar("AnySettings", bound=Settings)

ALL: Literal["all"] = "all"
STDOUT = Path("-")


def setting(kind: type[Settings], name: str, **options: Any) -> Any:
    """The option that sets a field of some settings; its help is the first sentence of the field's own."""
    said = " ".join((kind.model_fields[name].description or "").split())
    sentence, end, _ = said.partition(". ")
    return typer.Option(help=re.sub("`(.+?)`", partial(_as_typed, kind), sentence + end.strip()), **options)


def _as_typed(kind: type[Settings], quoted: re.Match[str]) -> str:
    """The option of a field whose name stands in backticks in a docstring; any other text without its backticks."""
    return f"--{quoted[1].replace('_', '-')}" if quoted[1] in kind.model_fields else quoted[1]


def from_options(
    kind: type[AnySettings], options: Mapping[str, Any], values: Mapping[str, Any] | None = None
) -> AnySettings:
    """Settings from the options of a command; a mistake names the option as it is typed.

    Args:
        kind: The settings.
        options: Values of the options, by the fields' names.
        values: The values to use, where some of them come from elsewhere; `options` if left out.

    Raises:
        UserError: A value breaks a rule.
    """
    values = options if values is None else values
    try:
        return kind(**values)
    except UserError as error:
        lines = []
        for line in str(error).splitlines():
            name, space, rule = line.partition(" ")
            is_option = name in options and values[name] == options[name]
            lines.append(f"--{name.replace('_', '-')}{space}{rule}" if is_option else line)
        raise UserError("\n".join(lines)) from error


def own_command() -> str:
    """The command that this process was started with, to be typed again."""
    return shlex.join(["car-classifier", *sys.argv[1:]])


def default_of(kind: type[Settings], name: str) -> Any:
    """The default of a field of some settings."""
    return kind.model_fields[name].default


SplitChoice = Literal["train", "validation", "test", "all"]

DataOption = Annotated[Path, typer.Option("--data", help="Manifest of the photos.")]
ModelOption = Annotated[Path, typer.Option(help="A version folder, or a model folder (uses its stable version).")]
DATA_DIR: Path = default_of(UpSettings, "data_dir")
DataDirOption = Annotated[Path, setting(UpSettings, "data_dir")]
MODEL_DIR: Path = default_of(UpSettings, "model_dir")
ModelDirOption = Annotated[
    Path, typer.Option(help="Model folder: the folder of the published versions.", callback=check_model_folder)
]
RunsDirOption = Annotated[Path, typer.Option(help="Folder of the training runs.")]
SPLIT = partial(typer.Option, "--split", help="Photos of this split only; all for every photo.")
SplitOption = Annotated[SplitChoice, SPLIT()]
JsonOption = Annotated[
    Path | None,
    typer.Option(
        "--json", help="File to write the result to as JSON; - or nothing prints the JSON instead of the text."
    ),
]
SureAboveOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        envvar="DASHBOARD_SURE_ABOVE",
        help="An answer with a lower probability is called not sure, as on the dashboard.",
        show_default="the model's own, or 0.5",
    ),
]
FiguresOption = Annotated[Path, typer.Option("--out", help="Folder to write the figures to.")]
MANIFEST_OUT = partial(typer.Option, "--out", help="Manifest to write.")
TABLE_OUT = partial(typer.Option, "--out", help="CSV file to write the table to.")
TopOption = Annotated[
    int | None,
    typer.Option("--top", help="Number of classes to use: those with the most photos.", show_default="all"),
]
SEED = partial(typer.Option, "--seed", min=0, help="Random seed: the same seed gives the same result.")
SeedOption = Annotated[int, SEED()]
ClassesOption = Annotated[
    Classes | None, typer.Option(help="Where classes are read from.", show_default="the first of these that fits")
]
MakesOption = Annotated[
    bool | None,
    typer.Option(
        "--makes/--no-makes",
        help="Read a class Make_Model as a make and a model.",
        show_default="if all classes are named so",
    ),
]
PhotosArgument = Annotated[list[Path], typer.Argument(help="JPEG or PNG photos, or folders of photos.")]


def default_split(photos: Path, split: SplitChoice | None) -> SplitChoice:
    """The split that is meant: the test photos of a manifest, and all photos of a folder or list that has no split."""
    if split is not None:
        return split
    manifest = photos / "manifest.csv" if photos.is_dir() else photos
    return "test" if manifest.is_file() and is_manifest(manifest) else ALL


def check_json_out(path: Path | None, inputs: Iterable[Path] = ()) -> None:
    """Refuse a `--json` that cannot be written, before the work for it is done.

    Args:
        path: The option's value.
        inputs: Files that the command reads.

    Raises:
        UserError: It cannot be written, something other than JSON is there, or it is one of the inputs.
    """
    if path is not None and path != STDOUT:
        if path.is_dir():
            raise UserError(f"{path} is a folder. Name a file in it, such as {path / 'result.json'}.")
        check_report_out(path)
        check_no_input(path, inputs)
        if path.is_file() and not _may_be_json(path):
            raise UserError(f"{path} is there already and holds no JSON, so it stays. Name another file with --json.")


def _may_be_json(path: Path) -> bool:
    """Whether a file is empty, or begins as the results of commands do: photos and databases do not."""
    with path.open("rb") as file:
        return file.read(1) in (b"", b"{", b"[")


def write_result(path: Path | None, value: Any) -> bool:
    """Write a result as `--json` asks for; returns whether it took the place of the text."""
    if path == STDOUT:
        # JSON is UTF-8: in another encoding, only escaped characters arrive as they are.
        typer.echo(json.dumps(value, indent=2, ensure_ascii=not prints_utf8()))
    elif path is not None:
        write_json(path, value)
    return path == STDOUT
