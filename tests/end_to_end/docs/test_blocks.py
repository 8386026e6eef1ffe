"""The commands of README and docs give the output shown there, or a mark says why no test types them."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.docs.blocks import Block, blocks, differences
from tests.end_to_end.docs.reader import ROOT, Reader, furnish

PLACES = ("*.md", "data/README.md", "model/README.md", "docs/**/*.md", "blog/*.md")
PAGES = sorted({page for place in PLACES for page in ROOT.glob(place)})


def to_type(page: Path) -> list[Block]:
    """The blocks of a page that a test types. The Python of the series runs where its pages are made."""
    languages = ("sh",) if page.parent.name == "blog" else ("sh", "python")
    return [block for block in blocks(page) if block.reason is None and block.language in languages]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A weights file like ImageNet's, with random weights."""
    import keras

    file = tmp_path_factory.mktemp("weights") / "resnet50v2.weights.h5"
    keras.applications.ResNet50V2(include_top=False, weights=None).save_weights(file)
    return file


@pytest.fixture
def reader(demo_data, demo_model_dir, weights, tmp_path) -> Iterator[Reader]:
    folder = furnish(tmp_path / "repository", demo_data, demo_model_dir)
    reader = Reader(folder, tmp_path / "servers.log", weights)
    try:
        yield reader
    finally:
        reader.leaves()


@pytest.mark.long
@pytest.mark.parametrize("page", [page for page in PAGES if to_type(page)], ids=name)
def test_what_a_page_says_to_type_does_what_the_page_says(reader, page):
    for block in to_type(page):
        printed = reader.types(block)
        assert differences(block, printed) == [], f"{block.text}\nprinted\n{printed}"
    reader.leaves()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_that_looks_like_a_command_is_one(page):
    """No block escapes the test above by naming another language, or none."""
    content = page.read_text(encoding="utf-8")
    fences = [line for line in content.splitlines() if line.lstrip().startswith("```")]
    opening = [line.lstrip()[3:] for line in fences[::2]]
    assert {line.strip() for line in fences[1::2]} <= {"```"}
    others = {"text", "json", "yaml", "ini", "nginx", "diff", "markdown"}
    generated = {"console"} if name(page) == "docs/reference/command-line.md" else set()
    assert set(opening) <= {"sh", "python"} | others | generated
    shown = set(re.findall(r"^```text\n(\S+)", content, re.MULTILINE))
    assert not shown & {"car-classifier", "curl", "docker", "kubectl", "make", "pip", "printf", "python"}
    assert len(blocks(page)) == sum(language in ("sh", "python") for language in opening)


REASONS = re.compile(
    r"needs (Docker|Kubernetes|a GPU|several GPUs|several machines|Apple silicon|Caddy 2\.11|a cloud account"
    r"|a host name with a certificate|the row above in the code|a real training; .+)"
    r"|downloads ImageNet weights|takes .+|is what .+|is part of a release"
)
PROGRAMS = {"needs Docker": r"\bdocker\b", "needs Kubernetes": r"\b(kubectl|job)\b"}


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=name(page)) for page in PAGES for block in blocks(page) if block.reason]
)
def test_what_no_test_types_says_what_it_would_need_and_is_well_formed(block):
    assert REASONS.fullmatch(block.reason)
    assert re.search(PROGRAMS.get(block.reason, ""), block.text)
    if block.language == "sh":
        read = subprocess.run(["bash", "-n", "-c", block.text], capture_output=True, text=True)
        assert (read.returncode, read.stderr) == (0, "")


def test_a_mark_is_of_the_block_right_below_it(tmp_path):
    page = tmp_path / "page.md"
    mark = "<!-- not run: needs Docker -->\n"
    page.write_text(f"{mark}```sh\na\n```\n\n```sh\nb\n```\n\n```text\nB\n```\n{mark}```sh\nc\n```\n")
    assert [(block.text, block.reason, block.shown) for block in blocks(page)] == [
        ("a\n", "needs Docker", None),
        ("b\n", None, "B\n"),
        ("c\n", "needs Docker", None),
    ]


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
    assert (differences(Block("sh", "", None, shown, language), printed) == []) is alike
