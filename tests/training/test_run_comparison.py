"""Training runs side by side."""

import csv
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from car_classifier.errors import UserError
from car_classifier.files import write_json
from car_classifier.training.config import TrainingConfig, merged
from car_classifier.training.run_comparison import differing_settings, measured_alike, read_runs
from tests.support.commands import done, in_process
from tests.support.datasets import runs_dir_of

HISTORY = """stage,epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds
head,1,1,0.5,1.2,0.5,0.001,30
head,2,0.8,0.6,1.0,0.625,0.001,30
conv5,1,0.7,0.7,1.1,0.6,0.0003,120
"""


def metrics(top1: float, count: int = 20) -> dict[str, object]:
    """The part of a finished run's metrics that `compare` reads."""
    return {
        "version": "model/1",
        "split": "test",
        "count": count,
        "top1": top1,
        "top1_interval": [top1 - 0.1, top1 + 0.1],
        "top5": 0.9,
        "macro_f1": 0.55,
        "make_top1": 0.75,
        "calibration": {"ece": 0.04},
    }


MANIFEST = {"manifest": "data/manifest.csv"}


def run(
    folder: Path, *settings: str, top1: float | None = None, history: str | None = HISTORY, count: int = 20
) -> Path:
    """A folder as `car-classifier train` leaves it, finished if `top1` is given."""
    config = TrainingConfig(**merged(MANIFEST, settings))
    write_json(folder / "config.json", {"key": "0", "training": config.as_json()})
    if history is not None:
        (folder / "history.csv").write_text(history)
    if top1 is not None:
        write_json(folder / "metrics.json", metrics(top1, count))
    return folder


