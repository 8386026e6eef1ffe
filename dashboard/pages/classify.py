"""The first page: a photo in, the five most likely cars out, and what in the photo says so.

The scripts in `assets/` send the photo and get one answer; from then on everything the page shows is
worked out in the browser, from what the store `view` holds:

    phase     empty, sending, asking, answered or unanswered
    photo     what `POST /photos` returned
    answer    what `POST /photos/ID/answer` returned
    problem   a sentence, if something went wrong
"""

from collections.abc import Sequence

import dash
from dash import ALL, ClientsideFunction, Input, Output, dcc, html

from dashboard.components.gallery import gallery
from dashboard.components.ranking import ranking
from dashboard.components.stage import stage
from dashboard.samples import Sample
from dashboard.settings import Settings


def register(app: dash.Dash, settings: Settings, samples: Sequence[Sample]) -> None:
    """Adds the page to the app."""
    dash.register_page(
        "classify",
        path="/",
        name="Classify",
        title="Car classification",
        description="Which car is this, and which parts of the photo say so?",
        layout=layout(settings, samples),
    )
    app.clientside_callback(
        ClientsideFunction("classify", "choose_first"),
        Output("choice", "value"),
        Input("view", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("classify", "show_view"),
        Output("classify", "data-phase"),
        Output("problem", "data-shown"),
        Output("problem-text", "children"),
        Output("photo", "src"),
        Output("photo", "alt"),
        Output("photo-frame", "style"),
        Output("progress-text", "children"),
        Output("make", "children"),
        Output("truth", "children"),
        Output("model-line", "children"),
        Output({"part": "name", "rank": ALL}, "children"),
        Output({"part": "percent", "rank": ALL}, "children"),
        Output({"part": "bar", "rank": ALL}, "style"),
        Output({"part": "row", "rank": ALL}, "disabled"),
        Output({"part": "row", "rank": ALL}, "style"),
        Input("view", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("classify", "show_evidence"),
        Output("evidence-before", "children"),
        Output("evidence-name", "children"),
        Output("evidence-after", "children"),
        Output("heatmap", "aria-label"),
        Input("choice", "value"),
        Input("view", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("classify", "show_opacity"),
        Output("heatmap", "style"),
        Input("opacity", "value"),
        Input("heatmap-on", "checked"),
    )


def layout(settings: Settings, samples: Sequence[Sample]) -> html.Main:
    """The page's fixed skeleton; callbacks write texts, sizes and addresses into it, never parts."""
    return html.Main(
        [
            dcc.Store(id="view", storage_type="memory"),
            html.Div(
                [
                    html.H1("Which car is this?"),
                    html.P(
                        "The five most likely answers, and the parts of the photo that speak for each."
                        + (" Pick a car or drop your own photo." if samples else " Drop your own photo."),
                        className="dimmed",
                    ),
                ],
                className="page-head",
            ),
            html.Div(
                [
                    html.P("", id="problem-text"),
                    html.Button("Try again", type="button", id="try-again", className="link-button"),
                    html.Button("Close", type="button", id="close-problem", className="link-button"),
                ],
                id="problem",
                className="problem",
                role="alert",
                **{"data-shown": "no"},
            ),
            html.Div([stage(), ranking()], className="columns"),
            gallery(samples, settings.manifest),
        ],
        id="classify",
        className="page",
        **{"data-phase": "empty", "data-max-upload-mb": f"{settings.max_upload_mb:g}"},
    )
