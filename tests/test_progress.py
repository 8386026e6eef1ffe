"""The progress bar, and what a program prints meanwhile."""

import io
import sys

from rich.console import Console

from car_classifier.progress import progress_bar


def test_results_go_to_a_file_and_not_to_the_terminal_that_shows_the_bar(capsys):
    terminal = io.StringIO()
    with progress_bar("Work", Console(file=terminal, force_terminal=True)) as report:
        sys.stdout.write("a result\n")
        report(1, 1)
    assert capsys.readouterr().out == "a result\n"
    assert "Work" in terminal.getvalue()
    assert "a result" not in terminal.getvalue()


def test_an_amount_that_is_not_known_yet_is_not_shown():
    terminal = io.StringIO()
    with progress_bar("Work", Console(file=terminal, force_terminal=True)) as report:
        report(3, 12)
    assert "3/12" in terminal.getvalue()
    assert "/?" not in terminal.getvalue()
