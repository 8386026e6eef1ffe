"""The versions of each model: found on disk, loaded, swapped without losing a request, reported."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from car_classifier.serving.errors import Code, ServingError, invalid_argument, not_found
from car_classifier.serving.settings import ServedModel

if TYPE_CHECKING:
    from car_classifier.serving.saved_model import SavedModel

logger = logging.getLogger(__name__)

# Of every file in a folder: its path, its size in bytes and its time of change.
_Fingerprint = tuple[tuple[str, int, int], ...]


class VersionState(StrEnum):
    """Where a version is in its life; the names are those that a status answer uses."""

    START = "START"
    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


@dataclass(frozen=True)
class VersionStatus:
    """One line of a model's status: an error is set when the version could not be loaded."""

    version: int
    state: VersionState
    error: ServingError | None


@dataclass
class _Version:
    """A version the repository knows of; fields change only under the repository's lock."""

    number: int
    folder: Path
    state: VersionState = VersionState.START
    error: ServingError | None = None
    failed_files: _Fingerprint = ()
    model: SavedModel | None = None
    requests: int = 0


class ModelRepository:
    """Keeps the wanted versions of some models loaded while their folders change.

    A new version is loaded and warmed up beside the old one, then takes over; the old one is let go when
    its last request has ended. A version that cannot be loaded is reported and tried again once its files
    have changed, and whatever was served before it stays.

    Args:
        models: what to serve.
        poll_seconds: seconds between two looks at the folders.
    """

    def __init__(self, models: tuple[ServedModel, ...], poll_seconds: float = 1.0) -> None:
        self._models = {model.name: model for model in models}
        self._versions: dict[str, dict[int, _Version]] = {model.name: {} for model in models}
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="model-repository", daemon=True)
        self._last_complaint: dict[str, str] = {}

    def start(self) -> None:
        """Look for versions, then load them and go on watching in a thread of its own."""
        for model in self._models.values():
            self._discover(model)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching and let every version go; requests that still run finish first."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        for versions in self._versions.values():
            for version in list(versions.values()):
                if version.state is VersionState.AVAILABLE:
                    self._unload(version)

    def status(self, name: str, number: int | None = None) -> list[VersionStatus]:
        """The states of a model's versions, newest first.

        Args:
            name: the model.
            number: only this version.

        Raises:
            ServingError: no such model or version was ever seen (HTTP 404).
        """
        with self._lock:
            versions = self._versions.get(name, {})
            if number is not None and number not in versions:
                raise not_found(f"Could not find version {number} of model {name}")
            if not versions:
                raise not_found(f"Could not find any versions of model {name}")
            numbers = [number] if number is not None else sorted(versions, reverse=True)
            return [VersionStatus(n, versions[n].state, versions[n].error) for n in numbers]

    @contextlib.contextmanager
    def use(self, name: str, number: int | None = None, label: str | None = None) -> Iterator[tuple[int, SavedModel]]:
        """A loaded version and its number, kept in memory for the length of a `with` block.

        Args:
            name: the model.
            number: a version; the newest loaded one if neither this nor a label is given.
            label: a version by its label.

        Raises:
            ServingError: it is not loaded (HTTP 404), or the label is unknown (HTTP 400).
        """
        with self._lock:
            version = self._find(name, number, label)
            version.requests += 1
            model = version.model
        assert model is not None  # noqa: S101  what AVAILABLE means
        try:
            yield version.number, model
        finally:
            with self._lock:
                version.requests -= 1
            self._close_if_idle(version)

    def _find(self, name: str, number: int | None, label: str | None) -> _Version:
        loaded = {n: v for n, v in self._versions.get(name, {}).items() if v.state is VersionState.AVAILABLE}
        if label is not None:
            number = self._models[name].labels.get(label) if name in self._models else None
            if number is None:
                raise invalid_argument(f"Unrecognized servable version label: {label}")
        if number is None:
            if not loaded:
                raise not_found(f"Servable not found for request: Latest({name})")
            return loaded[max(loaded)]
        if number not in loaded:
            raise not_found(f"Servable not found for request: Specific({name}, {number})")
        return loaded[number]

    def _watch(self) -> None:
        while not self._stopping.is_set():
            for model in self._models.values():
                try:
                    self._update(model)
                except Exception:
                    logger.exception("%s: looking for versions failed; trying again", model.name)
            self._stopping.wait(self._poll_seconds)

    def _update(self, model: ServedModel) -> None:
        """Bring one model's loaded versions in line with its folder."""
        wanted = self._discover(model)
        for version in wanted:
            if self._stopping.is_set():
                return
            if version.state is VersionState.START:
                self._load(model, version)
        if any(version.state is VersionState.AVAILABLE for version in wanted):
            numbers = {version.number for version in wanted}
            for version in list(self._versions[model.name].values()):
                if version.state is VersionState.AVAILABLE and version.number not in numbers:
                    self._unload(version)
                    logger.info("%s: version %d unloaded", model.name, version.number)

    def _discover(self, model: ServedModel) -> list[_Version]:
        """The versions that should be loaded; those that shall be (again) are in state START."""
        try:
            folders = {int(p.name): p for p in model.base_path.iterdir() if _is_version(p)}
        except OSError as error:
            self._complain(model, f"the folder {model.base_path} cannot be read ({error.strerror}); waiting")
            return []
        wanted = [n for n in model.versions if n in folders] if model.versions else sorted(folders)[-1:]
        if not wanted:
            # What is loaded stays: an empty folder is more often an accident than a wish.
            self._complain(model, f"no version in {model.base_path} yet; it is loaded as soon as it appears")
            return []
        self._last_complaint.pop(model.name, None)
        versions = self._versions[model.name]
        with self._lock:
            for number in wanted:
                known = versions.get(number)
                if known is None or (known.state is VersionState.END and _is_worth_a_try(known)):
                    versions[number] = _Version(number, folders[number])
        return [versions[number] for number in wanted]

    def _load(self, model: ServedModel, version: _Version) -> None:
        from car_classifier.serving.saved_model import SavedModel
        from car_classifier.serving.warmup import warm_up

        with self._lock:
            version.state = VersionState.LOADING
        files = _fingerprint(version.folder)
        begin = time.perf_counter()
        loaded = None
        try:
            loaded = SavedModel(version.folder)
            warmed = warm_up(loaded, version.folder, self._stopping.is_set)
        except Exception as error:
            if loaded is not None:
                loaded.close()
            if not isinstance(error, ServingError):
                logger.exception("%s: version %d: unexpected error", model.name, version.number)
                error = ServingError(Code.UNKNOWN, str(error))
            with self._lock:
                version.state, version.error, version.failed_files = VersionState.END, error, files
            logger.error("%s: version %d failed to load: %s", model.name, version.number, error.message)
            return
        with self._lock:
            version.model, version.state = loaded, VersionState.AVAILABLE
        logger.info(
            "%s: version %d loaded in %.1f s (%d warm-up requests)",
            model.name,
            version.number,
            time.perf_counter() - begin,
            warmed,
        )

    def _unload(self, version: _Version) -> None:
        with self._lock:
            version.state = VersionState.UNLOADING
        self._close_if_idle(version)

    def _close_if_idle(self, version: _Version) -> None:
        with self._lock:
            if version.state is not VersionState.UNLOADING or version.requests or version.model is None:
                return
            model, version.model, version.state = version.model, None, VersionState.END
        model.close()

    def _complain(self, model: ServedModel, text: str) -> None:
        """Log a lasting trouble once, not at every look."""
        if self._last_complaint.get(model.name) != text:
            self._last_complaint[model.name] = text
            logger.warning("%s: %s", model.name, text)


def _is_version(path: Path) -> bool:
    name = path.name
    return name.isascii() and name.isdecimal() and int(name) < 2**63 and path.is_dir()


def _is_worth_a_try(version: _Version) -> bool:
    """Whether a version that is not loaded may load now: it was let go, or its files have changed."""
    return version.error is None or _fingerprint(version.folder) != version.failed_files


def _fingerprint(folder: Path) -> _Fingerprint:
    files = []
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(OSError):  # it may be gone again: somebody is at work here
            stat = path.stat()
            files.append((str(path.relative_to(folder)), stat.st_size, stat.st_mtime_ns))
    return tuple(files)
