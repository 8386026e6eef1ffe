"""The photo wall: a page of photos at a time, each with a caption and, if asked, what speaks for a class over it.

A page puts `photo_wall("mistakes")` into its layout and calls `register(app, "mistakes")` once. Whatever a callback of
the server or of the browser then writes into the `data` of the store `mistakes-photos` is shown:

    photos   a list, in order; each with
        id        of the data set's photo (`DatasetPhoto.id`)
        title     first line of the caption
        lines     the other lines, a list of texts (may be missing)
        href      where a click leads (may be missing); a script can catch the click on `a[data-photo="ID"]` instead
        explain   a class: its evidence is drawn over the photo (may be missing: no heatmap)
        against   another class: then evidence for `explain` is drawn in orange and for this one in blue
    empty    a sentence that is shown if there are no photos

Heatmaps are asked one by one when their photo comes into sight (`POST /dataset/ID/answer`), at most two at a time; they
come from the version that is live. Paging is the wall's own. The first page is shown again when other photos come; the
same photos with other classes to explain stay where they are.

The cells are fixed: the wall's script (`assets/scripts/photo-wall.mjs`) writes texts and addresses into them.
"""

import dash
from dash import Input, dcc, html

from dashboard.callbacks import run_in_browser

CELLS = 12


def photo_wall(name: str, cells: int = CELLS) -> html.Div:
    """An empty wall.

    Args:
        name: Begins the ids of its parts; one of a kind on the page.
        cells: Photos on a page.
    """
    return html.Div(
        [
            dcc.Store(id=f"{name}-photos"),
            html.P("", className="wall-empty dimmed"),
            html.Ul([_cell() for _ in range(cells)], className="wall-cells"),
            html.Div(
                [
                    html.Button("Earlier", type="button", className="wall-turn button", **{"data-turn": "-1"}),
                    html.Span("", id=f"{name}-range", className="wall-range", role="status"),
                    html.Button("Later", type="button", className="wall-turn button", **{"data-turn": "1"}),
                ],
                className="wall-pages pager",
            ),
        ],
        id=f"{name}-wall",
        className="photo-wall",
        **{"data-state": "waiting"},
    )


def register(app: dash.Dash, name: str) -> None:
    """Makes the wall show the photos in its store."""
    run_in_browser(
        app,
        "photoWall.show",
        Input(f"{name}-photos", "data"),
        Input(f"{name}-wall", "id"),
        starts_with=f"{name}-wall",
    )


def _cell() -> html.Li:
    return html.Li(
        html.A(
            [
                html.Span(
                    [
                        html.Img(alt="", className="wall-image", **{"draggable": "false"}),
                        html.Canvas(width=1, height=1, className="wall-map", **{"aria-hidden": "true"}),
                        html.Span("", className="wall-note"),
                    ],
                    className="wall-frame",
                ),
                html.Span("", className="wall-title"),
                html.Span("", className="wall-lines dimmed"),
            ],
            className="wall-photo tile",
        ),
        className="wall-cell",
        hidden=True,
    )
