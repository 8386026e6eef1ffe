"""Running `car-classifier` as a user would."""

import subprocess
import sys


def car_classifier(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run `car-classifier` as a user would, in a process of its own."""
    command = [sys.executable, "-m", "car_classifier", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def done(result: subprocess.CompletedProcess[str]) -> str:
    """What a command printed, once it is sure that it went well."""
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
