"""The versions of each model: loaded, swapped without losing a request, and their states."""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from car_classifier.serving.errors import Code, ServingError, invalid_argument, not_found
from car_classifier.serving.models.folder_watcher import FolderWatcher
from car_classifier.serving.models.version import Version, VersionState, VersionStatus, fingerprint
from car_classifier.serving.settings import ServedModel

if TYPE_CHECKING:
    from car_classifier.serving.metrics.registry import Metrics
    from car_classifier.serving.models.saved_model import SavedModel

__all__ = ["ModelRepository", "VersionState", "VersionStatus"]

logger = logging.getLogger(__name__)


class ModelRepository:
    """Keeps the versions of some models loaded while their folders change.

    A new version is loaded and warmed up beside the old one, then takes over; the old version is unloaded after its
    last request. A version that cannot be loaded is reported, and tried again once its files have changed; until then
    the version before it stays.

    Args:
        models: the models to serve. Their version labels are not checked; those that `reload` brings are.
        poll_seconds: seconds between two looks at the folders.
        allow_labels_for_unavailable: whether `reload` may give a new label to a version that is not loaded.
        metrics: records loads and warm-ups.
    """

    def __init__(
        self,
        models: tuple[ServedModel, ...],
        poll_seconds: float = 1.0,
        allow_labels_for_unavailable: bool = False,
        *,
        metrics: Metrics,
    ) -> None:
        self._models = {model.name: model for model in models}
        self._versions: dict[str, dict[int, Version]] = {model.name: {} for model in models}
        self._metrics = metrics
        self._allow_labels_for_unavailable = allow_labels_for_unavailable
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._watcher = FolderWatcher(self, poll_seconds)

    def start(self) -> None:
        """Look for versions, then load them and keep watching the folders in a thread."""
        self._watcher.start()

    def stop(self) -> None:
        """Stop watching and unload every version, after the requests that still run in it."""
        self._watcher.stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._watcher.join()
        self._unload(version for versions in self._versions.values() for version in versions.values())

    def reload(self, models: tuple[ServedModel, ...]) -> list[str]:
        """Serve these models from now on, as TensorFlow Serving's `ServerCore::ReloadConfig` does.

        Version labels change at once; versions are loaded and unloaded soon after.

        Args:
            models: all models to serve; others are unloaded.

        Returns:
            The names of the models that were not served before.

        Raises:
            ServingError: a label is given to a version that is not loaded; then nothing has changed.
        """
        with self._lock:
            for model in models:
                self._check_version_labels(model)
            new = [model.name for model in models if model.name not in self._models]
            self._models = {model.name: model for model in models}
            for name in new:
                self._versions.setdefault(name, {})
        self._watcher.wake()
        return new

    def wait_until_available(self, names: Iterable[str], seconds: float | None = None) -> None:
        """Return when each of these models has a loaded version.

        Args:
            names: the models.
            seconds: the longest wait; None waits for ever.

        Raises:
            ServingError: one of them cannot be loaded, or the time is up.
        """
        waiting = set(names)

        def settled() -> bool:
            # `wait_for` calls this under the lock.
            waiting.difference_update([name for name in waiting if self._loaded(name)])
            return all(self._failures(name) for name in waiting) or self._watcher.stopping.is_set()

        with self._changed:
            if not self._changed.wait_for(settled, seconds):
                raise ServingError(Code.DEADLINE_EXCEEDED, "The models did not become available in time.")
            failures = "".join(self._failures(name) for name in sorted(waiting))
        if waiting:
            message = f"{len(waiting)} model(s) did not become available: {{{failures}}}"
            raise ServingError(Code.UNKNOWN, message)

    def names(self) -> list[str]:
        """The names of the models to be served, whether or not a version of them is loaded."""
        with self._lock:
            return sorted(self._models)

    def served_name(self, name: str) -> str:
        """The name, or an empty string if no model to be served has it."""
        with self._lock:
            return name if name in self._models else ""

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
    def use(
        self, name: str, number: int | None = None, version_label: str | None = None
    ) -> Iterator[tuple[int, SavedModel]]:
        """A loaded version and its number, kept in memory for the duration of a `with` block.

        Args:
            name: the model.
            number: a version; by default the newest loaded one.
            version_label: a version by its label.

        Raises:
            ServingError: it is not loaded (HTTP 404), or the label is unknown (HTTP 400).
        """
        with self._lock:
            version = self._find(name, number, version_label)
            version.requests += 1
            model = version.model
        assert model is not None  # noqa: S101  AVAILABLE versions have one
        try:
            yield version.number, model
        finally:
            with self._lock:
                version.requests -= 1
                last = version.state is VersionState.UNLOADING and not version.requests
            if last:
                # Not here: unloading takes a while, and this may be the event loop's thread.
                threading.Thread(target=self._close_idle, args=(version,), name="unload").start()

    def _find(self, name: str, number: int | None, version_label: str | None) -> Version:
        loaded = self._loaded(name)
        if version_label is not None:
            number = self._models[name].version_labels.get(version_label) if name in self._models else None
            if number is None:
                raise invalid_argument(f"Unrecognized servable version label: {version_label}")
        if number is None:
            if not loaded:
                raise not_found(f"Servable not found for request: Latest({name})")
            return loaded[max(loaded)]
        if number not in loaded:
            raise not_found(f"Servable not found for request: Specific({name}, {number})")
        return loaded[number]

    def _loaded(self, name: str) -> dict[int, Version]:
        return {n: v for n, v in self._versions.get(name, {}).items() if v.state is VersionState.AVAILABLE}

    def _failures(self, name: str) -> str:
        """The errors of a model none of whose versions is available or can become so; empty otherwise."""
        versions = self._versions.get(name, {}).values()
        if any(version.state is not VersionState.END for version in versions):
            return ""
        failed = [version for version in versions if version.error]
        return "".join(f"{{name: {name} version: {v.number}}} due to error: {v.error}, " for v in failed)

    def _check_version_labels(self, model: ServedModel) -> None:
        """The rule of `ServerCore::UpdateModelVersionLabelMap`."""
        before = self._models[model.name].version_labels if model.name in self._models else {}
        loaded = self._loaded(model.name)
        for label, number in model.version_labels.items():
            in_use_elsewhere = before.get(label, number) != number
            if number not in loaded and (in_use_elsewhere or not self._allow_labels_for_unavailable):
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    f"Request to assign label to version {number} of model {model.name}, "
                    "which is not currently available for inference",
                )

    # --- For the watcher ---

    def models(self) -> list[ServedModel]:
        """The models to be served."""
        with self._lock:
            return list(self._models.values())

    def register(self, model: ServedModel, folders: Mapping[int, Path]) -> list[Version]:
        """The versions with these numbers and folders; those that are to be loaded are in state START."""
        with self._lock:
            versions = self._versions[model.name]
            for number, folder in folders.items():
                if number not in versions or versions[number].may_load_from(folder):
                    versions[number] = Version(model.name, number, folder)
            return [versions[number] for number in folders]

    def unload_others(self, model: ServedModel, numbers: set[int]) -> None:
        """Unload a model's versions that are not among these, unless none of these can answer in their place."""
        with self._lock:
            settings_changed = self._models.get(model.name) != model
            loaded = self._loaded(model.name)
        if numbers & loaded.keys() and not settings_changed:
            self._unload(version for number, version in loaded.items() if number not in numbers)

    def unload_removed_models(self) -> None:
        """Unload all versions of the models that are no longer to be served."""
        with self._lock:
            removed = [
                version for name in self._versions.keys() - self._models for version in self._loaded(name).values()
            ]
        self._unload(removed)

    def load(self, version: Version) -> None:
        """Load and warm up a version; a failure becomes its state."""
        from car_classifier.serving.models.loading import load

        with self._lock:
            version.state = VersionState.LOADING
        files = fingerprint(version.folder)
        begin = time.perf_counter()
        model, failure, warmed = None, None, 0
        try:
            model, warmed = load(version, self._watcher.stopping.is_set, self._metrics)
        except ServingError as error:
            failure = error
        seconds = time.perf_counter() - begin
        with self._changed:
            version.model, version.error, version.failed_files = model, failure, files
            version.state = VersionState.END if failure else VersionState.AVAILABLE
            self._changed.notify_all()
        # Logged only now: who reads that a version is loaded may send it a request at once.
        name, number = version.model_name, version.number
        if failure:
            logger.error("%s: version %d failed to load: %s", name, number, failure.message)
        else:
            logger.info("%s: version %d loaded in %.1f s (%d warm-up requests)", name, number, seconds, warmed)

    def _unload(self, versions: Iterable[Version]) -> None:
        versions = list(versions)
        with self._lock:
            unloading = [version for version in versions if version.state is VersionState.AVAILABLE]
            for version in unloading:
                version.state = VersionState.UNLOADING
        self._close_idle(*unloading)

    def _close_idle(self, *versions: Version) -> None:
        """Close those of these versions that are to be unloaded and run no request."""
        closed = []
        for version in versions:
            with self._lock:
                if version.state is not VersionState.UNLOADING or version.requests or version.model is None:
                    continue
                model, version.model = version.model, None
            model.close()
            del model
            closed.append(version)
        if closed and not self._watcher.stopping.is_set():
            # TensorFlow's graphs are in reference cycles: without a collection, their memory is freed much later.
            # When the server stops, the collection would only delay its end.
            gc.collect()
        for version in closed:
            with self._lock:
                version.state = VersionState.END
            logger.info("%s: version %d unloaded", version.model_name, version.number)
