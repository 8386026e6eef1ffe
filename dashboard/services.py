"""What the pages and their addresses work with, put together once."""

from dataclasses import dataclass

from dashboard.database import Database
from dashboard.model_server.client import ModelClient
from dashboard.model_server.status import ModelWatch
from dashboard.photos.dataset import DatasetFile
from dashboard.photos.store import PhotoStore
from dashboard.reports.versions import VersionsFolder
from dashboard.settings import Settings


@dataclass(frozen=True)
class Services:
    """The parts that do the work.

    Attributes:
        settings: What the dashboard was told.
        client: Asks the model server.
        watch: Knows how the model server is.
        photos: The photos that visitors sent, for a while.
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
