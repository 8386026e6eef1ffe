"""The addresses that the pages' scripts ask, beside those of Dash itself.

Whatever cannot be done is answered with a 4xx or 5xx and `{"error": "a sentence for people"}`.
"""

from flask import Flask

from dashboard.endpoints import data, dataset, errors, feedback, game, photos, status, unknown, versions
from dashboard.services import Services


def register(server: Flask, services: Services) -> None:
    """Adds all of them."""
    for kind in (photos, feedback, dataset, data, game, status, versions, unknown):
        routes = kind.blueprint(services)
        errors.answer_in_sentences(routes)
        server.register_blueprint(routes)
