"""Runs `car-classifier` as a user would."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from unittest import mock


def car_classifier(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run `car-classifier` as a user would, in a process of its own."""
    command = [sys.executable, "-m", "car_classifier", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def in_process(
    *arguments: object,
    cwd: str | os.PathLike[str] = ".",
    env: Mapping[str, str] | None = None,
    as_on_a_screen: bool = False,
) -> subprocess.CompletedProcess[str]:
    """The same in this process, which saves the start of another, for tests of a command's output and effects.

    Args:
        arguments: Of the command.
        cwd: The working folder.
        env: Environment variables to add.
        as_on_a_screen: Standard output also holds what goes to standard error, in the order in which both are written.
    """
    from car_classifier.cli import main

    command = ["car-classifier", *map(str, arguments)]
    out = io.StringIO()
    err = out if as_on_a_screen else io.StringIO()
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", command),
        mock.patch.dict(os.environ, env or {}),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(command, code, out.getvalue(), "" if as_on_a_screen else err.getvalue())


def done(result: subprocess.CompletedProcess[str]) -> str:
    """The output of a command, which must have succeeded."""
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
