"""What stands in for a page that needs a model while the first one is being made: how it is made."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from dash import html

from dashboard.components.live_view import live_view
from dashboard.services import Services
from dashboard.subject import Subject


def or_waiting(services: Services, layout: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the layout of a page that needs a model: while there is none, but one is being made, how it is made."""

    @wraps(layout)
    def either(**query: Any) -> Any:
        return waiting(services.subject()) if services.is_waiting_for_a_model() else layout(**query)

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
                    html.H1("Your first model is being made"),
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
