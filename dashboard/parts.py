"""What the pages and their addresses work with, put together once."""

from dataclasses import dataclass

from dashboard.database import Database
from dashboard.dataset import DatasetFile
from dashboard.model_client import ModelClient
from dashboard.model_watch import ModelWatch
from dashboard.photo_store import PhotoStore
from dashboard.settings import Settings
from dashboard.versions import VersionsFolder


@dataclass(frozen=True)
class Parts:
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
