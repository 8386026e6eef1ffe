"""The web page of a classifier of photos: photos in, names and heatmaps out.

`python -m dashboard` starts it. It reaches the model server through its REST API, and the photos and published versions
through their files; it imports nothing from the rest of the project.

The exported names are imported at their first use, so that `dashboard.model_server.client` can be used without Dash.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.app import create_app
    from dashboard.settings import Settings, SettingsError, load_settings

__all__ = ["Settings", "SettingsError", "create_app", "load_settings"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("dashboard.app" if name == "create_app" else "dashboard.settings"), name)
