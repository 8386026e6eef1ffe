"""Keeps a repository's loaded versions in line with the models' folders, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from car_classifier.serving.models.version import Version, VersionState, find_versions
from car_classifier.serving.settings import ServedModel

if TYPE_CHECKING:
    from car_classifier.serving.models.repository import ModelRepository

logger = logging.getLogger(__name__)


class FolderWatcher:
    """Loads versions that appear in the models' folders, and unloads those that are no longer to be served.

    Args:
        repository: what to load into.
        poll_seconds: seconds between two looks at the folders.
    """

    def __init__(self, repository: ModelRepository, poll_seconds: float) -> None:
        self.stopping = threading.Event()
        self._repository = repository
        self._poll_seconds = poll_seconds
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model-repository", daemon=True)
        self._last_warning: dict[str, str] = {}

    def start(self) -> None:
        """Look for versions, so that their states are known at once, then load them in the thread."""
        for model in self._repository.models():
            self._discover(model)
        self._thread.start()

    def wake(self) -> None:
        """Look at the folders now."""
        self._wake.set()

    def join(self) -> None:
        """Wait for the end of the thread, once `stopping` is set."""
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self.stopping.is_set():
            self._wake.clear()
            for model in self._repository.models():
                try:
                    self._update(model)
                except Exception:
                    logger.exception("%s: looking for versions failed; trying again", model.name)
            self._repository.unload_removed_models()
            self._wake.wait(self._poll_seconds)

    def _update(self, model: ServedModel) -> None:
        """Bring one model's loaded versions in line with its folder."""
        versions = self._discover(model)
        for version in versions:
            if self.stopping.is_set():
                return
            if version.state is VersionState.START:
                self._repository.load(version)
        self._repository.unload_others(model, {version.number for version in versions})

    def _discover(self, model: ServedModel) -> list[Version]:
        """The versions to be served; those that are still, or again, to be loaded are in state START."""
        try:
            folders = find_versions(model.base_path)
        except OSError as error:
            self._warn_once(model, f"the folder {model.base_path} cannot be read ({error.strerror}); waiting")
            return []
        numbers = model.select_versions(folders)
        if not numbers:
            # Loaded versions stay: an empty folder is more often an accident than intended.
            self._warn_once(model, f"no version in {model.base_path} yet; it is loaded as soon as it appears")
            return []
        self._last_warning.pop(model.name, None)
        return self._repository.register(model, {number: folders[number] for number in numbers})

    def _warn_once(self, model: ServedModel, text: str) -> None:
        """Log a lasting problem once, not at every look."""
        if self._last_warning.get(model.name) != text:
            self._last_warning[model.name] = text
            logger.warning("%s: %s", model.name, text)
