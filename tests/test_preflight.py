"""What `make up` checks before it installs anything."""

import shutil
import socket
import subprocess
import sys
from collections import namedtuple

import pytest

from car_classifier import preflight
from tests.support.ports import free_ports
from tests.support.repository import ROOT


def test_nothing_stands_in_the_way_of_free_ports_and_a_large_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(10**11))
    assert preflight.problems(str(tmp_path), free_ports(2)) == []


def test_a_taken_port_is_named_by_the_program_as_make_runs_it():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-I", "car_classifier/preflight.py", str(port)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use." in done.stderr
    assert "Traceback" not in done.stderr


def test_an_old_python_and_a_full_disk_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(2_100_000_000))
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    python, disk = preflight.problems(str(tmp_path), [])
    assert "needs Python 3.11 to 3.13" in python
    assert "is 3.9" in python
    assert str(tmp_path) in disk
    assert "2.1 GB left" in disk
    assert preflight.problems("", []) == []  # all is installed


def test_only_the_standard_library_is_needed():
    code = "import sys, runpy; sys.argv = ['preflight']; runpy.run_path('car_classifier/preflight.py')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104 (only probed)
def test_a_free_port_is_free_on_any_address(host):
    assert preflight.why_taken(host, free_ports(1)[0]) == ""
