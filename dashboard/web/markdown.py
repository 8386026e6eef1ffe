"""Markdown of others as a part of a page of ours."""

import re

COLUMNS = ("What", "Value")  # for tables without headings; nobody can follow a column that has none by ear


def embedded(text: str, levels: int = 2) -> str:
    """Markdown whose headings stand below ours, whose tables have headings, and that fetches nothing.

    Args:
        text: Any Markdown. Its images become links.
        levels: How many levels lower its headings are set.
    """
    lower = re.sub(r"(?m)^(?=#{1,4} )", "#" * levels, text).replace("![", "[")
    return re.sub(r"(?m)^(\|.*\|) *$(?=\n\|[ :|-]+$)", lambda found: _with_headings(found[1]), lower)


def _with_headings(row: str) -> str:
    cells = [cell.strip() for cell in row[1:-1].split("|")]
    names = [*COLUMNS, *[f"Column {i + 1}" for i in range(len(COLUMNS), len(cells))]]
    return "|" + "|".join(cell or name for cell, name in zip(cells, names, strict=False)) + "|"
