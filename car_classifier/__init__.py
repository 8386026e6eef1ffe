"""Train a classifier of photos, export it as a self-explaining SavedModel, and serve it."""

__version__ = "0.1.0"
