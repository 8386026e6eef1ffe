"""`docs/serving.md` and the README: what they tell a reader to type does what they say."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import until
from .documentation import Command, commands, differences

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "serving.md"
SERVE = "car-classifier serve"
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}


@dataclass
class Addresses:
    """Where the server of the page listens in this test."""

    rest: str
    grpc: str

    def in_place_of_the_pages(self, text: str) -> str:
        return text.replace("localhost:8501", self.rest).replace("localhost:8500", self.grpc)


@contextmanager
def serving(text: str, folder: Path) -> Iterator[Addresses]:
    """What a block that starts a server starts, on free ports."""
    program = f"exec {shlex.quote(sys.executable)} -m car_classifier serve --rest-api-port 0 --port 0"
    command = ["bash", "-euo", "pipefail", "-c", text.replace(SERVE, program)]
    with subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        said: list[str] = []
        reader = threading.Thread(target=lambda: said.extend(process.stderr or ()))
        reader.start()

        def find(pattern: str) -> str:
            found: list[str] = []

            def looked() -> bool:
                found[:] = re.findall(pattern, "".join(said))
                return bool(found) or process.poll() is not None

            until(looked)
            assert found, "".join(said)
            return found[0]

        try:
            find("version 1 loaded")
            yield Addresses(find(r"Serving on http://([^/]+)/"), find(r"Serving gRPC on (\S+)"))
        finally:
            process.send_signal(signal.SIGINT)
            reader.join()
    assert process.returncode == 0


def printed(command: Command, folder: Path, addresses: Addresses) -> str:
    program = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}[command.language]
    text = addresses.in_place_of_the_pages(command.text)
    result = subprocess.run([*program, text], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def folder(demo_model_dir, tmp_path) -> Path:
    """A folder as the repository's is where a model has been published; commands publish another one."""
    shutil.copytree(demo_model_dir, tmp_path / "model")
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    return tmp_path


def chapters(found: list[Command]) -> list[list[Command]]:
    """The blocks from each start of a server to the next."""
    starts = [i for i, command in enumerate(found) if SERVE in command.text]
    return [found[begin:end] for begin, end in zip(starts, [*starts[1:], None], strict=True)]


def test_the_page_starts_with_a_server():
    found = commands(PAGE)
    assert SERVE in found[0].text
    assert len(chapters(found)) == 3
    assert sum("curl" in command.text for command in found) >= 12
    assert [command.language for command in found].count("python") == 1


@pytest.mark.slow
def test_every_command_of_the_page_prints_what_the_page_shows(folder):
    for start, *rest in chapters(commands(PAGE)):
        with serving(start.text, folder) as addresses:
            for command in rest:
                if "requests.log" in command.text:
                    # A line is written after its request is answered.
                    until(lambda: "truck-17" in (folder / "requests.log").read_text(), 10)
                assert differences(command, printed(command, folder, addresses)) == [], command.text


@pytest.mark.slow
def test_the_command_of_the_readme_explains_a_photo(folder, model_server):
    (command,) = (command for command in commands(ROOT / "README.md") if "curl" in command.text)
    addresses = Addresses(model_server.url.removeprefix("http://"), "")
    command.shown, command.shown_language = '{"predictions": [{"contributions": "…", "labels": "…", "…": "…"}]}', "json"
    assert differences(command, printed(command, folder, addresses)) == []


@pytest.mark.parametrize(
    ("language", "shown", "printed", "alike"),
    [
        ("json", '{"a": [1, 0.25, "x"], "b": null}', '{"a": [2, 0.5, "x"], "b": null}', True),
        ("json", '{"a": [1, "…"], "…": "…"}', '{"a": [2, 3, 4], "b": 1}', True),
        ("json", '{"a": "…"}', '{"a": {"b": 1}}', True),
        ("json", '{"a": ["Audi_Coupe"]}', '{"a": ["Calder_Hauler"]}', True),
        ("json", '{"a": 1}', '{"a": 1, "b": 1}', False),
        ("json", '{"a": 1, "…": "…"}', '{"b": 1}', False),
        ("json", '{"a": [1]}', '{"a": [1, 1]}', False),
        ("json", '{"a": [1, 1, "…"]}', '{"a": [1]}', False),
        ("json", '{"a": ["x"]}', '{"a": ["y"]}', False),
        ("json", '{"a": 1}', '{"a": 0.5}', False),
        ("json", '{"a": true}', '{"a": false}', False),
        ("json", '{"a": null}', '{"a": 1}', False),
        ("text", "a (…) b\n", "a (c\nd) b", True),
        ("text", "0.974", "8e-05", True),
        ("text", "a…", "b", False),
        ("text", "a", "a b", False),
        ("text", "Audi_Coupe 0.974", "Audi", False),
    ],
)
def test_what_counts_as_the_same(language, shown, printed, alike):
    assert (differences(Command("sh", "", shown, language), printed) == []) is alike
