"""Every part of the series runs from its first cell to its last, and its generated files are up to date."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blog import build

pytestmark = pytest.mark.slow

PARTS = [pytest.param(source, id=source.stem) for source in build.parts()]


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """The folder in which a part finds the files of an earlier one; any part can be the first."""
    return tmp_path_factory.mktemp("series")


@pytest.mark.long
@pytest.mark.parametrize("source", PARTS)
def test_a_part_runs_at_a_tiny_size(source, work, monkeypatch):
    monkeypatch.setenv("BLOG_TINY", "1")
    monkeypatch.setenv("BLOG_WORK", str(work))
    monkeypatch.delenv("BLOG_PHOTOS", raising=False)
    monkeypatch.delenv("BLOG_WEIGHTS", raising=False)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    notebook = build.execute(source)
    text, pictures = build.render(notebook, source.stem)
    assert text.startswith("# Part")
    assert len(pictures) >= 3
    assert "![png]" not in text, "a picture without a caption right below it"


@pytest.mark.parametrize("source", PARTS)
def test_what_was_generated_from_a_part_is_current(source):
    assert build.differences(source) == []


def copy_of(source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A part and its generated files, in a folder that stands for `blog/`."""
    monkeypatch.setattr(build, "FOLDER", folder)
    for ending in (".py", ".ipynb", ".md"):
        shutil.copy(source.with_suffix(ending), folder)
    shutil.copytree(source.parent / "images" / source.stem, folder / "images" / source.stem)
    return folder / source.name


@pytest.mark.parametrize("source", PARTS)
def test_a_change_of_source_notebook_markdown_or_picture_is_noticed(source, tmp_path, monkeypatch):
    copy = copy_of(source, tmp_path, monkeypatch)
    assert build.differences(copy) == []
    picture = next((tmp_path / "images" / source.stem).iterdir())
    for changed in (copy, copy.with_suffix(".ipynb"), copy.with_suffix(".md"), picture):
        before = changed.read_bytes()
        changed.write_bytes(
            before.replace(b"import ", b"import  ", 1) if changed.suffix in (".py", ".ipynb") else before + b"x"
        )
        assert build.differences(copy), changed.name
        changed.write_bytes(before)


@pytest.mark.parametrize("changed", ["shared_code", "settings"])
def test_pages_of_other_shared_code_or_settings_are_noticed(changed, tmp_path, monkeypatch):
    copy = copy_of(build.parts()[0], tmp_path, monkeypatch)
    written = copy.with_suffix(".ipynb")
    notebook = json.loads(written.read_text(encoding="utf-8"))
    notebook["metadata"][changed] = {"BLOG_TINY": "1"}
    written.write_text(json.dumps(notebook), encoding="utf-8")
    assert len(build.differences(copy)) == 1


@pytest.mark.slow
def test_other_photos_than_before_are_refused_not_ignored(tmp_path):
    """The manifest is given, so no car is drawn."""
    code = "from blog import series; print(series.photos())"
    environment = {**os.environ, "BLOG_TINY": "1", "BLOG_WORK": str(tmp_path)}
    for photos, said in (("one.csv", "one.csv"), ("other.csv", "made of other photos"), ("one.csv", "one.csv")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment | {"BLOG_PHOTOS": photos},
            cwd=build.FOLDER.parent,
            capture_output=True,
            text=True,
        )
        assert said in done.stdout + done.stderr


def test_the_figures_of_real_photos_are_those_of_the_guide():
    """Part 1 shows a table of `docs/training.md`, which may have changed since."""
    shown = (build.FOLDER / "part_1_transfer_learning.md").read_text(encoding="utf-8").splitlines()
    begins = ("| the recipe of 2020 |", "| `--unfreeze ")
    rows = [row for row in shown if row.startswith(begins) and row.count("|") == 7]
    assert len(rows) == 4
    assert {*rows} <= {*(build.FOLDER.parent / "docs" / "training.md").read_text(encoding="utf-8").splitlines()}
