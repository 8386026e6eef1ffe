"""The first page: photos in, the five most likely cars out, and what in the photo says so.

The scripts in `assets/` send the photos and get one answer for each; from then on everything the page shows is
worked out in the browser, from what the store `view` holds (`photo-session.js` makes it):

    phase     empty, sending, asking, answered or unanswered
    key       of the entry that is shown
    photo     what `POST /photos` or `POST /dataset/ID/photo` returned, with its `name` and `sample`, if it is one
    wishes    classes to choose and to compare with, `car` and `versus`, if a link asks for them or they were chosen
    answer    what `POST /photos/ID/answer` returned, and `extras`: other classes that were asked for
    asking    the label of a class that is being asked for
    problem   sentences, one a line, if something went wrong
"""

from collections.abc import Sequence

import dash
from dash import ALL, ClientsideFunction, Input, Output, State, dcc, html

from dashboard.components import feedback
from dashboard.components.camera import camera
from dashboard.components.gallery import gallery
from dashboard.components.photo_list import photo_list
from dashboard.components.ranking import ranking
from dashboard.components.request_card import request_card
from dashboard.components.stage import stage
from dashboard.photos.dataset import DatasetPhoto
from dashboard.photos.samples import choose_samples
from dashboard.services import Services
from dashboard.settings import Settings


def register(app: dash.Dash, services: Services) -> None:
    """Adds the page to the app."""
    dash.register_page(
        "classify",
        path="/",
        order=0,
        name="Classify",
        title="Car classification",
        description="Which car is this, and which parts of the photo say so?",
        layout=lambda **_: layout(
            services.settings, choose_samples(services.dataset.read(), services.settings.gallery_size)
        ),
    )

    feedback.register(app)

    def shows(function: str, *wiring: Output | Input | State, starts: bool = True) -> None:
        app.clientside_callback(ClientsideFunction("classify", function), *wiring, prevent_initial_call=not starts)

    shows(
        "open",
        Output("view", "data"),
        Output("palette", "value"),
        Input("classify", "id"),
        State("classify", "data-photo-minutes"),
    )
    shows(
        "choose_first",
        Output("choice", "value"),
        Output("versus", "value"),
        Output("ask-class", "value", allow_duplicate=True),
        Input("view", "data"),
        starts=False,
    )
    shows(
        "keep_choice",
        Output("versus", "value", allow_duplicate=True),
        Input("choice", "value"),
        Input("versus", "value"),
        State("view", "data"),
        starts=False,
    )
    shows(
        "list_classes",
        Output("ask-class", "data"),
        Output("versus", "data"),
        Input("view", "data"),
        Input("choice", "value"),
    )
    shows("ask_class", Output("ask-class", "value"), Input("ask-class", "value"), starts=False)
    shows("ask_versus", Output("versus", "error"), Input("versus", "value"), State("view", "data"), starts=False)
    shows(
        "show_view",
        Output("classify", "data-phase"),
        Output("problem", "data-shown"),
        Output("problem-text", "children"),
        Output("photo", "src"),
        Output("photo", "alt"),
        Output("photo-frame", "style"),
        Output("progress-text", "children"),
        Output("classify", "data-asking"),
        Output("make", "children"),
        Output("other-makes", "children"),
        Output("not-sure", "children"),
        Output("truth", "children"),
        Output("model-line", "children"),
        Output({"part": "name", "rank": ALL}, "children"),
        Output({"part": "percent", "rank": ALL}, "children"),
        Output({"part": "bar", "rank": ALL}, "style"),
        Output({"part": "row", "rank": ALL}, "disabled"),
        Output({"part": "row", "rank": ALL}, "style"),
        Input("view", "data"),
    )
    shows(
        "show_evidence",
        Output("evidence-text", "children"),
        Output("heatmap", "aria-label"),
        Output("legend-low", "children"),
        Output("legend-high", "children"),
        Output("legend-note", "children"),
        Output("palette", "disabled"),
        Input("choice", "value"),
        Input("evidence", "value"),
        Input("versus", "value"),
        Input("palette", "value"),
        Input("view", "data"),
    )
    shows("show_opacity", Output("heatmap", "style"), Input("opacity", "value"), Input("heatmap-on", "checked"))
    app.clientside_callback(
        ClientsideFunction("classify_request", "show"),
        Output("curl", "children"),
        Output("copy-curl", "disabled"),
        Output("copy-link", "disabled"),
        Input("view", "data"),
        Input("choice", "value"),
        Input("versus", "value"),
    )


def layout(settings: Settings, samples: Sequence[DatasetPhoto]) -> html.Main:
    """The page's fixed skeleton; callbacks write texts, sizes and addresses into it, never parts."""
    return html.Main(
        [
            dcc.Store(id="view", storage_type="memory"),
            html.Div(
                [
                    html.H1("Which car is this?"),
                    html.P(
                        "The five most likely answers, and the parts of the photo that speak for each."
                        + (" Pick a car or drop your own photos." if samples else " Drop your own photos."),
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
            html.Div([stage(), _answer()], className="columns"),
            request_card(),
            photo_list(settings.photo_minutes),
            gallery(samples, settings.manifest),
            camera(),
        ],
        id="classify",
        className="page",
        **{
            "data-phase": "empty",
            "data-asking": "no",
            "data-max-upload-mb": f"{settings.max_upload_mb:g}",
            "data-photo-minutes": f"{settings.photo_minutes:g}",
            "data-sure-above": f"{settings.sure_above:g}",
            "data-model-server": settings.public_model_server_url or settings.model_server_url,
            "data-model-label": settings.model_label,
        },
    )


def _answer() -> html.Div:
    return html.Div([ranking(), feedback.feedback_card()], className="column-end")
