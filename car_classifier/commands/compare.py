"""`car-classifier compare`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import console

_ANY_WIDTH = 1000
"""Width of output to a file or a pipe, where lines must not be broken, in columns."""


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of training runs, such as runs/*.")],
    out: Annotated[Path | None, typer.Option(help="CSV file to write the table to.")] = None,
) -> None:
    """Compare training runs: the settings in which they differ, and their results."""
    from rich.console import Console

    from car_classifier.data.manifest import check_report_out
    from car_classifier.training.run_comparison import comparison_table, measured_alike, read_runs, write_comparison

    if out is not None:
        check_report_out(out)
    compared = read_runs(runs)
    width = None if sys.stdout.isatty() else _ANY_WIDTH
    Console(highlight=False, markup=False, width=width).print(comparison_table(compared), crop=False)
    if not measured_alike(compared):
        console.print("Note: not all runs were measured on the same photos.", style="yellow")
    if out is not None:
        write_comparison(compared, out)
        typer.echo(f"As CSV: {out}")
