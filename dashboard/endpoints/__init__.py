"""The addresses that the pages' scripts call, besides those of Dash itself.

Every error is answered with a 4xx or 5xx status and `{"error": "a sentence for people"}`.
"""

from flask import Flask

from dashboard.endpoints import (
    data,
    dataset,
    errors,
    feedback,
    game,
    photos,
    runs,
    status,
    unknown,
    versions,
    web_manifest,
)
from dashboard.services import Services


def register(server: Flask, services: Services) -> None:
    """Adds all addresses to the server."""
    for module in (photos, feedback, dataset, data, game, runs, status, versions, web_manifest, unknown):
        routes = module.blueprint(services)
        errors.answer_in_sentences(routes, services)
        server.register_blueprint(routes)
