"""What `make up` checks before it installs anything: the Python, the ports, and the room on the disk.

    python3 -I car_classifier/preflight.py [--install FOLDER] [PORT ...]

It runs before the packages are there, with any Python 3: it imports the standard library alone, and no newer syntax.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Sequence

OLDEST, NEWEST = (3, 11), (3, 13)
"""The versions of Python that TensorFlow runs on."""

NEEDED_GB = 6
"""Room for the packages (3.6 GB), for what pip unpacks on the way, and for the demo model."""


def why_taken(host: str, port: int) -> str:
    """Why nobody can listen on a port; empty if the port is free."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        return (os.strerror(error.errno) if error.errno and error.errno > 0 else "") or str(error)
    return ""


def problems(install: str, ports: Sequence[int]) -> list[str]:
    """Everything that stands in the way, a sentence or two each.

    Args:
        install: Folder to install into; empty if everything is installed.
        ports: Ports to be free on this machine.
    """
    found = []
    if install and not OLDEST <= sys.version_info[:2] <= NEWEST:
        versions = " to ".join("{}.{}".format(*version) for version in (OLDEST, NEWEST))
        found.append(
            f"TensorFlow needs Python {versions}, and {sys.executable} is {sys.version_info[0]}.{sys.version_info[1]}. "
            "Name another one: make up PYTHON=python3.12"
        )
    if install:
        free, folder = shutil.disk_usage(install).free / 1e9, os.path.abspath(install)
        if free < NEEDED_GB:
            found.append(
                f"The packages and the demo model need about {NEEDED_GB} GB, and the disk of {folder} "
                f"has {free:.1f} GB left. Free some space first."
            )
    for port in ports:
        reason = why_taken("127.0.0.1", port)
        if reason:
            found.append(
                f"Cannot listen on 127.0.0.1 port {port}: {reason}. End the program that uses it (another make up?); "
                "once all is installed, .venv/bin/car-classifier up takes other ports with --port and --rest-api-port."
            )
    return found


def main(arguments: Sequence[str]) -> int:
    """Print all problems; returns the exit code, 2 if there are any."""
    words = list(arguments)
    install = ""
    if words[:1] == ["--install"]:
        install, words = words[1], words[2:]
    found = problems(install, [int(word) for word in words])
    for sentence in found:
        sys.stderr.write(f"Error: {sentence}\n")
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
