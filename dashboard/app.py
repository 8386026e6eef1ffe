"""Puts the dashboard together: the parts that do the work, the addresses, the pages."""

from pathlib import Path

import dash

from dashboard import endpoints
from dashboard.components import shell
from dashboard.model_client import ModelClient, Timeout
from dashboard.pages import classify
from dashboard.photo_store import PhotoStore
from dashboard.samples import choose_samples
from dashboard.settings import Settings

TITLE = "Car classification"
DESCRIPTION = "Which car is this, and which parts of the photo say so?"


def create_app(settings: Settings) -> dash.Dash:
    """Builds the dashboard.

    Args:
        settings: What it is told; see `dashboard.settings`.

    Returns:
        The Dash app. Its `server` is the WSGI application to run.
    """
    app = dash.Dash(
        "dashboard",
        assets_folder=str(Path(__file__).parent / "assets"),
        use_pages=True,
        pages_folder="",  # pages are registered below, so that they can be given what they need
        compress=True,
        health_endpoint="healthz",
        index_string=shell.INDEX,
        title=TITLE,
        description=DESCRIPTION,
        update_title="",
    )
    samples = choose_samples(settings.manifest, settings.gallery_size)
    client = ModelClient(
        settings.model_server_url,
        settings.model_name,
        Timeout(connect=settings.connect_timeout, read=settings.read_timeout),
    )
    store = PhotoStore(settings.photo_folder, settings.photo_minutes * 60, settings.photo_count)
    app.server.register_blueprint(endpoints.blueprint(settings, client, store, samples))

    classify.register(app, settings, samples)
    shell.register(app)
    app.layout = shell.layout()
    return app
