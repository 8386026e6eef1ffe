"""The commands that a page of the documentation tells a reader to type, and the output that it shows."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

_MARK = r"(?:<!-- not run: (?P<reason>[^\n]+) -->\n+)?"
_BLOCK = re.compile(rf"^{_MARK}```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_MORE = "…"
# What a page shows, and what may come instead: more, another fraction, another label.
_LOOSE = {_MORE: ".*", r"-?\d+\.\d{2,}": r"-?\d[\d.e-]*", "[A-Z][a-z]+_[A-Z][a-z]+": r"[A-Z][a-z]+_[A-Z][a-z]+"}


@dataclass
class Block:
    """A block to run, and the block that shows its output, if one follows.

    Attributes:
        language: `sh` or `python`.
        text: The commands or the code.
        reason: Why no test runs it; None if one does.
        shown: The output on the page.
        shown_language: `text` or `json`.
    """

    language: str
    text: str
    reason: str | None = None
    shown: str | None = None
    shown_language: str | None = None


def blocks(page: Path) -> list[Block]:
    """The blocks of a page in `sh` and `python`, in their order."""
    found: list[Block] = []
    end = 0
    content = page.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(content):
        language, text, between = block["language"], block["text"], content[end : block.start()]
        end = block.end()
        if language in ("sh", "python"):
            found.append(Block(language, text, block["reason"]))
        elif language in ("text", "json") and found and not between.strip():
            found[-1].shown, found[-1].shown_language = text, language
    return found


def differences(block: Block, printed: str) -> list[str]:
    """The differences between a block's output and the page; numbers and a photo's label may differ."""
    if block.shown is None:
        return []
    if block.shown_language == "json":
        return list(_differences(json.loads(block.shown), json.loads(printed), "answer"))
    return [] if _is_like(block.shown.strip(), printed.strip()) else [f"{printed!r} is not {block.shown!r}"]


def _differences(shown, got, place: str):
    if shown == _MORE:
        return
    if isinstance(shown, dict) and isinstance(got, dict):
        if missing := shown.keys() - got.keys() - {_MORE}:
            yield f"{place} lacks {sorted(missing)}"
        if _MORE not in shown and (extra := got.keys() - shown.keys()):
            yield f"{place} also has {sorted(extra)}"
        for key in shown.keys() & got.keys():
            yield from _differences(shown[key], got[key], f"{place}.{key}")
    elif isinstance(shown, list) and isinstance(got, list):
        items = shown[:-1] if shown[-1:] == [_MORE] else shown
        if len(got) < len(items) or (items is shown and len(got) > len(items)):
            yield f"{place} has {len(got)} items"
        for i, (one, other) in enumerate(zip(items, got, strict=False)):
            yield from _differences(one, other, f"{place}[{i}]")
    elif type(shown) is not type(got) or (isinstance(shown, bool) and shown != got):
        yield f"{place} is {got!r}, not {shown!r}"
    elif isinstance(shown, str) and not _is_like(shown, got):
        yield f"{place} is {got!r}, not {shown!r}"


def _is_like(shown: str, got: str) -> bool:
    tokens = re.split(f"({'|'.join(_LOOSE)})", shown)
    patterns = [next((loose for exact, loose in _LOOSE.items() if re.fullmatch(exact, one)), None) for one in tokens]
    pattern = "".join(loose or re.escape(one) for one, loose in zip(tokens, patterns, strict=True))
    return re.fullmatch(pattern, got, re.DOTALL) is not None
