"""The table in `docs/client.md` names every error."""

import re

from dashboard.model_server import errors as model_errors
from tests.support.repository import ROOT

PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")


def test_the_table_names_every_error():
    kinds = {name for name, kind in vars(model_errors).items() if isinstance(kind, type)}
    assert {*re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE), "ModelServerError"} == kinds
