"""What stands beside a published model and says how good it is."""

import json
from pathlib import Path
from typing import Any

from car_classifier.errors import UserError
from car_classifier.files import sha256_of, write_bytes, write_json
from car_classifier.registry.model_card import model_card

_SUMS = "assets.extra/SHA256SUMS"
_ADDED_LATER = ("assets.extra/evaluations/", "assets.extra/explanations/")


def write_report(assets: Path, config: dict[str, Any], metrics: dict[str, Any]) -> None:
    """Write `metrics.json` and the model card made from it."""
    write_json(assets / "metrics.json", metrics)
    write_bytes(assets / "model_card.md", model_card(config, metrics).encode())


def write_checksums(version_dir: Path) -> None:
    """Write `SHA256SUMS` of all files of a version that was exported."""
    files = sorted(path for path in version_dir.rglob("*") if path.is_file())
    _write_sums(version_dir, {path.relative_to(version_dir).as_posix(): sha256_of(path) for path in files})


def check_checksums(version_dir: Path) -> None:
    """Make sure that a version's files are those that were summed up.

    Raises:
        UserError: One is missing or has changed.
    """
    path = version_dir / _SUMS
    try:
        sums = _read_sums(path)
        damaged = [name for name, digest in sums.items() if sha256_of(version_dir / name) != digest]
    except OSError as error:
        raise UserError(f"A file is missing or cannot be read: {error}.") from error
    except ValueError as error:
        raise UserError(f"{path} is damaged. Train the model anew.") from error
    found = {file.relative_to(version_dir).as_posix() for file in version_dir.rglob("*") if file.is_file()}
    foreign = {name for name in found - sums.keys() - {_SUMS} if not name.startswith(_ADDED_LATER)}
    if damaged or foreign:
        names = ", ".join(sorted({*damaged, *foreign})[:5])
        raise UserError(f"Its {names} changed or came after it was exported. Train the model anew.")


def check_report(version_dir: Path) -> None:
    """Make sure that figures can be added to a version's report.

    Raises:
        UserError: A part of it is missing or damaged.
    """
    for name in ("config.json", "metrics.json"):
        path = version_dir / "assets.extra" / name
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(
                f"{path} is missing or damaged. Publish the model anew with car-classifier train."
            ) from error


def update_metrics(version_dir: Path, kind: str, name: str, figures: dict[str, Any]) -> None:
    """Add figures to a version's `metrics.json`, under `kind` and `name`, and bring what depends on it up to date."""
    assets = version_dir / "assets.extra"
    config, metrics = (
        json.loads((assets / f"{file}.json").read_text(encoding="utf-8")) for file in ("config", "metrics")
    )
    metrics.setdefault(kind, {})[name] = figures
    write_report(assets, config, metrics)
    sums = version_dir / _SUMS
    if sums.is_file():  # only what was written is summed up anew: the others' sums are there to tell damage
        listed = _read_sums(sums)
        written = {f"assets.extra/{file}": sha256_of(assets / file) for file in ("metrics.json", "model_card.md")}
        _write_sums(version_dir, listed | written)


def _read_sums(path: Path) -> dict[str, str]:
    lines = (line.split("  ", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {file: digest for digest, file in lines}


def _write_sums(version_dir: Path, sums: dict[str, str]) -> None:
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    write_bytes(version_dir / _SUMS, "".join(lines).encode())