def table(text: str) -> list[list[str]]:
    """The cells of a printed table, row by row, without the empty ones."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]


def test_runs_come_best_first_and_then_the_unfinished(tmp_path):
    folders = [run(tmp_path / name, top1=top1) for name, top1 in (("a", 0.5), ("b", None), ("c", 0.7), ("d", 0.0))]
    assert [found.folder.name for found in read_runs(folders)] == ["c", "a", "d", "b"]


def test_only_settings_that_differ_are_named_in_their_own_order(tmp_path):
    one = run(tmp_path / "one", "mixup=0.2", "epochs=3")
    two = run(tmp_path / "two", "epochs=4", "mixup=0.2")
    other = run(tmp_path / "other", "augmentation.flip=false", "mixup=0.2")
    assert differing_settings(read_runs([one])) == []
    assert differing_settings(read_runs([one, two])) == ["epochs"]
    assert differing_settings(read_runs([one, two, other])) == ["epochs", "augmentation.flip"]


def test_a_setting_that_an_older_run_does_not_know_differs(tmp_path):
    new, old = run(tmp_path / "new", top1=0.5), run(tmp_path / "old", top1=0.4)
    config = json.loads((old / "config.json").read_text())
    del config["training"]["views"]
    write_json(old / "config.json", config)
    assert differing_settings(read_runs([new, old])) == ["views"]
    lines = table(done(in_process("compare", new, old)))
    assert [row[:3] for row in lines[1:]] == [["run", "views", "minutes"], ["new", "4", "3.0"], ["old", "3.0", "3"]]


def test_an_older_run_has_its_settings_under_their_names_of_today(tmp_path):
    new, old = run(tmp_path / "new", "augmentation.cutmix=0.5"), run(tmp_path / "old", "augmentation.cutmix=0")
    config = json.loads((old / "config.json").read_text())
    config["training"] |= config["training"].pop("augmentation")
    write_json(old / "config.json", config)
    assert differing_settings(read_runs([new, old])) == ["augmentation.cutmix"]


@pytest.mark.parametrize(
    ("settings", "name", "value", "written"),
    [
        (("image_size=96x144",), "image_size", [96, 144], "96x144"),
        (("unfreeze=conv5 all",), "unfreeze", ["conv5", "all"], "conv5 all"),
        (("augmentation.flip=no",), "augmentation.flip", False, "false"),
        (("learning_rate=0.00001",), "learning_rate", 1e-05, "1e-05"),
    ],
)
def test_a_setting_is_a_value_in_json_and_written_as_set_takes_it_in_the_table(
    tmp_path, settings, name, value, written
):
    folders = [run(tmp_path / "run", *settings, top1=0.5), run(tmp_path / "with_defaults")]
    as_json = json.loads(done(in_process("compare", *folders, "--json", "-", "--out", tmp_path / "table.csv")))
    assert as_json[0][name] == value
    with (tmp_path / "table.csv").open(newline="") as file:
        assert next(csv.DictReader(file))[name] == written
    assert table(done(in_process("compare", *folders)))[2][1] == written
    again = TrainingConfig(**merged(MANIFEST, [f"{name}={written}"]))
    assert again == TrainingConfig(**merged(MANIFEST, settings))


@pytest.mark.parametrize(
    ("history", "top1", "state", "minutes", "best"),
    [
        (HISTORY, 0.5, "finished", 3, 0.625),
        (HISTORY, None, "unfinished, epoch 1 of conv5", 3, 0.625),
        ("".join(HISTORY.splitlines(keepends=True)[:1]), None, "unfinished, no epoch yet", 0, None),
        (None, None, "unfinished, no epoch yet", 0, None),
    ],
)
def test_how_far_a_run_is(tmp_path, history, top1, state, minutes, best):
    (found,) = read_runs([run(tmp_path / "run", top1=top1, history=history)])
    assert (found.state, found.minutes, found.best_val_accuracy) == (state, minutes, best)


def test_runs_measured_on_other_photos_are_noticed(tmp_path):
    alike = [run(tmp_path / "a", top1=0.5), run(tmp_path / "b", top1=0.6), run(tmp_path / "c")]
    assert measured_alike(read_runs(alike))
    other = run(tmp_path / "d", top1=0.5, count=21)
    assert not measured_alike(read_runs([*alike, other]))
    assert "Note: not all runs were measured on the same photos." in in_process("compare", *alike, other).stderr


def test_the_command_prints_a_table_and_writes_it_as_csv(tmp_path):
    run(tmp_path / "runs" / "[red]", "epochs=3", top1=0.5)
    run(tmp_path / "runs" / "second", "epochs=4", top1=0.625)
    run(tmp_path / "runs" / "third", "epochs=5")
    folders = [f"runs/{name}" for name in ("[red]", "second", "third")]
    printed = done(in_process("compare", *folders, "--out", "new/table.csv", cwd=tmp_path))
    assert table(printed) == [
        ["epochs", "calibration", "best"],
        ["run", "epochs", "minutes", "run", "top-1 (95 %)", "top-5", "macro-F1", "make", "error", "val_accuracy"],
        ["second", "4", "3.0", "3", "62.5% (52.5% to 72.5%)", "90.0%", "55.0%", "75.0%", "4.0%", "62.5%"],
        ["[red]", "3", "3.0", "3", "50.0% (40.0% to 60.0%)", "90.0%", "55.0%", "75.0%", "4.0%", "62.5%"],
        ["third", "5", "3.0", "3", "unfinished, epoch 1 of conv5", "62.5%"],
        ["As CSV: new/table.csv"],
    ]
    with (tmp_path / "new" / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["run"], row["epochs"], row["epochs_run"]) for row in rows] == [
        ("second", "4", "3"), ("[red]", "3", "3"), ("third", "5", "3"),
    ]  # fmt: skip
    names = ("top1", "top1_low", "top1_high", "top5", "macro_f1", "make_top1", "ece", "best_val_accuracy")
    assert [float(rows[0][name]) for name in names] == [0.625, 0.525, 0.725, 0.9, 0.55, 0.75, 0.04, 0.625]
    assert [rows[2][name] for name in names] == [""] * 7 + ["0.625"]
    assert [row["state"] for row in rows] == ["finished", "finished", "unfinished, epoch 1 of conv5"]
    as_json = json.loads(done(in_process("compare", *folders, "--json", "-", "--out", "t.csv", cwd=tmp_path)))
    assert [{name: "" if value is None else str(value) for name, value in row.items()} for row in as_json] == rows
    assert (tmp_path / "t.csv").read_text() == (tmp_path / "new" / "table.csv").read_text()


def test_runs_of_one_name_are_told_apart_by_their_paths(tmp_path):
    folders = [run(tmp_path / place / "run", top1=top1) for place, top1 in (("a", 0.5), ("b", 0.4))]
    lines = table(done(in_process("compare", *folders)))
    assert [row[0] for row in lines[1:]] == ["run", *map(str, folders)]


def test_a_narrow_terminal_loses_no_figure(tmp_path):
    """The table is folded to the terminal's width, not cut."""
    run(tmp_path / "2026-01-31T12-30-00", "unfreeze=conv5 all", top1=0.5)
    run(tmp_path / "2026-01-31T13-30-00", top1=0.625)
    outside, inside = pty.openpty()
    command = [sys.executable, "-m", "car_classifier", "compare", *sorted(path.name for path in tmp_path.iterdir())]
    environment = os.environ | {"COLUMNS": "80", "TERM": "xterm"}
    with subprocess.Popen(command, stdout=inside, cwd=tmp_path, env=environment) as process:
        os.close(inside)
        shown = b""
        while piece := _read(outside):
            shown += piece
    os.close(outside)
    assert process.returncode == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())
    assert max(map(len, plain.splitlines())) <= 80
    words = plain.split()
    for figure in ("62.5%", "(52.5%", "72.5%)", "50.0%", "(40.0%", "60.0%)", "90.0%", "55.0%", "75.0%", "4.0%"):
        assert figure in words
    assert "…" not in plain


