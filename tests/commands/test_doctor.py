"""`car-classifier doctor`: the facts for a bug report."""

import json
import socket
import sys

import pytest
from typer.testing import CliRunner

from car_classifier import doctor
from car_classifier.cli import app

SECTIONS = ("machine", "versions", "ports", "at hand", "folders", "settings")


@pytest.fixture
def without_tensorflow(monkeypatch):
    """Leaves TensorFlow out: importing it takes seconds, and another test does that."""
    monkeypatch.setattr(doctor, "_ASK_TENSORFLOW", """print('{"gpus": ["A100", "A100"], "precision": "float16"}')""")


@pytest.fixture
def empty_machine(monkeypatch, tmp_path):
    """An empty home folder and an empty PATH."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["doctor", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def test_what_is_missing_is_said(empty_machine, without_tensorflow):
    said = run()
    assert [line.lower() for line in said.splitlines() if not line.startswith(" ")] == list(SECTIONS)
    facts = json.loads(run("--json", "-"))
    assert facts.keys() == set(SECTIONS)
    assert facts["at hand"] == {
        "weights cache": "~/.keras/models: empty, so --weights imagenet downloads first",
        "Chromium": "not found (only the browser tests need it)",
        "Docker": "not found",
        "Docker Compose": "not found",
    }
    assert facts["folders"]["data (data)"] == "does not exist; no manifest"
    assert facts["folders"]["model (model)"] == "does not exist; no published version"
    assert facts["settings"]["--set precision=auto"] == "float16"
    assert facts["settings"]["--strategy"] == "mirrored would use all 2 GPUs"
    assert facts["machine"]["GPUs"] == "A100, A100"


def test_what_is_there_is_found(empty_machine, without_tensorflow):
    for path in ("home/.keras/models/weights.h5", "data/demo/manifest.csv", "model/3/saved_model.pb"):
        (empty_machine / path).parent.mkdir(parents=True, exist_ok=True)
        (empty_machine / path).write_bytes(bytes(2_000_000))
    programs = {
        "docker": 'case "$*" in --version) echo Docker version 1;; compose*) echo Compose 2;; *) exit 1;; esac',
        "chromium": "echo Chromium 3",
    }
    for name, lines in programs.items():
        (empty_machine / name).write_text(f"#!/bin/sh\n{lines}\n")
        (empty_machine / name).chmod(0o755)
    out = empty_machine / "new" / "doctor.json"
    run("--json", out)
    facts = json.loads(out.read_text())
    assert facts["at hand"]["weights cache"] == "~/.keras/models: 1 file, 2 MB"
    assert facts["at hand"]["Chromium"] == f"{empty_machine / 'chromium'} (Chromium 3)"
    assert facts["at hand"]["Docker"] == "Docker version 1; its server does not answer"
    assert facts["at hand"]["Docker Compose"] == "Compose 2"
    assert facts["folders"]["data (data)"] == "can be written; demo/manifest.csv"
    assert facts["folders"]["model (model)"] == "can be written; versions 3 (stable: none)"
    assert facts["folders"]["free disk"].endswith(" GB")


def test_a_port_in_use_is_named(without_tensorflow, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(doctor, "PORTS", {"dashboard": port})
        assert json.loads(run("--json", "-"))["ports"] == {f"{port} (dashboard)": "in use by a running program"}
    assert json.loads(run("--json", "-"))["ports"] == {f"{port} (dashboard)": "free"}


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import os; os.kill(os.getpid(), 4)", "it was ended by SIGILL"),
        ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
        ("print()", "it gave no answer"),
    ],
)
def test_a_tensorflow_that_does_not_start(monkeypatch, program, reason):
    monkeypatch.setattr(doctor, "_ASK_TENSORFLOW", program)
    facts = json.loads(run("--json", "-"))
    assert facts["machine"]["GPUs"].startswith("unknown, TensorFlow does not start: ")
    assert reason in facts["machine"]["GPUs"]
    assert facts["settings"]["--set precision=auto"] == "unknown"


def test_secrets_and_home_folders_are_not_shown(empty_machine, without_tensorflow, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:pa55word@host/cars")
    monkeypatch.setenv("DASHBOARD_MODEL_SERVER_URL", "http://me:pa55word@host")
    model = empty_machine / "home" / "cars" / "model"
    monkeypatch.setenv("TF_VAR_region", "Terraform's")
    said = run("--model-dir", model)
    assert "pa55word" not in said
    assert str(empty_machine / "home") not in said
    assert "model (~/cars/model)" in said
    assert "DASHBOARD_MODEL_SERVER_URL, DATABASE_URL" in said
    assert "TF_VAR" not in said


@pytest.mark.slow
def test_tensorflow_is_asked():
    facts = json.loads(run("--json", "-"))
    assert facts["settings"]["--set precision=auto"] in ("float32", "bfloat16", "float16")
    assert "unknown" not in facts["machine"]["GPUs"]
    assert facts["versions"]["Python"].startswith(".".join(map(str, sys.version_info[:3])))


def test_a_result_that_cannot_be_written_is_an_error_before_the_work(tmp_path):
    result = CliRunner().invoke(app, ["doctor", "--json", str(tmp_path)])
    assert str(result.exception) == f"{tmp_path} is a folder. Name a file in it, such as {tmp_path}/result.json."
