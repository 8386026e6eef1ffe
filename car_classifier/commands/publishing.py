"""`car-classifier publish`, `promote`, `rollback` and `models`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console

from car_classifier.commands.shared import (
    MODEL_DIR,
    JsonOption,
    ModelDirOption,
    check_json_out,
    console,
    default_of,
    write_result,
)
from car_classifier.errors import UserError
from car_classifier.files import check_writable
from car_classifier.publishing.gate import MARGIN
from car_classifier.registry.folder import versions
from car_classifier.registry.labels import (
    CONFIG_NAME,
    STABLE,
    ensure_live,
    promoted,
    publishing_lock,
    read_labels,
    rolled_back,
    write_labels,
)
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.registry.server_status import version_states
from car_classifier.registry.table import summaries, summary_table
from car_classifier.serving.settings import ServerSettings

SERVER_URL = f"http://localhost:{default_of(ServerSettings, 'rest_api_port')}"

MarginOption = Annotated[
    float,
    typer.Option(help="Largest allowed drop of top-1 and macro-F1 below the live version, 0 to 1.", min=0, max=1),
]


def publish(
    run: Annotated[Path, typer.Argument(help="Folder of a training run, or of a version to publish again.")],
    label: Annotated[
        str, typer.Option(help="Label of the new version; the version with the label stable answers default traffic.")
    ] = STABLE,
    margin: MarginOption = MARGIN,
    model_dir: ModelDirOption = MODEL_DIR,
) -> None:
    """Publish the model of a training run as the next version, if it passes a trial run on a server and is no worse."""
    from car_classifier.publishing.publish import publish

    print_published(publish(run, model_dir, console, label, margin))


def promote(model_dir: ModelDirOption = MODEL_DIR) -> None:
    """Make the canary the stable version. The version that was stable stays loaded, for rollback."""
    _change_labels(model_dir, promoted)


def rollback(
    label: Annotated[
        str, typer.Option(help="stable goes back to the previous version; any other label is removed.")
    ] = STABLE,
    model_dir: ModelDirOption = MODEL_DIR,
) -> None:
    """Make the previous stable version stable again, or withdraw a canary with --label canary."""
    _change_labels(model_dir, lambda labels: rolled_back(labels, label))


def models(
    model_dir: ModelDirOption = MODEL_DIR,
    server_url: Annotated[str, typer.Option(help="Model server to ask which versions are live.")] = SERVER_URL,
    json_out: JsonOption = None,
) -> None:
    """List the published versions: labels, accuracy, date, size, and which are live."""
    _check_published(model_dir)
    check_json_out(json_out)
    if urlsplit(server_url).scheme not in ("http", "https"):
        raise UserError(f"Give the server's address as in {SERVER_URL}. Received: {server_url}")
    states = version_states(server_url)
    rows = summaries(model_dir, states or {})
    if not write_result(json_out, [row.as_json() for row in rows]):
        Console(highlight=False).print(summary_table(rows))
    if states is None:
        console.print(f"No model server answers at {server_url}, so none is live.", markup=False)


def print_published(version: Path) -> None:
    """Print which version was published, where its model card is, and the labels."""
    typer.echo(f"Published {version}. {PublishedVersion(version).model_card_path} says how good it is.")
    _print_labels(version.parent)


def _change_labels(model_dir: Path, change: Callable[[Mapping[str, int]], Mapping[str, int]]) -> None:
    _check_published(model_dir)
    check_writable(model_dir / CONFIG_NAME)
    with publishing_lock(model_dir, console):
        write_labels(model_dir, change(read_labels(model_dir) or ensure_live(model_dir)))
    _print_labels(model_dir)


def _print_labels(model_dir: Path) -> None:
    labels = sorted(read_labels(model_dir).items(), key=lambda item: -item[1])
    typer.echo(f"Labels: {', '.join(f'{label} is version {number}' for label, number in labels)}.")


def _check_published(model_dir: Path) -> None:
    if not versions(model_dir):
        raise UserError(f"There is no published model in {model_dir}. Train one with car-classifier train.")
