"""The generated pages of the reference match the code."""

import re
import subprocess
import sys

import pytest

from car_classifier.settings import fields_of
from car_classifier.training.config import TrainingConfig
from dashboard.settings import Settings
from docs.reference import generate

PAGE = generate.FOLDER / "configuration.md"


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_current(name):
    committed = (generate.FOLDER / name).read_text(encoding="utf-8")
    assert committed == generate.PAGES[name](), "Run: make reference"


def test_terminals_do_not_matter(monkeypatch):
    as_it_is = generate.command_line()
    for name, value in {"COLUMNS": "40", "TERMINAL_WIDTH": "40", "FORCE_COLOR": "1", "LANG": "C"}.items():
        monkeypatch.setenv(name, value)
    assert generate.command_line() == as_it_is


def test_they_are_written_into_a_folder(tmp_path):
    command = [sys.executable, "-m", "docs.reference.generate", str(tmp_path)]
    subprocess.run(command, check=True, cwd=generate.ROOT, timeout=300)
    assert {path.name for path in tmp_path.iterdir()} == generate.PAGES.keys()


def test_every_field_and_setting_is_explained():
    rows = re.findall(r"^\| `([\w.]+)` \|.*\| ([^|]*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for name, said in rows if said} >= {name for name, _ in fields_of(TrainingConfig)}
    named = {name.removeprefix("DASHBOARD_").lower() for name, said in rows if said}
    assert named >= set(Settings.model_fields)


def test_a_variable_that_nobody_explains_is_noticed(monkeypatch):
    monkeypatch.delitem(generate.MEANINGS, "TF_CONFIG")
    with pytest.raises(SystemExit, match="TF_CONFIG"):
        generate.configuration()


def test_settings_are_listed_in_one_place():
    page = (generate.ROOT / "docs" / "dashboard.md").read_text(encoding="utf-8")
    assert "reference/configuration.md#dashboard" in page
    assert not re.findall(r"^\|.*(?:DASHBOARD_|DATABASE_URL)", page, re.MULTILINE)
