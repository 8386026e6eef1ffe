"""`car-classifier`: the command line. Each command calls one step; TensorFlow is imported only where it is used."""

import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from car_classifier import __version__
from car_classifier.commands import (
    clever_hans,
    compare,
    data,
    doctor,
    evaluation,
    explain,
    explain_eval,
    figures,
    predict,
    publishing,
    quiz,
    serving,
    teaching,
    training,
    upload,
)
from car_classifier.commands.shared import console
from car_classifier.errors import UserError
from car_classifier.settings import rule_broken
from car_classifier.terminal import never_fail_to_print, use_utf8_for_files


class _Commands(TyperGroup):
    """The commands. A value of a wrong type is refused in the words that settings use, not in pydantic's."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if isinstance(error.__cause__, ValidationError):
                error.message = "; ".join(map(rule_broken, error.__cause__.errors()))
            raise


app = typer.Typer(
    cls=_Commands,
    help="Train a classifier of photos, publish it as a SavedModel that explains its answers, and serve it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(
    help="Prepare photos: index, filter and describe them, or draw a demo set.", no_args_is_help=True
)
TRAINING = "Train on photos"
app.add_typer(data_app, name="data", rich_help_panel=TRAINING)

DATA_COMMANDS: tuple[Callable[..., None], ...] = (
    data.index,
    data.demo,
    data.prefilter,
    data.stats,
    data.table,
    data.features,
    data.cache,
    data.import_feedback,
    upload.upload,
)
COMMANDS: Mapping[str, tuple[Callable[..., None], ...]] = {
    "Begin": (serving.up, doctor.doctor),
    TRAINING: (training.train, teaching.teach, compare.compare),
    "Measure a model": (evaluation.evaluate, explain_eval.explain_eval, clever_hans.clever_hans, figures.figures),
    "Ask a model": (predict.predict, explain.explain, quiz.quiz),
    "Publish and serve": (
        publishing.publish,
        publishing.promote,
        publishing.rollback,
        publishing.models,
        serving.serve,
    ),
}
"""The commands by what people want to do, in the order of the help."""

for command in DATA_COMMANDS:
    data_app.command()(command)
for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def main() -> None:
    """Run the command line; a user's mistake is one sentence and exit code 2."""
    use_utf8_for_files()
    never_fail_to_print()
    # TensorFlow greets every start with notes on the processor and on graphics cards that are not there.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app(json_to_stdout(sys.argv[1:]), standalone_mode=True)
    except UserError as error:
        console.print(f"Error: {error}", style="red", markup=False)
        sys.exit(2)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            console.print("Interrupted. The same command goes on where it can.")
        raise
    except Exception as error:
        if not _is_disk_full(error):
            raise
        sentence = f"The disk is full ({error}): free some space, the same command goes on."
        console.print(f"Error: {sentence}", style="red", markup=False)
        sys.exit(2)


def json_to_stdout(arguments: Sequence[str]) -> list[str]:
    """The arguments, with `-` after a `--json` that stands at their end or before another option."""
    following = [*arguments[1:], "--"]
    return [
        word
        for argument, after in zip(arguments, following, strict=False)
        for word in ([argument, "-"] if argument == "--json" and after.startswith("--") else [argument])
    ]


def _is_disk_full(error: Exception) -> bool:
    """Whether the disk was full; TensorFlow's errors say so in words only."""
    return any(os.strerror(code) in str(error) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"car-classifier {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options that stand before a command."""
