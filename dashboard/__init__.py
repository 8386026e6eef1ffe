"""The web page of the car classifier: photos in, names and heatmaps out.

It knows the model server by its REST API and the photos by their manifest, and nothing else of the
rest of the project. `python -m dashboard` starts it.
"""

from dashboard.app import create_app
from dashboard.settings import Settings, SettingsError, load_settings

__all__ = ["Settings", "SettingsError", "create_app", "load_settings"]
