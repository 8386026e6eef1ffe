"""The services that pages and endpoints share."""

from dataclasses import dataclass

from dashboard.database import Database
from dashboard.model_server.client import ModelClient
from dashboard.model_server.status import ModelWatch
from dashboard.photos.dataset import DatasetFile
from dashboard.photos.store import PhotoStore
from dashboard.reports.versions import Version, VersionsFolder
from dashboard.settings import Settings
from dashboard.subject import Subject


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
        database: Feedback, games and scores.
    """

    settings: Settings
    client: ModelClient
    watch: ModelWatch
    photos: PhotoStore
    dataset: DatasetFile
    versions: VersionsFolder
    database: Database

    def subject(self) -> Subject:
        """Returns what the photos show that the answering version knows, without asking the model server.

        The newest version stands in while the answering one is unknown, and the data set for a version without labels.
        """
        version = self._version()
        return version.subject if version and version.labels else self.dataset.subject()

    def demo_classes(self) -> int:
        """Returns the number of invented cars that the served model knows, or 0 if it is not the demo."""
        version = self._version()
        return len(version.labels) if version and version.is_demo else 0

    def _version(self) -> Version | None:
        """The answering version; the newest one while that is unknown."""
        answering = self.versions.find(self.watch.last_version)
        return answering or next(iter(self.versions.all()), None)
