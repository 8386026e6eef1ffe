"""Files for GitHub, editors and commit hooks have the form that their readers require."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support.repository import ROOT

GITHUB = ROOT / ".github"
SCHEMAS = {
    "vendor.github-workflows": "workflows/*.yml",
    "vendor.dependabot": "dependabot.yml",
    "vendor.github-issue-forms": "ISSUE_TEMPLATE/[!c]*.yml",
    "vendor.github-issue-config": "ISSUE_TEMPLATE/config.yml",
}
TESTS = yaml.safe_load((GITHUB / "workflows/tests.yml").read_text(encoding="utf-8"))["jobs"]["tests"]


def run(*command: object) -> str:
    """The output of a program of this environment, which must succeed."""
    program = Path(sys.executable).with_name(str(command[0]))
    result = subprocess.run([program, *map(str, command[1:])], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize(("schema", "pattern"), SCHEMAS.items())
def test_githubs_files_have_the_form_that_it_reads(schema, pattern):
    files = sorted(GITHUB.glob(pattern))
    assert files
    run("check-jsonschema", "--builtin-schema", schema, *files)


def test_every_supported_python_is_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    first, after_last = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()
    supported = [f"3.{minor}" for minor in range(int(first), int(after_last))]
    assert TESTS["strategy"]["matrix"]["python"] == supported


def test_the_workflow_runs_what_a_developer_runs():
    (step,) = (step for step in TESTS["steps"] if step.get("env", {}).get("PYTHON"))
    assert step["run"] == ".ci/run"
    assert shutil.which(ROOT / step["run"])


def test_publishing_waits_for_the_tests():
    jobs = yaml.safe_load((GITHUB / "workflows/publish.yml").read_text(encoding="utf-8"))["jobs"]
    assert jobs["tests"]["uses"] == "./.github/workflows/tests.yml"
    assert (jobs["build"]["needs"], jobs["publish"]["needs"]) == ("tests", "build")
    may_sign_in = {name for name, job in jobs.items() if "id-token" in job.get("permissions", {})}
    assert may_sign_in == {"publish"}


def test_the_devcontainer_is_set_up_by_a_program_of_this_repository():
    text = (ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8")
    settings = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    assert shutil.which(ROOT / settings["postCreateCommand"])
    assert settings["forwardPorts"] == [8050]


def test_commit_hooks_are_programs_that_are_locked():
    run("pre-commit", "validate-config")
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        folder, _, program = hook["entry"].split()[0].rpartition("/")
        assert folder == ".venv/bin"
        assert Path(sys.executable).with_name(program).is_file()
