"""The site of the documentation: complete, without dead links, and without anything from outside."""

import logging
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from mkdocs.config import load_config

from docs.site import hooks

CONFIG = hooks.ROOT / "docs" / "site" / "mkdocs.yml"
LOADED = {"script": "src", "img": "src", "source": "srcset", "iframe": "src", "link": "href"}
FORMULA = re.compile(r"\$[^$\s][^$]*\$|\\[(\[]|\\[a-z]+\{")
BLOCKS = {
    "bullet_list_open": "ul",
    "ordered_list_open": "ol",
    "list_item_open": "li",
    "table_open": "table",
    "fence": "pre",
    "code_block": "pre",
}
SKIPPED = ("code", "pre", "script", "style", "math")
VOID = ("meta", "link", "img", "input", "br", "hr", "source")


@dataclass
class Page(HTMLParser):
    """The content of a page of the site."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    formulas: int = 0
    blocks: Counter[str] = field(default_factory=Counter)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in LOADED and given.get(LOADED[tag]) and given.get("rel") not in ("canonical", "next", "prev"):
            self.loads.append(given[LOADED[tag]])
        if tag == "img":
            self.pictures.append(given["src"])
        self.formulas += tag == "math"
        if tag in BLOCKS.values() and "article" in self._open:
            self.blocks[tag] += 1
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        while tag in self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if not any(tag in SKIPPED for tag in self._open):
            self.words.append(data)


def listed(nav: object) -> Iterator[str]:
    """The files of a navigation."""
    if isinstance(nav, str):
        yield nav
    else:
        for inner in nav.values() if isinstance(nav, dict) else nav:
            yield from listed(inner)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", CONFIG, "--site-dir", folder]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=300)
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    found = {}
    for path in sorted(site.rglob("*.html")):
        found[path] = Page()
        found[path].feed(path.read_text(encoding="utf-8"))
    return found


def test_every_page_of_the_documentation_is_in_the_navigation():
    documents = {path for pattern in hooks.PAGES for path in hooks.ROOT.glob(pattern)}
    of_packages = {hooks.ROOT / hooks.api_page(package) for package in hooks.API}
    named = {hooks.ROOT / name for name in listed(load_config(str(CONFIG)).nav)}
    assert named == documents | of_packages


def test_every_link_within_the_site_leads_somewhere(site, pages):
    broken = []
    for path, page in pages.items():
        if path.name == "404.html":  # is shown at any address, so its links are from the root
            continue
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            is_there = target.is_file() and (
                target.suffix != ".html" or not parts.fragment or unquote(parts.fragment) in pages[target].ids
            )
            if not is_there:
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_a_link_to_a_folder_is_its_text():
    page = SimpleNamespace(file=SimpleNamespace(src_uri="docs/serving.md"))
    text = "[Files](../deploy/serving), [one](../deploy/serving/batching.config), [far](https://example.org)"
    assert hooks.on_page_markdown(text, page) == text.replace("[Files](../deploy/serving)", "Files")


def test_nothing_is_loaded_from_outside(site, pages):
    outside = [
        f"{path.relative_to(site)}: {address}"
        for path, page in pages.items()
        for address in page.loads
        if urlsplit(address).scheme not in ("", "data") or address.startswith("//")
    ]
    for path in site.rglob("*.css"):
        outside += re.findall(r"(?:@import|url\()\s*['\"]?(?:https?:)?//[^)]*", path.read_text(encoding="utf-8"))
    assert outside == []


def test_pages_of_packages_hold_what_docstrings_say(site, pages):
    client = pages[site / "docs/reference/api/dashboard.model_server.html"]
    assert "dashboard.model_server.client.ModelClient.classify" in client.ids
    assert "A JPEG or PNG file's bytes." in {words.strip() for words in client.words}
    for package in hooks.API:
        page = pages[(site / hooks.api_page(package)).with_suffix(".html")]
        modules = {path for path in package.rglob("*.py") if path.name != "__init__.py"}
        assert {".".join(path.relative_to(hooks.ROOT).with_suffix("").parts) for path in modules} <= page.ids


def test_formulas_are_mathml(site, pages):
    assert pages[site / "blog" / "part_3_grad_cam.html"].formulas > 5
    stray = [
        f"{path.relative_to(site)}: {found[0]}"
        for path, page in pages.items()
        for words in page.words
        for found in FORMULA.finditer(words)
    ]
    assert stray == []
    assert not [path for path in pages if 'class="arithmatex"' in path.read_text(encoding="utf-8")]


def test_the_site_reads_the_pages_as_github_does(site, pages):
    """Python's Markdown requires an empty line before a list, and four spaces before the content of an item."""
    github = MarkdownIt("commonmark").enable("table")
    differing = {}
    for source in sorted(path for pattern in hooks.PAGES for path in hooks.ROOT.glob(pattern)):
        tokens = github.parse(source.read_text(encoding="utf-8"))
        expected = Counter(BLOCKS[token.type] for token in tokens if token.type in BLOCKS)
        name = "index.html" if source.name == "README.md" else f"{source.stem}.html"
        found = pages[(site / source.relative_to(hooks.ROOT)).with_name(name)].blocks
        if found != expected:
            differing[str(source.relative_to(hooks.ROOT))] = (found - expected, expected - found)
    assert differing == {}


def test_the_readmes_picture_follows_light_and_dark(site, pages):
    pictures = [name for name in pages[site / "index.html"].pictures if "#only-" in name]
    assert [name.partition("#")[2] for name in pictures] == ["only-light", "only-dark"]


@pytest.mark.parametrize(
    ("formula", "is_known"),
    [
        (r'<span class="arithmatex">\(z_c &lt; \sum_i a_i\)</span>', True),
        (r'<div class="arithmatex">\[\frac{1}{2}\]</div>', True),
        (r'<span class="arithmatex">\(\nosuchthing{x}\)</span>', False),
        (r'<span class="arithmatex">\(x^\)</span>', False),
        (r'<div class="arithmatex">\[\begin{nosuchthing} a &amp;= b \end{nosuchthing}\]</div>', False),
    ],
)
def test_a_formula_that_is_no_mathml_is_a_warning(caplog, formula, is_known):
    with caplog.at_level(logging.WARNING, logger="mkdocs"):
        content = hooks.on_page_content(formula)
    assert (not caplog.records) is is_known
    assert ("<math" in content and "arithmatex" not in content) or not is_known
