"""The stage: where a photo is dropped and shown, with the heatmap over it."""

import dash_mantine_components as dmc
from dash import html

OPACITY_AT_START = 75


def stage() -> html.Section:
    """The photo's place, empty at first: an invitation that is also the button to choose a photo."""
    return html.Section(
        [
            html.Div([_invitation(), _photo(), _progress()], className="stage-area"),
            html.Div([_toolbar(), _caption()], className="stage-foot"),
        ],
        className="card stage",
        **{"aria-label": "Photo"},
    )


def _invitation() -> html.Button:
    return html.Button(
        [
            html.Span(className="icon icon-photo", **{"aria-hidden": "true"}),
            html.Span("Drop a photo of a car here", className="invitation-title"),
            html.Span("or click to choose one, or paste it from the clipboard", className="dimmed"),
        ],
        type="button",
        className="invitation browse",
    )


def _photo() -> html.Div:
    return html.Div(
        [
            html.Img(id="photo", alt="", draggable="false"),
            html.Canvas(id="heatmap", width=1, height=1, role="img"),
        ],
        id="photo-frame",
        className="photo-frame",
    )


def _progress() -> html.Div:
    return html.Div(
        [html.Span(className="spinner"), html.Span("", id="progress-text")],
        className="progress",
        role="status",
    )


def _toolbar() -> html.Div:
    return html.Div(
        [
            dmc.Switch(id="heatmap-on", label="Heatmap", checked=True, size="sm"),
            html.Div(
                [
                    html.Span("Opacity", className="dimmed", **{"aria-hidden": "true"}),
                    dmc.Slider(
                        id="opacity",
                        value=OPACITY_AT_START,
                        min=0,
                        max=100,
                        step=5,
                        size="sm",
                        updatemode="drag",
                        thumbLabel="Opacity of the heatmap, in percent",
                        className="opacity-slider",
                    ),
                ],
                className="opacity",
            ),
            dmc.Button("Another photo", className="browse", variant="default", size="xs"),
        ],
        className="toolbar",
    )


def _caption() -> html.Div:
    return html.Div(
        [
            html.P(
                [
                    html.Span("", id="evidence-before"),
                    html.Strong("", id="evidence-name"),
                    html.Span("", id="evidence-after"),
                ],
                className="evidence",
                **{"aria-live": "polite"},
            ),
            html.Div(
                [
                    html.Span("little"),
                    html.Canvas(id="legend", width=120, height=8, **{"aria-hidden": "true"}),
                    html.Span("much"),
                    html.Span("One scale for all five cars, so their colours can be compared."),
                ],
                className="legend dimmed",
            ),
        ],
        className="caption",
    )
