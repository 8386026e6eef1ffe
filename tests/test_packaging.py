"""Packaging: the wheel, the single version number, and the lock files."""

import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import HeaderParser

import pytest

from tests.support.commands import car_classifier, done
from tests.support.repository import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("car_classifier", "dashboard")
LOCK_FILES = ("requirements.txt", "dashboard/requirements.txt", "deploy/classifier/requirements.txt")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """The wheel, built from the files that git knows or would add."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if name.startswith(("pyproject.toml", "README.md", "LICENSE", "blog/", *PACKAGES)) and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--offline"]
    result = subprocess.run([*command, "--out-dir", folder, source], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as opened:
        yield opened


def test_the_wheel_holds_the_two_packages_and_all_their_files(wheel):
    contents = {name for name in wheel.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "requirements.txt"
    }
    assert contents == expected
    assert {f"{package}/py.typed" for package in PACKAGES} <= contents


def test_the_version_is_the_same_everywhere(wheel):
    (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    packaged = HeaderParser().parsestr(wheel.read(metadata).decode())["Version"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert done(car_classifier("--version")) == f"car-classifier {packaged}\n"
    assert newest == packaged


def test_the_version_is_written_once():
    assert "version" in PROJECT["dynamic"]
    assert "version" not in PROJECT


def locked(name: str) -> dict[str, str]:
    """Packages and versions of a lock file."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


def required(*extras: str) -> set[str]:
    """The packages that the project names, with those of some extras."""
    named = [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]
    return {re.match(r"[\w.-]+", line)[0] for line in named}


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("requirements.txt", tuple(PROJECT["optional-dependencies"])),
        ("dashboard/requirements.txt", ("dashboard", "postgres", "heic")),
        ("deploy/classifier/requirements.txt", ("classifier", "postgres")),
    ],
)
def test_lock_files_hold_what_is_required(name, extras):
    assert required(*extras) <= locked(name).keys()


def test_the_dashboards_image_holds_no_tensorflow():
    assert not {"tensorflow", "keras", "grpcio"} & locked("dashboard/requirements.txt").keys()


@pytest.mark.parametrize("name", LOCK_FILES)
def test_lock_files_name_no_index(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.findall(r"^\s*(?:-i|--(?:extra-)?index-url|--find-links)\b|://", text, re.MULTILINE)


@pytest.mark.parametrize("name", LOCK_FILES[1:])
def test_images_hold_the_versions_that_were_tested(name):
    assert locked(name).items() <= locked("requirements.txt").items()
