"""The photo wall: pages of photos, each with a caption and, if asked for, a heatmap of the evidence for a class.

A page puts `photo_wall("mistakes")` into its layout and calls `register(app, "mistakes")` once. The wall then shows the
photos that a callback of the server or of the browser writes into the `data` of the store `mistakes-photos`:

    photos   a list, in order; each with
        id        id of the data set's photo (`DatasetPhoto.id`)
        title     first line of the caption
        lines     the other lines, a list of texts (may be missing)
        href      target of a click (may be missing); a script can catch the click on `a[data-photo="ID"]` instead
        explain   a class: the heatmap shows its evidence (may be missing: no heatmap)
        against   another class: then evidence for `explain` is orange and evidence for this one blue
    empty    the sentence to show if there are no photos

The wall asks for a heatmap when its photo comes into sight (`POST /dataset/ID/answer`), at most two at a time; heatmaps
come from the live version. The wall turns its pages itself. Other photos bring it back to the first page; the same
photos with other classes to explain stay on their page.

The cells are fixed: the wall's script (`assets/scripts/photo-wall.mjs`) writes texts and addresses into them.
"""

import dash
from dash import Input, dcc, html

from dashboard.callbacks import run_in_browser

CELLS = 12


def photo_wall(name: str, cells: int = CELLS) -> html.Div:
    """Returns an empty wall.

    Args:
        name: Prefix of the ids of its parts, unique on the page.
        cells: Number of photos on a page of the wall.
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
