"""What stands in for a page that needs a model while the first one is being made: how it is made."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from dash import html
from flask import current_app, has_app_context

from dashboard.components.live_view import live_view
from dashboard.services import Services
from dashboard.subject import Subject

SET_UP = "set up"
"""Name of the extension of a Flask app that is set up."""


def or_waiting(services: Services, layout: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the layout of a page that needs a model: while there is none, but one is being made, how it is made.

    While the app is set up it is always the page itself, because Dash then notes the ids of all callbacks.
    """

    @wraps(layout)
    def either(**query: Any) -> Any:
        is_set_up = not has_app_context() or SET_UP in current_app.extensions
        return waiting(services.subject()) if is_set_up and services.is_waiting_for_a_model() else layout(**query)

    return either


def waiting(subject: Subject) -> html.Main:
    """Returns the page. Its script opens the real page once there is a model.

    Args:
        subject: What the photos show.
    """
    return html.Main(
        [
            html.Div(
                [
                    html.H1("Your first model in the making"),
                    html.P(
                        f"A net learns to tell {subject.many} apart. Watch it: the real page opens here by itself once "
                        "the model answers.",
                        className="dimmed",
                    ),
                ],
                className="page-head",
            ),
            live_view(),
        ],
        id="waiting",
        className="page waiting-page",
    )
