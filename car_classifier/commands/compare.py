"""`car-classifier compare`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import TABLE_OUT, JsonOption, check_json_out, console, write_result

_ANY_WIDTH = 1000
"""Width of output to a file or a pipe, where lines must not be broken, in columns."""


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of training runs, such as runs/*.")],
    out: Annotated[Path | None, TABLE_OUT()] = None,
    json_out: JsonOption = None,
) -> None:
    """Compare training runs: the settings in which they differ, and their results."""
    from rich.console import Console

    from car_classifier.data.manifest import check_table_out
    from car_classifier.files import check_no_input
    from car_classifier.training.run_comparison import (
        comparison_rows,
        comparison_table,
        measured_alike,
        read_runs,
        write_comparison,
    )

    files = [folder / name for folder in runs for name in ("config.json", "history.csv", "metrics.json")]
    check_json_out(json_out, files)
    if out is not None:
        check_table_out(out)
        check_no_input(out, files)
    compared = read_runs(runs)
    text_wanted = not write_result(json_out, comparison_rows(compared))
    if text_wanted:
        width = None if sys.stdout.isatty() else _ANY_WIDTH
        Console(highlight=False, markup=False, width=width).print(comparison_table(compared), crop=False)
    if not measured_alike(compared):
        console.print("Note: not all runs were measured on the same photos.", style="yellow")
    if out is not None:
        write_comparison(compared, out)
        if text_wanted:
            typer.echo(f"As CSV: {out}")
