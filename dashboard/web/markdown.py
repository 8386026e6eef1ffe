"""Embeds external Markdown into a page."""

import re

COLUMNS = ("What", "Value")  # for tables without headings: screen readers need column headings


def embedded(text: str, levels: int = 2) -> str:
    """Lowers the headings of Markdown, adds missing table headings, and replaces images, so that nothing is fetched.

    Args:
        text: Any Markdown. Images become links.
        levels: Number of levels by which headings are lowered.
    """
    lower = re.sub(r"(?m)^(?=#{1,4} )", "#" * levels, text).replace("![", "[")
    return re.sub(r"(?m)^(\|.*\|) *$(?=\n\|[ :|-]+$)", lambda row: _with_headings(row[1]), lower)


def _with_headings(row: str) -> str:
    cells = [cell.strip() for cell in row[1:-1].split("|")]
    names = [*COLUMNS, *[f"Column {i + 1}" for i in range(len(COLUMNS), len(cells))]]
    return "|" + "|".join(cell or name for cell, name in zip(cells, names, strict=False)) + "|"
