"""The models of the contract, as files that any server can load.

`python -m tests.serving.contract_models FOLDER --mounted-at /models` writes them for a server that sees FOLDER as
`/models`. `data/README.md` says how to start one.
"""

import argparse
from pathlib import Path

from tests.support import saved_models as models

CONFIG = "models.config"
VERSIONS = {"half_plus_two": ("1", "2"), "multi": ("1",), "guarded": ("1",), "examples": ("1",), "echo": ("1",)}
# Version 7 does not exist.
_LABELS = {"half_plus_two": {"stable": 1, "canary": 2, "gone": 7}}


def write_contract_models(folder: Path, mounted_at: Path | None = None) -> Path:
    """Writes the models and the file that names them; the server may see the folder under another path."""
    models.save_half_plus(folder / "half_plus_two" / "1", 2.0)
    models.save_half_plus(folder / "half_plus_two" / "2", 3.0)
    models.save_multi(folder / "multi" / "1")
    models.save_guarded(folder / "guarded" / "1")
    models.save_examples(folder / "examples" / "1")
    models.save_echo(folder / "echo" / "1")
    entries = "".join(_entry(name, (mounted_at or folder.absolute()) / name) for name in VERSIONS)
    (folder / CONFIG).write_text(f"model_config_list {{\n{entries}}}\n")
    return folder / CONFIG


def _entry(name: str, base_path: Path) -> str:
    labels = "".join(
        f'    version_labels {{ key: "{label}" value: {version} }}\n'
        for label, version in _LABELS.get(name, {}).items()
    )
    return (
        f'  config {{\n    name: "{name}"\n    base_path: "{base_path}"\n    model_platform: "tensorflow"\n'
        f"    model_version_policy {{ all {{}} }}\n{labels}  }}\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the models that the tests of the contract ask.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mounted-at", type=Path, help="where the server sees the folder")
    arguments = parser.parse_args()
    write_contract_models(arguments.folder, arguments.mounted_at)
