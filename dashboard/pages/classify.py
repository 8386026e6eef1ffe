"""The first page: the five most likely answers for a photo, and the parts of the photo that speak for each.

The scripts in `assets/scripts/classify/` send each photo once and get one answer for it. `session.mjs` keeps the state
in the store `view`; `render.mjs` turns the state into properties of the page, without another request:

    phase     empty, sending, asking, answered or unanswered
    key       key of the entry that is shown
    photo     response of `POST /photos` or `POST /dataset/ID/photo`, with `name` and, for a sample, `sample`
    choice    labels: `car`, the chosen one, null for the most likely one; `versus`, the one to compare with
    answer    response of `POST /photos/ID/answer`, and `extras`: other classes that the visitor asked for
    asking    label of the class that a running request asks for
    classes   label and name of all classes that the answer's version knows
    problem   sentences, one per line, if something went wrong
    marks     `right` or `wrong` for each sample that has been answered, by its id
    folded    whether a phone hides the controls of the heatmap
    erased    of a photo of which a region has been erased: the photo it was made of, and what was predicted
"""

from collections.abc import Sequence

import dash
from dash import Input, dcc, html

from dashboard.callbacks import run_in_browser
from dashboard.components import feedback
from dashboard.components.camera import camera
from dashboard.components.photo_list import photo_list
from dashboard.components.ranking import ranking
from dashboard.components.request_card import request_card
from dashboard.components.stage import stage
from dashboard.pages.waiting import or_waiting
from dashboard.photos.dataset import DatasetPhoto
from dashboard.photos.normalise import can_read_heic
from dashboard.photos.samples import choose_samples
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.subject import Subject


def register(app: dash.Dash, services: Services) -> None:
    """Adds the page to the app."""
    dash.register_page(
        "classify",
        path="/",
        order=0,
        name="Classify",
        title=lambda: services.subject().title,
        description=lambda: f"{services.subject().question} And which parts of the photo say so?",
        layout=or_waiting(
            services,
            lambda **_: layout(
                services.settings,
                choose_samples(services.dataset.read(), services.settings.gallery_size),
                services.subject(),
            ),
        ),
    )

    feedback.register(app)

    run_in_browser(app, "classify.open", Input("classify", "id"), starts_with="classify")
    run_in_browser(
        app,
        "classify.update",
        Input("view", "data"),
        *[Input(field, "value") for field in ("choice", "versus", "ask-class", "evidence", "palette")],
        *[Input(field, "value") for field in ("list-order", "list-filter")],
    )
    run_in_browser(
        app,
        "classify.showHeatmap",
        Input("opacity", "value"),
        *[Input(switch, "checked") for switch in ("heatmap-on", "grey-photo")],
        starts_with="heatmap",
    )


def layout(settings: Settings, samples: Sequence[DatasetPhoto], subject: Subject) -> html.Main:
    """Returns the page's fixed skeleton; scripts write texts, sizes and addresses into it, never components."""
    return html.Main(
        [
            dcc.Store(id="view", storage_type="memory"),
            html.Div(
                [
                    html.H1(subject.question),
                    html.P(
                        "The five most likely answers, and the parts of the photo that speak for each."
                        + (" Pick a sample or drop your own photos." if samples else " Drop your own photos."),
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
            html.Div(
                [stage(subject, samples, settings.manifest_file), ranking(subject), feedback.feedback_card(subject)],
                className="columns",
            ),
            request_card(),
            photo_list(settings.photo_minutes),
            camera(),
        ],
        id="classify",
        className="page",
        **{
            "data-phase": "empty",
            "data-asking": "no",
            "data-folded": "yes",
            "data-max-upload-mb": f"{settings.max_upload_mb:g}",
            "data-max-megapixels": f"{settings.max_megapixels:g}",
            "data-photo-side": str(settings.photo_side),
            "data-reads-heic": "yes" if can_read_heic() else "no",
            "data-photo-minutes": f"{settings.photo_minutes:g}",
            "data-model-server": settings.public_model_server_url or settings.model_server_url,
            "data-model-label": settings.model_label,
            **subject.attributes,
        },
    )
