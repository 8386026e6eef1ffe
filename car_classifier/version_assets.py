"""What stands beside a published model and says how good it is."""

import json
from pathlib import Path
from typing import Any

from car_classifier.files import sha256_of, write_bytes, write_json
from car_classifier.model_card import model_card


def write_report(assets: Path, config: dict[str, Any], metrics: dict[str, Any]) -> None:
    """Write `metrics.json` and the model card made from it."""
    write_json(assets / "metrics.json", metrics)
    write_bytes(assets / "model_card.md", model_card(config, metrics).encode())


def write_checksums(version_dir: Path) -> None:
    """Write `SHA256SUMS` of all published files; what was measured later on other photos is not among them."""
    assets = version_dir / "assets.extra"
    later = {assets / "evaluations", assets / "explanations", assets / "SHA256SUMS"}
    files = sorted(path for path in version_dir.rglob("*") if path.is_file() and not later & {path, path.parent})
    lines = [f"{sha256_of(path)}  {path.relative_to(version_dir).as_posix()}\n" for path in files]
    write_bytes(assets / "SHA256SUMS", "".join(lines).encode())


def update_metrics(version_dir: Path, kind: str, name: str, figures: dict[str, Any]) -> None:
    """Add figures to a version's `metrics.json`, under `kind` and `name`, and bring what depends on it up to date."""
    assets = version_dir / "assets.extra"
    config, metrics = (
        json.loads((assets / f"{file}.json").read_text(encoding="utf-8")) for file in ("config", "metrics")
    )
    metrics.setdefault(kind, {})[name] = figures
    write_report(assets, config, metrics)
    write_checksums(version_dir)
