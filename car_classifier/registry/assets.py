"""Writing and checking the files beside a SavedModel: metrics, model card, date of publication and checksums."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from car_classifier.errors import UserError
from car_classifier.files import read_text, sha256_of, write_bytes, write_json
from car_classifier.registry.model_card import model_card
from car_classifier.registry.published_version import PublishedVersion


def write_report(version: PublishedVersion, config: dict[str, Any], metrics: dict[str, Any]) -> None:
    """Write `config.json`, `metrics.json`, and the model card made from both."""
    write_json(version.config_path, config)
    write_json(version.metrics_path, metrics)
    write_bytes(version.model_card_path, model_card(config, metrics).encode())


def note_publication(version: PublishedVersion) -> None:
    """Note in a version's `config.json` and model card that it is published now.

    Raises:
        UserError: `config.json` or `metrics.json` is missing or damaged.
    """
    config = version.read_config() | {"published": datetime.now(UTC).isoformat(timespec="seconds")}
    write_report(version, config, version.read_metrics())
    _renew_checksums(version, version.config_path, version.metrics_path, version.model_card_path)


def update_metrics(version: PublishedVersion, kind: str, name: str, figures: dict[str, Any]) -> None:
    """Add figures to a version's `metrics.json`, under `kind` and `name`, and to its model card.

    Raises:
        UserError: `config.json` or `metrics.json` is missing or damaged.
    """
    metrics = version.read_metrics()
    metrics.setdefault(kind, {})[name] = figures
    write_json(version.metrics_path, metrics)
    write_bytes(version.model_card_path, model_card(version.read_config(), metrics).encode())
    _renew_checksums(version, version.metrics_path, version.model_card_path)


def write_checksums(version_dir: Path) -> None:
    """Write `SHA256SUMS` of all files of an exported version."""
    version = PublishedVersion(version_dir)
    _write_checksums(version, {name: sha256_of(version_dir / name) for name in _files(version)})


def check_checksums(version: PublishedVersion) -> None:
    """Make sure that a version's files are those that `SHA256SUMS` lists, unchanged.

    Raises:
        UserError: A file is missing, has changed, or is not listed.
    """
    try:
        sums = _read_checksums(version)
        damaged = [name for name, digest in sums.items() if sha256_of(version.folder / name) != digest]
    except OSError as error:
        raise UserError(f"A file is missing or cannot be read: {error}.") from error
    except ValueError as error:
        raise UserError(f"{version.checksums_path} is damaged. Train the model again.") from error
    added_later = (version.evaluations_folder, version.explanations_folder)
    unlisted = {name for name in _files(version) if not _is_in(version.folder / name, added_later)} - sums.keys()
    if damaged or unlisted:
        names = ", ".join(sorted({*damaged, *unlisted})[:5])
        raise UserError(f"Its {names} changed or was added after the export. Train the model again.")


def _is_in(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _files(version: PublishedVersion) -> Iterator[str]:
    """Names of all files but `SHA256SUMS`, relative to the version's folder."""
    for path in version.folder.rglob("*"):
        if path.is_file() and path != version.checksums_path:
            yield _name(version, path)


def _name(version: PublishedVersion, path: Path) -> str:
    return path.relative_to(version.folder).as_posix()


def _renew_checksums(version: PublishedVersion, *written: Path) -> None:
    """Sum up the files that were just written; the sums of all others stay, because they are there to reveal damage."""
    if version.checksums_path.is_file():
        sums = _read_checksums(version)
        _write_checksums(version, sums | {_name(version, path): sha256_of(path) for path in written})


def _read_checksums(version: PublishedVersion) -> dict[str, str]:
    lines = (line.split("  ", 1) for line in read_text(version.checksums_path).splitlines())
    return {file: digest for digest, file in lines}


def _write_checksums(version: PublishedVersion, sums: dict[str, str]) -> None:
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    write_bytes(version.checksums_path, "".join(lines).encode())
