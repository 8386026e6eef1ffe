"""The table in `docs/client.md` names every error."""

import re
from pathlib import Path

from dashboard import model_errors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")


def test_the_table_names_every_error():
    kinds = {name for name, kind in vars(model_errors).items() if isinstance(kind, type)}
    assert {*re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE), "ModelServerError"} == kinds
