"""The page of the data set: its photos, its classes, and the labels that may be wrong.

The address holds the search (see `dashboard.photos.search`) and, as `photo`, the photo whose details are open, so that
visitors can share it and the back button works. `assets/scripts/data/page.mjs` sends the search to the dashboard and
keeps the state in the store `data-view`; `render.mjs` beside it turns the state into properties of the page:

    phase     searching or shown
    search    the query whose photos are shown, without `photo`
    asked     the query whose photos are shown or on their way; null before
    found     response of `GET /dataset/photos` to it; null before
    problem   a sentence, if that request failed
    details   the dialog: id and photo (response of `GET /dataset/ID.json`), problem; answer of the model, rank of the
              class whose heatmap is shown, isAsking, answerProblem
    bounds    the ends of the sliders: years, scores
"""

from collections.abc import Mapping

import dash
from dash import Input, State, dcc, html

from dashboard.callbacks import run_in_browser
from dashboard.components import photo_wall
from dashboard.components.data_details import details
from dashboard.components.data_filters import filters
from dashboard.components.data_photos import class_histogram, found_photos
from dashboard.names import counted
from dashboard.photos.dataset import Dataset
from dashboard.photos.search import PhotoSearch, SearchError, read_search
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.subject import Subject

CONDITIONS = ("text", "make", "label", "split", "years", "scores", "group", "excluded", "suspects")


def register(app: dash.Dash, services: Services) -> None:
    """Adds the page to the app."""
    dash.register_page(
        "data",
        path="/data",
        name="Data",
        order=3,
        title="Data set",
        description="The photos that the model learns from and is measured on.",
        layout=lambda **query: layout(services.settings, services.dataset.read(), services.dataset.subject(), query),
    )
    for wall in ("data", "data-duplicates", "data-similar"):
        photo_wall.register(app, wall)
    run_in_browser(
        app,
        "data.update",
        Input("data-view", "data"),
        *[Input(f"data-{name}", "value") for name in CONDITIONS],
        State("data-labels", "data"),
        *[State(f"data-{name}", end) for name in ("years", "scores") for end in ("min", "max")],
        starts_with="data-page",
    )


def layout(settings: Settings, dataset: Dataset, subject: Subject, query: Mapping[str, object]) -> html.Main:
    """Returns the page's skeleton, with the conditions of the address.

    Args:
        settings: The settings; they name the manifest.
        dataset: The photos.
        subject: What they show.
        query: The query of the address. If it is not a valid search, no condition is set.
    """
    try:
        search = read_search(query)
    except SearchError:
        search = PhotoSearch()
    return html.Main(
        [
            dcc.Store(id="data-view"),
            html.Div(
                [html.H1("Data set"), html.P(_summary(settings, dataset), className="dimmed")], className="page-head"
            ),
            html.Div(
                [
                    html.P("", id="data-problem-text"),
                    html.Button("Try again", type="button", id="data-again", className="link-button"),
                ],
                id="data-problem",
                className="problem",
                role="alert",
                **{"data-shown": "no"},
            ),
            html.Div(
                [
                    filters(dataset, search),
                    html.Div(
                        [class_histogram(dataset.has_makes), found_photos(search.suspects == "yes")],
                        className="data-columns-two columns",
                    ),
                    details(),
                ],
                hidden=not dataset.photos,
            ),
        ],
        id="data-page",
        className="page data-page",
        **subject.attributes,
    )


def _summary(settings: Settings, dataset: Dataset) -> str:
    if not dataset.photos:
        return (
            f"There are no photos to show: {settings.manifest_file} is missing or lists none. Make it with: "
            f"car-classifier data index FOLDER_OF_PHOTOS --out {settings.manifest_file}"
        )
    photos, kept = dataset.photos, dataset.kept
    excluded_count = len(photos) - len(kept)
    labels, makes = len({photo.label for photo in kept}), len({photo.make for photo in kept} - {""})
    classes = f"{counted(labels, 'model')} by {counted(makes, 'make')}" if makes else counted(labels, "class")
    excluded = (
        f"; {excluded_count:,} more {'is' if excluded_count == 1 else 'are'} excluded"
        if len(kept) < len(photos)
        else ""
    )
    return f"{counted(len(kept), 'photo')} of {classes}{excluded}."