def _read(end: int) -> bytes:
    try:
        return os.read(end, 65536)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", '{"training": 3}'])
def test_what_is_no_run(tmp_path, content):
    folder = tmp_path / "folder"
    folder.mkdir()
    if content is not None:
        (folder / "config.json").write_text(content)
    with pytest.raises(UserError, match=r"folder is no training run: it has no config.json of one\. Give the folders"):
        read_runs([folder])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("runs/*",), "runs/* is no training run"),
        (("run", "file.txt"), "file.txt is no training run"),
        (("run", "--out", "run"), "run is a folder. Name a file in it"),
        (("run", "--out", "run/metrics.json"), "run/metrics.json is read by this command, so it stays as it is."),
        (("run", "--out", "photo.png"), "photo.png is there already and is no CSV file, so it stays."),
        (("run", "--json", "run/config.json"), "run/config.json is read by this command, so it stays as it is."),
    ],
)
def test_mistakes(tmp_path, arguments, sentence):
    run(tmp_path / "run", top1=0.5)
    (tmp_path / "file.txt").touch()
    Image.new("RGB", (4, 4)).save(tmp_path / "photo.png")
    result = in_process("compare", *arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_it_loads_no_tensorflow(tmp_path):
    program = """
import sys
from car_classifier.cli import main
try:
    main()
finally:
    print("loaded:", *{"tensorflow", "keras", "numpy"} & set(sys.modules), file=sys.stderr)
"""
    arguments = ["compare", run(tmp_path / "run", top1=0.5)]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "loaded:\n")


@pytest.mark.slow
def test_a_real_run(demo_model_dir):
    """`compare` reads a folder that `car-classifier train` wrote."""
    (folder,) = runs_dir_of(demo_model_dir).iterdir()
    (found,) = read_runs([folder])
    measured = json.loads((demo_model_dir / "1" / "assets.extra" / "metrics.json").read_text())
    assert found.state == "finished"
    assert found.figures["top1"] == measured["top1"]
    assert found.settings["image_size"] == [64, 96]
    assert len(found.history) == 3
    assert found.minutes > 0
