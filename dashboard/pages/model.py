"""The page of the model: figures, mistakes and explanations of a version, beside those of another one if chosen.

The page reads the files of the published versions, so it works without the model server; only the heatmaps need that.
The sections are in `dashboard.components`, each with the callbacks that fill it.
"""

from typing import Any

import dash
from dash import Input, Output, dcc, html

from dashboard.callbacks import callback
from dashboard.components import (
    model_choices,
    model_classes,
    model_confusions,
    model_explanations,
    model_graphs,
    model_headlines,
    model_photos,
    model_plots,
)
from dashboard.components.live_view import live_view
from dashboard.components.model_section import VERSION, presence, present, section
from dashboard.services import Services
from dashboard.web.markdown import embedded


def register(app: dash.Dash, services: Services) -> None:
    """Adds the page to the app."""
    dash.register_page(
        "model",
        path="/model",
        order=2,
        name="Model",
        title="Model",
        description="How good each version of the model is, where it errs and which parts of the photos mislead it.",
        layout=lambda version=None, compare=None, **_: layout(services, version, compare),
    )
    for part in (
        model_choices,
        model_headlines,
        model_plots,
        model_confusions,
        model_classes,
        model_photos,
        model_explanations,
    ):
        part.register(app, services)
    model_graphs.register(app, services, {"model-confusion": model_confusions.draw, **model_plots.DRAWINGS})

    @callback(
        app,
        output={**presence("card"), "text": Output("model-card-text", "children")},
        inputs=[Input(VERSION, "value")],
    )
    def card(number: str | None) -> dict[str, object]:
        version = services.versions.find(number)
        text = version.card if version else ""
        return {**present("card", version, text), "text": embedded(text)}


def layout(services: Services, version: str | None = None, other: str | None = None) -> html.Main:
    """Returns the page's skeleton.

    Args:
        services: The services; they know the published versions.
        version: The version to show; the newest if left out or missing.
        other: The version to compare it with, if any.
    """
    numbers = [option["value"] for option in model_choices.version_options(services)]
    chosen = version if version in numbers else next(iter(numbers), None)
    head = [html.H1("Model"), html.P("", id="model-live", className="dimmed", role="status")]
    missing = html.P(
        f"No published version was found in {services.settings.model_folder}. car-classifier train publishes one "
        "there; DASHBOARD_MODEL_FOLDER names another folder. Then load this page again.",
        className="model-missing",
        hidden=chosen is not None,
    )
    # Also without a version, the sections are in the layout: Dash needs the ids of all callbacks.
    sections = _sections(services, chosen, other if other in numbers and other != chosen else None)
    return html.Main(
        [
            html.Div(head, className="page-head"),
            _trainings(is_open=chosen is None or services.runs.is_anything_running()),
            missing,
            html.Div(sections, hidden=chosen is None),
        ],
        id="model-page",
        className="page",
    )


def _trainings(is_open: bool) -> html.Details:
    return html.Details(
        [html.Summary("Trainings: going on, stopped and ended"), live_view()],
        id="model-trainings",
        className="live-details",
        open=is_open,
    )


def _sections(services: Services, number: str | None, other: str | None) -> list[Any]:
    return [
        model_choices.choices(services, number, other),
        model_headlines.headlines(services, number, other),
        model_classes.classes(),
        model_confusions.confusions(),
        model_photos.chosen_photos(),
        model_photos.mistake_photos(services.subject()),
        model_plots.plots(),
        model_explanations.explanations(),
        section(
            "card",
            "Model card",
            "The description that is published with the model.",
            html.Details(
                [
                    html.Summary("Show the card"),
                    # Its tables may be wider than a phone: the tab stop lets keys scroll them, where no finger can.
                    html.Div(
                        dcc.Markdown("", id="model-card-text"),
                        className="model-card",
                        tabIndex=0,
                        role="group",
                        **{"aria-label": "Text of the card"},
                    ),
                ],
                className="model-details",
            ),
        ),
    ]
