"""Several processes that train together, as several machines would."""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack

import pytest

from tests.support.ports import free_ports

LIMIT = 480
"""Seconds after which processes that wait for each other for ever are killed; they need about 30."""


def run_workers(commands: list[list[str]]) -> None:
    """Run a Python command in several processes that find each other through TF_CONFIG; all must succeed."""
    hosts = [f"localhost:{port}" for port in free_ports(len(commands))]
    with ExitStack() as stack:
        processes = []
        for index, command in enumerate(commands):
            config = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
            log = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            process = subprocess.Popen(
                [sys.executable, *command],
                env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CONFIG": json.dumps(config)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            stack.enter_context(process)
            stack.callback(process.kill)  # TensorFlow ignores SIGTERM while a cluster is connected
            processes.append((process, log))
        end = time.monotonic() + LIMIT
        for process, log in processes:
            try:
                process.wait(max(end - time.monotonic(), 1))
            except subprocess.TimeoutExpired:
                pytest.fail(f"Not done after {LIMIT} s.")
            log.seek(0)
            assert process.returncode == 0, log.read()
