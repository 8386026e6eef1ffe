"""What MkDocs asks while it builds the site: which files there are, and formulas without JavaScript."""

import html
import logging
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs_autorefs import AutorefsExtension

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs/**/*.md",
    "data/README.md",
    "model/README.md",
    "blog/*.md",
)
# Packages whose docstrings become a page each, at docs/reference/api/.
API = (
    *sorted(path.parent for path in ROOT.glob("car_classifier/*/__init__.py") if path.parent.name != "commands"),
    ROOT / "dashboard" / "model_server",
)
ASSETS = ("dashboard/assets/favicon.svg",)

_LINK = re.compile(r"""(?:\]\(|(?:src|srcset|href)=")([^)\s"#]+)""")
_TEXT_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s#:]+)\)")
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)
_PICTURE = re.compile(
    r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">\s*'
    r'<img src="([^"]+)"(.*?)>\s*</picture>',
    re.DOTALL,
)
# MkDocs counts the warnings of its own loggers: --strict then fails.
_log = logging.getLogger("mkdocs.hooks.site")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Brackets that follow brackets stay text, as on GitHub: mkdocstrings' own links do not need the extension."""
    kept = [extension for extension in config.markdown_extensions if not isinstance(extension, AutorefsExtension)]
    config.markdown_extensions = kept
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take the pages, and what they link to, from the repository, under the paths that they have there."""
    found = {path for pattern in (*PAGES, *ASSETS) for path in ROOT.glob(pattern)}
    for page in [path for path in found if path.suffix == ".md"]:
        targets = (page.parent / target for target in _LINK.findall(page.read_text(encoding="utf-8")))
        found |= {path.resolve() for path in targets if path.is_file()}
    for path in sorted(found):
        if path.is_relative_to(ROOT):
            uri = path.relative_to(ROOT).as_posix()
            files.append(File(uri, str(ROOT), config.site_dir, config.use_directory_urls))
    for package in API:
        files.append(File.generated(config, api_page(package), content=_docstrings_of(package)))
    return files


def api_page(package: Path) -> str:
    """Path of the page about a package; there is no such file in the repository."""
    return f"docs/reference/api/{_dotted(package)}.md"


def _docstrings_of(package: Path) -> str:
    """Markdown that has mkdocstrings put in the docstrings of a package and of all modules in it."""
    name = _dotted(package)
    modules = sorted(_dotted(path.with_suffix("")) for path in package.rglob("*.py") if path.name != "__init__.py")
    # The page's title is the package's heading.
    without_heading = "    options: {show_root_heading: false, show_root_toc_entry: false}"
    return "\n\n".join([f"# {name}", f"::: {name}\n{without_heading}", *(f"::: {module}" for module in modules)])


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).parts)


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Replaces a link to a folder by its text: GitHub shows the files of a folder, the site does not."""
    here = (ROOT / page.file.src_uri).parent
    return _TEXT_LINK.sub(lambda link: link[1] if (here / link[2]).is_dir() else link[0], markdown)


def on_page_content(content: str, **_: Any) -> str:
    """Formulas become MathML; a picture for light and one for dark follow the site's own switch."""
    content = _PICTURE.sub(r'<img src="\2#only-light"\3><img src="\1#only-dark"\3>', content)
    return _FORMULA.sub(_as_mathml, content)


def _as_mathml(formula: re.Match[str]) -> str:
    latex = html.unescape(formula[2]).strip()
    try:
        mathml = convert(latex, display="block" if formula[1] == "div" else "inline")
    except Exception as error:
        _log.warning("No MathML for %s: %r", latex, error)
        return formula[0]
    # latex2mathml writes unknown commands unchanged, without an error.
    if "\\" in mathml or "<mi>&<" in mathml:
        _log.warning("No MathML for all of %s: %s", latex, mathml)
    return mathml
