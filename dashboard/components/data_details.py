"""The dialog with one large photo of the data set, its columns of the manifest, and the model's answer."""

import dash_mantine_components as dmc
from dash import html

from dashboard.components.photo_wall import photo_wall


def details() -> html.Dialog:
    """Returns the dialog, empty until a visitor opens a photo; the script fills the lists, which Dash leaves alone."""
    return html.Dialog(
        [
            html.Div(
                [
                    html.H2("", id="data-name", className="data-name"),
                    html.Button("Close", type="button", className="data-close button"),
                ],
                className="data-details-head",
            ),
            _suspicion(),
            html.Div(
                [
                    html.Div(
                        [html.Img(id="data-photo", alt=""), html.Canvas(id="data-map", width=1, height=1)],
                        className="data-frame",
                    ),
                    html.Div([_answer(), html.Dl(id="data-columns", className="data-columns")]),
                ],
                className="data-details-columns columns",
            ),
            html.Section(
                [html.H3("Near-duplicates"), photo_wall("data-duplicates", 6)],
                id="data-duplicates-section",
                **{"aria-label": "Near-duplicates"},
            ),
            html.Section(
                [
                    html.H3("Similar photos"),
                    html.P("", id="data-similar-text", className="dimmed"),
                    html.Code("", id="data-similar-command"),
                    photo_wall("data-similar", 12),
                ],
                **{"aria-label": "Similar photos"},
            ),
        ],
        id="data-details",
        className="data-details card",
        **{"aria-labelledby": "data-name"},
    )


def _suspicion() -> html.Div:
    """Shows the label beside the class that the model is sure of, if the two differ."""
    return html.Div(
        [
            html.Div(
                [
                    html.Div(
                        [html.Span(title), html.Strong("", id=f"data-{who}"), html.Span("", id=f"data-{who}-text")]
                    )
                    for who, title in (("labelled", "The label says"), ("answered", "The model says"))
                ],
                className="data-sides",
            ),
            html.P("A suspect, not an error: only a look can tell which of the two is right.", className="dimmed"),
        ],
        id="data-suspicion",
        className="data-suspicion",
        hidden=True,
    )


def _answer() -> html.Div:
    """Shows the model's answer for the photo on request: a list of classes, each with its heatmap."""
    return html.Div(
        [
            html.Div(
                [
                    dmc.Button("Ask the model", id="data-ask", size="xs"),
                    html.A("Open in Classify", id="data-classify", href="/", className="button button-small"),
                ],
                className="data-actions actions",
            ),
            html.P("", id="data-answer-text", className="data-answer-text", role="status"),
            html.Ul(id="data-answer", className="data-answer"),
        ],
        className="data-answers",
    )
