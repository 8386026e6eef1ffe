"""The versions of each model: found on disk, loaded, swapped without losing a request, reported."""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from car_classifier.serving.errors import Code, ServingError, invalid_argument, not_found
from car_classifier.serving.models.version import Version, VersionState, VersionStatus, find_versions, fingerprint
from car_classifier.serving.settings import ServedModel

if TYPE_CHECKING:
    from car_classifier.serving.metrics.registry import Metrics
    from car_classifier.serving.models.saved_model import SavedModel

__all__ = ["ModelRepository", "VersionState", "VersionStatus"]

logger = logging.getLogger(__name__)


class ModelRepository:
    """Keeps the wanted versions of some models loaded while their folders change.

    A new version is loaded and warmed up beside the old one, then takes over; the old one is let go when
    its last request has ended. A version that cannot be loaded is reported and tried again once its files
    have changed, and whatever was served before it stays.

    Args:
        models: what to serve. Their labels are taken as they are; those that `reload` brings are checked.
        poll_seconds: seconds between two looks at the folders.
        allow_labels_for_unavailable: whether `reload` may give a new label to a version that is not loaded.
        metrics: what loads and warm-ups are recorded in.
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
        self._poll_seconds = poll_seconds
        self._metrics = metrics
        self._allow_labels_for_unavailable = allow_labels_for_unavailable
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._stopping = threading.Event()
        self._wake = threading.Event()
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
        self._wake.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        for versions in self._versions.values():
            self._unload(versions.values())

    def reload(self, models: tuple[ServedModel, ...]) -> list[str]:
        """Serve these models from now on, as TensorFlow Serving's `ServerCore::ReloadConfig` does.

        Labels change at once; what is to be loaded or let go follows.

        Args:
            models: all models to serve; those not among them are let go.

        Returns:
            The names of the models that were not served before.

        Raises:
            ServingError: a label is given to a version that is not loaded; nothing has changed then.
        """
        with self._lock:
            for model in models:
                self._check_labels(model)
            new = [model.name for model in models if model.name not in self._models]
            self._models = {model.name: model for model in models}
            for name in new:
                self._versions.setdefault(name, {})
        self._wake.set()
        return new

    def wait_until_available(self, names: Iterable[str], seconds: float | None = None) -> None:
        """Return when each of these models has a loaded version.

        Args:
            names: the models.
            seconds: how long to wait at most; None waits for ever.

        Raises:
            ServingError: one of them cannot be loaded, or there was not enough time.
        """
        waiting = set(names)

        def settled() -> bool:
            # Every condition is looked at under the lock.
            waiting.difference_update([name for name in waiting if self._loaded(name)])
            return all(self._failures(name) for name in waiting) or self._stopping.is_set()

        with self._changed:
            if not self._changed.wait_for(settled, seconds):
                raise ServingError(Code.DEADLINE_EXCEEDED, "The models did not become available in time.")
            failures = "".join(self._failures(name) for name in sorted(waiting))
        if waiting:
            message = f"{len(waiting)} model(s) did not become available: {{{failures}}}"
            raise ServingError(Code.UNKNOWN, message)

    def names(self) -> list[str]:
        """The models to be served now, whether or not a version of them is loaded."""
        with self._lock:
            return sorted(self._models)

    def served_name(self, name: str) -> str:
        """The name, or an empty one if no model to be served has it."""
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
                last = version.state is VersionState.UNLOADING and not version.requests
            if last:
                # Not here: it takes a while, and this may be the thread that answers everybody.
                threading.Thread(target=self._close_if_idle, args=(version,), name="unload").start()

    def _find(self, name: str, number: int | None, label: str | None) -> Version:
        loaded = self._loaded(name)
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

    def _loaded(self, name: str) -> dict[int, Version]:
        return {n: v for n, v in self._versions.get(name, {}).items() if v.state is VersionState.AVAILABLE}

    def _failures(self, name: str) -> str:
        """The errors of a model that will not become available as things are; empty while it may."""
        versions = self._versions.get(name, {}).values()
        if any(version.state is not VersionState.END for version in versions):
            return ""
        failed = [version for version in versions if version.error]
        return "".join(f"{{name: {name} version: {v.number}}} due to error: {v.error}, " for v in failed)

    def _check_labels(self, model: ServedModel) -> None:
        """The rule of `ServerCore::UpdateModelVersionLabelMap`."""
        before = self._models[model.name].labels if model.name in self._models else {}
        loaded = self._loaded(model.name)
        for label, number in model.labels.items():
            in_use_elsewhere = before.get(label, number) != number
            if number not in loaded and (in_use_elsewhere or not self._allow_labels_for_unavailable):
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    f"Request to assign label to version {number} of model {model.name}, "
                    "which is not currently available for inference",
                )

    def _watch(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            for model in list(self._models.values()):
                try:
                    self._update(model)
                except Exception:
                    logger.exception("%s: looking for versions failed; trying again", model.name)
            self._let_go_of_removed_models()
            self._wake.wait(self._poll_seconds)

    def _update(self, model: ServedModel) -> None:
        """Bring one model's loaded versions in line with its folder."""
        wanted = self._discover(model)
        for version in wanted:
            if self._stopping.is_set():
                return
            if version.state is VersionState.START:
                self._load(version)
        # Nothing is let go before something that is wanted can answer in its place.
        with self._lock:
            settings_changed = self._models.get(model.name) != model
            loaded = self._loaded(model.name)
        numbers = {version.number for version in wanted}
        if numbers & loaded.keys() and not settings_changed:
            self._unload(version for number, version in loaded.items() if number not in numbers)

    def _let_go_of_removed_models(self) -> None:
        with self._lock:
            removed = [
                version for name in self._versions.keys() - self._models for version in self._loaded(name).values()
            ]
        self._unload(removed)

    def _discover(self, model: ServedModel) -> list[Version]:
        """The versions that should be loaded; those that shall be (again) are in state START."""
        try:
            folders = find_versions(model.base_path)
        except OSError as error:
            self._complain(model, f"the folder {model.base_path} cannot be read ({error.strerror}); waiting")
            return []
        wanted = model.wanted(folders)
        if not wanted:
            # What is loaded stays: an empty folder is more often an accident than a wish.
            self._complain(model, f"no version in {model.base_path} yet; it is loaded as soon as it appears")
            return []
        self._last_complaint.pop(model.name, None)
        versions = self._versions[model.name]
        with self._lock:
            for number in wanted:
                if number not in versions or versions[number].may_load_from(folders[number]):
                    versions[number] = Version(model.name, number, folders[number])
        return [versions[number] for number in wanted]

    def _load(self, version: Version) -> None:
        from car_classifier.serving.models.loading import load

        with self._lock:
            version.state = VersionState.LOADING
        files = fingerprint(version.folder)
        model, failure = None, None
        try:
            model = load(version, self._stopping.is_set, self._metrics)
        except ServingError as error:
            failure = error
        with self._changed:
            version.model, version.error, version.failed_files = model, failure, files
            version.state = VersionState.END if failure else VersionState.AVAILABLE
            self._changed.notify_all()

    def _unload(self, versions: Iterable[Version]) -> None:
        for version in list(versions):
            with self._lock:
                if version.state is not VersionState.AVAILABLE:
                    continue
                version.state = VersionState.UNLOADING
            self._close_if_idle(version)

    def _close_if_idle(self, version: Version) -> None:
        with self._lock:
            if version.state is not VersionState.UNLOADING or version.requests or version.model is None:
                return
            model, version.model = version.model, None
        model.close()
        del model
        # TensorFlow's graphs hold themselves in cycles: without this, a model's memory stays until much later.
        gc.collect()
        with self._lock:
            version.state = VersionState.END
        logger.info("%s: version %d unloaded", version.model_name, version.number)

    def _complain(self, model: ServedModel, text: str) -> None:
        """Log a lasting trouble once, not at every look."""
        if self._last_complaint.get(model.name) != text:
            self._last_complaint[model.name] = text
            logger.warning("%s: %s", model.name, text)
