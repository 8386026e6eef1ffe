"""What the commands share: where they write, and options that mean the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console(stderr=True, highlight=False, soft_wrap=True)

ManifestOption = Annotated[Path, typer.Option("--data", help="The manifest of the photos.")]
ModelDirOption = Annotated[Path, typer.Option(help="Folder of the published versions.")]
ModelOption = Annotated[Path, typer.Option(help="A version, or a model folder: then its newest.")]
SplitOption = Annotated[str | None, typer.Option(help="Only the photos of this split; all for every photo.")]
RunsDirOption = Annotated[Path, typer.Option(help="Folder of the training runs.")]
