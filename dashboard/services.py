"""The services that pages and endpoints share."""

from dataclasses import dataclass

from dashboard.database import Database
from dashboard.model_server.client import ModelClient
from dashboard.model_server.errors import ModelServerError
from dashboard.model_server.server_note import ServerNoteFile
from dashboard.model_server.status import ModelWatch
from dashboard.photos.dataset import DatasetFile
from dashboard.photos.store import PhotoStore
from dashboard.reports.runs import RunsFolder
from dashboard.reports.versions import Version, VersionsFolder
from dashboard.settings import Settings
from dashboard.subject import CAR, Subject

PATIENCE = 1.0
"""Seconds for the model server to say that it has a model after all."""


@dataclass(frozen=True)
class Services:
    """The services, created once for each application.

    Attributes:
        settings: The dashboard's settings.
        client: Client of the model server.
        watch: Cached status of the model server.
        photos: Photos that visitors sent, kept for a while.
        dataset: The photos that the manifest lists.
        versions: The published versions of the model.
        runs: The training runs.
        database: Feedback, games and scores.
        server_note: What `car-classifier up` notes about the model server; None if nobody looks after it.
        began_without_model: Whether no version was there when the dashboard began.
    """

    settings: Settings
    client: ModelClient
    watch: ModelWatch
    photos: PhotoStore
    dataset: DatasetFile
    versions: VersionsFolder
    runs: RunsFolder
    database: Database
    server_note: ServerNoteFile | None = None
    began_without_model: bool = False

    def is_waiting_for_a_model(self) -> bool:
        """Returns whether there is no model yet, and something to watch meanwhile: it, or another one, is being made.

        The first version that is published while the demo model is being made counts once the model server has it.
        """
        preparation = self.runs.preparation()
        is_being_made = preparation is not None and preparation.state_now() == "running"
        is_first = self.began_without_model and is_being_made and not self.watch.has_been_ready
        if not is_first and (self.versions.all() or not (preparation or self.runs.all())):
            return False
        try:
            return not self.watch.status(PATIENCE).ready
        except ModelServerError:
            return True

    def why_restarting(self) -> str:
        """Returns a sentence on a model server that ended and is being started again; empty for any other."""
        note = self.server_note.read() if self.server_note is not None else None
        if note is None or not note.reason:
            return ""
        return f"The model server {note.reason}. It is being started again; until then nothing can be asked of it."

    def subject(self) -> Subject:
        """Returns what the photos show that the answering version knows, without asking the model server.

        The newest version stands in while the answering one is unknown, and the data set for a version without labels.
        The demo model will know cars.
        """
        version = self._version()
        if version and version.labels:
            return version.subject
        if not self.dataset.read().photos and self.runs.preparation():  # it begins with drawing cars
            return CAR
        return self.dataset.subject()

    def demo_classes(self) -> int:
        """Returns the number of invented cars that the served model knows, or 0 if it is not the demo."""
        version = self._version()
        return len(version.labels) if version and version.is_demo else 0

    def _version(self) -> Version | None:
        """The answering version; the newest one while that is unknown."""
        answering = self.versions.find(self.watch.last_version)
        return answering or next(iter(self.versions.all()), None)
