"""Assembles the dashboard: services, addresses and pages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dash
from flask import Flask

from dashboard import endpoints
from dashboard.components import live_view, shell
from dashboard.database import open_database
from dashboard.housekeeping import Housekeeping
from dashboard.model_server.client import ModelClient, Timeout
from dashboard.model_server.server_note import ServerNoteFile
from dashboard.model_server.status import ModelWatch
from dashboard.pages import classify, data, model, not_found, play, waiting
from dashboard.photos.dataset import DatasetFile
from dashboard.photos.store import PhotoStore
from dashboard.reports.runs import RunsFolder
from dashboard.reports.versions import VersionsFolder
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.subject import Subject
from dashboard.web import headers, request_id, visitors

ASSETS = Path(__file__).parent / "assets"
HOUSEKEEPING = "housekeeping"

# Plotly and the grid are large: brotli makes them a tenth smaller than zstd does, which flask-compress would prefer.
# At this level brotli takes an eighth of a second for plotly, and some milliseconds for the largest callback answer.
ALGORITHMS = ["br", "zstd", "gzip", "deflate"]
COMPRESSION = {
    "COMPRESS_ALGORITHM": ALGORITHMS,
    "COMPRESS_ALGORITHM_STREAMING": ALGORITHMS,
    "COMPRESS_BR_LEVEL": 5,
}


class _Dash(dash.Dash):  # type: ignore[misc]  # Dash has no types
    """An app whose title and icon follow the subject of the photos, which may change while it runs."""

    def __init__(self, subject: Callable[[], Subject], **options: Any):
        self._subject = subject
        super().__init__("dashboard", **options)

    def interpolate_index(self, **parts: Any) -> str:
        """Returns the document around the pages."""
        subject = self._subject()
        own = {"title": subject.title, "favicon": shell.icon_link(subject)}
        return str(super().interpolate_index(**parts | own))


def create_app(settings: Settings) -> dash.Dash:
    """Builds the dashboard.

    Args:
        settings: See `dashboard.settings`.

    Returns:
        The Dash app. Its `server` is the WSGI application to run. In each process that runs it, call
        `server.extensions[HOUSEKEEPING].begin()` once, so that old photos and games are deleted even if nobody visits.

    Raises:
        SettingsError: The database cannot be used.
    """
    server = Flask("dashboard")
    server.config.update(COMPRESSION)  # before Dash reads it
    timeout = Timeout(connect=settings.connect_timeout, read=settings.read_timeout)
    client = ModelClient(settings.model_server_url, settings.model_name, timeout, settings.model_label)
    versions = VersionsFolder(settings.model_folder)
    services = Services(
        settings=settings,
        client=client,
        watch=ModelWatch(client),
        photos=PhotoStore(
            settings.photo_folder, settings.photo_minutes * 60, settings.photo_count, settings.photo_store_mb * 1e6
        ),
        dataset=DatasetFile(lambda: settings.manifest_file),
        versions=versions,
        runs=RunsFolder(settings.runs_dir, settings.demo_folder),
        database=open_database(settings.database_url),
        server_note=ServerNoteFile(settings.server_note) if settings.server_note else None,
        began_without_model=not versions.all(),
    )
    app = _Dash(
        services.subject,
        server=server,
        assets_folder=str(ASSETS),
        assets_path_ignore=["^scripts$"],  # `assets/load.js` loads these modules, and says why
        use_pages=True,
        pages_folder="",  # pages are registered below, so that they can get the services
        compress=True,
        health_endpoint="healthz",
        index_string=shell.index(path.relative_to(ASSETS).as_posix() for path in sorted(ASSETS.rglob("*.mjs"))),
        update_title="",
    )
    app.server.before_request(request_id.begin)
    app.server.teardown_request(request_id.end)
    visitors.register(app.server)
    endpoints.register(app.server, services)

    live_view.register(app)
    for page in (classify, play, model, data):
        page.register(app, services)
    not_found.register(app)
    shell.register(app)
    app.layout = lambda: shell.layout(services.subject(), services.demo_classes())
    make_ready(app)
    headers.register(app)
    server.extensions[HOUSEKEEPING] = Housekeeping(services.photos, services.database)
    return app


def make_ready(app: dash.Dash) -> None:
    """Sends the app a first request, because Dash completes its set-up only then.

    If two visitors sent the first requests at the same time, one request could fail.
    """
    app.server.test_client().get("/_dash-dependencies")
    app.server.extensions[waiting.SET_UP] = True
