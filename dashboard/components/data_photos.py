"""The result of a search of the data set: the number of photos of each class, and the photos, a page at a time."""

import dash_mantine_components as dmc
from dash import html

from dashboard.components.photo_wall import photo_wall
from dashboard.photos.search import PAGE_SIZE


def class_histogram(has_makes: bool) -> html.Section:
    """Returns a list with a bar for each class that has photos; the script draws the bars, which Dash leaves alone."""
    one = "model" if has_makes else "class"
    return html.Section(
        [
            html.H2(f"Photos of each {one}", className="title"),
            html.P(f"A click shows one {one} alone.", className="hint dimmed"),
            html.Ul(
                [
                    html.Li([html.Span(className=f"data-key data-{split}"), name])
                    for split, name in (("train", "Train"), ("validation", "Validation"), ("test", "Test"))
                ],
                className="data-legend dimmed",
                **{"aria-hidden": "true"},
            ),
            html.Ul(id="data-classes", className="data-classes"),
        ],
        className="card data-histogram",
    )


def found_photos(suspects_only: bool) -> html.Section:
    """Returns the photos that the search found, or only those whose label may be wrong."""
    return html.Section(
        [
            html.H2("Photos", className="visually-hidden"),
            html.Div(
                [
                    dmc.SegmentedControl(
                        id="data-suspects",
                        data=[
                            {"value": "no", "label": "All photos"},
                            {"value": "yes", "label": "Suspected label errors"},
                        ],
                        value="yes" if suspects_only else "no",
                        size="sm",
                    ),
                    html.P("Searching…", id="data-found", className="data-found", role="status"),
                ],
                className="data-photos-head actions",
            ),
            html.P("", id="data-about-suspects", className="hint dimmed"),
            photo_wall("data", PAGE_SIZE),
            html.Div(
                [
                    html.Button("Previous", type="button", className="button", id="data-previous", disabled=True),
                    html.Span("", id="data-page-text", className="dimmed"),
                    html.Button("Next", type="button", className="button", id="data-next", disabled=True),
                ],
                className="data-pages pager",
            ),
        ],
        className="data-photos",
    )
