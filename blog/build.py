"""`make blog`: runs every part, and writes its notebook and its Markdown from the results.

    python -m blog.build [--prose] [PART ...]

Only the `.py` of a part is written by hand. `--prose` runs nothing: after a change of texts or imports alone it
rewrites the pages with the results that they have. Runs on other photos or sizes write to the working folder, so that
the pages here stay those of the drawn cars.
"""

import ast
import hashlib
import os
import re
import sys
import time
from pathlib import Path

import jupytext
from jupytext.compare import NotebookDifference, compare_notebooks
from nbclient import NotebookClient
from nbconvert import MarkdownExporter
from nbformat import NotebookNode
from traitlets.config import Config

from blog import series

FOLDER = Path(__file__).parent
MOST_SECONDS = 30 * 60
# A picture and the caption below it, whose first sentence describes the picture.
CAPTIONED = re.compile(r"!\[png\](\(\S+\))(\s+)(?=\*Figure \d+\.\* ((?:[^.]|\.(?=\d))+))")


def parts() -> list[Path]:
    """The sources of the series, in order."""
    return sorted(FOLDER.glob("part_*.py"))


def execute(source: Path) -> NotebookNode:
    """Run a part from its first cell to its last, in the folder above this one, and give its notebook.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell raised.
    """
    notebook = jupytext.read(source)
    place = {"metadata": {"path": str(FOLDER.parent)}}
    config = Config({"KernelManager": {"transport": "ipc"}})
    NotebookClient(notebook, timeout=MOST_SECONDS, record_timing=False, resources=place, config=config).execute()
    notebook.metadata["shared_code"] = shared_code()
    notebook.metadata["settings"] = settings()
    return _numbered(notebook)


def with_old_results(source: Path) -> NotebookNode:
    """The notebook of a part whose code has not changed since its run: new texts, old results.

    Raises:
        ValueError: The code of a cell, or of `series.py`, has changed since the run.
    """
    notebook, run = jupytext.read(source), jupytext.read(source.with_suffix(".ipynb"))
    if run.metadata.get("shared_code") != shared_code():
        raise ValueError("series.py has changed: run make blog without PROSE=1")
    cells, run_cells = ([cell for cell in of.cells if cell.cell_type == "code"] for of in (notebook, run))
    if [meaning(cell.source) for cell in cells] != [meaning(cell.source) for cell in run_cells]:
        raise ValueError(f"The code of {source.name} has changed: run make blog PARTS={source.stem}")
    for cell, run_cell in zip(cells, run_cells, strict=True):
        cell["outputs"], cell["execution_count"] = run_cell["outputs"], run_cell["execution_count"]
    notebook.metadata.update(run.metadata)
    return _numbered(notebook)


def _numbered(notebook: NotebookNode) -> NotebookNode:
    """Use each cell's number as its id, so that two runs differ only in their results."""
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    return notebook


def meaning(code: str) -> str:
    """Code without imports, comments and docstrings, which do not change its results."""
    if code.startswith("%%"):
        return code
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [
                line
                for line in body
                if not isinstance(line, ast.Import | ast.ImportFrom)
                and not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
            ]
    return ast.unparse(tree)


def settings() -> dict[str, str]:
    """The environment variables that make a run differ from that of the committed pages."""
    names = ("BLOG_PHOTOS", "BLOG_WEIGHTS", "BLOG_TINY")
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def shared_code() -> str:
    """SHA-256 of the code of `series.py`, without its texts and imports."""
    code = Path(series.__file__).read_text(encoding="utf-8")
    return hashlib.sha256(meaning(code).encode()).hexdigest()


def render(notebook: NotebookNode, name: str) -> tuple[str, dict[str, bytes]]:
    """Markdown of an executed notebook, and its pictures by relative path."""
    resources = {"output_files_dir": f"images/{name}", "unique_key": "figure"}
    text, extras = MarkdownExporter().from_notebook_node(notebook, resources)
    return CAPTIONED.sub(
        lambda found: f"![{' '.join(found[3].replace('*', '').split())}]{found[1]}{found[2]}", text
    ), extras["outputs"]


def write(notebook: NotebookNode, name: str, folder: Path) -> None:
    """Write `NAME.ipynb`, `NAME.md` and the pictures in `images/NAME/`, in place of what was there."""
    text, pictures = render(notebook, name)
    images = folder / "images" / name
    images.mkdir(parents=True, exist_ok=True)
    for old in images.iterdir():
        old.unlink()
    for path, content in pictures.items():
        (folder / path).write_bytes(content)
    jupytext.write(notebook, folder / f"{name}.ipynb")
    (folder / f"{name}.md").write_text(text, encoding="utf-8")


def differences(source: Path) -> list[str]:
    """The ways in which a part's generated files differ from its source and notebook; empty if they are current."""
    written = source.with_suffix(".ipynb")
    if not written.is_file():
        return [f"{written.name} is missing: run `make blog`"]
    notebook = jupytext.read(written)
    found = []
    try:
        compare_notebooks(notebook, jupytext.read(source), fmt="py:percent", compare_outputs=False)
    except NotebookDifference as error:
        found.append(f"{written.name} is of another source: {error}")
    if notebook.metadata.get("shared_code") != shared_code():
        found.append(f"{written.name} was run before the last change of series.py")
    if notebook.metadata.get("settings"):
        found.append(f"{written.name} was run with {notebook.metadata['settings']}")
    if any(cell.cell_type == "code" and cell.source and not cell.execution_count for cell in notebook.cells):
        found.append(f"{written.name} was not run to its end")
    text, pictures = render(notebook, source.stem)
    if "![png]" in text:
        found.append(f"{written.name} has a picture without a caption right below it")
    markdown = source.with_suffix(".md")
    if not markdown.is_file() or markdown.read_text(encoding="utf-8") != text:
        found.append(f"{markdown.name} is not what {written.name} renders to")
    images = FOLDER / "images" / source.stem
    if {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in images.glob("*")} != pictures:
        found.append(f"images/{source.stem} holds other pictures than {written.name}")
    return found


def main(names: list[str]) -> None:
    """Build the named parts, or all."""
    prose_alone = "--prose" in names
    names = [name for name in names if name != "--prose"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    known = {source.stem: source for source in parts()}
    if unknown := set(names) - set(known):
        sys.exit(f"No such part: {', '.join(sorted(unknown))}. There are {', '.join(known)}.")
    folder = series.WORK / "pages" if settings() else FOLDER
    first = time.monotonic()
    for name in names or known:
        print(f"{name} …", end=" ", flush=True)
        begin = time.monotonic()
        try:
            write((with_old_results if prose_alone else execute)(known[name]), name, folder)
        except ValueError as error:
            sys.exit(str(error))
        print(f"{(time.monotonic() - begin) / 60:.1f} minutes", flush=True)
    print(f"{(time.monotonic() - first) / 60:.1f} minutes in all; the pages are in {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
