"""`docs/client.md` says what is so: its example runs, and its table names every error."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import model_errors

from .browsing import manifest_rows

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_example_runs(model_server, demo_data, tmp_path):
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    row = manifest_rows(demo_data)[0]
    (tmp_path / "car.jpg").write_bytes((demo_data / row["file_name"]).read_bytes())
    code = code.replace("http://localhost:8501", model_server.url)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "Status(version='1', state='AVAILABLE')",
        f"<{row['label']} ",
        "'image_bytes': TensorSpec(",
        "'labels'",
    ):
        assert part in done.stdout


def test_the_table_names_every_error():
    kinds = {name for name, kind in vars(model_errors).items() if isinstance(kind, type)}
    assert {*re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE), "ModelServerError"} == kinds
