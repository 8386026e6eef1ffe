"""The ranking: the most likely cars, one of them chosen for the heatmap."""

import dash_mantine_components as dmc
from dash import html

from dashboard.answers import CLASSES_SHOWN


def ranking() -> html.Section:
    """Five rows that are always there; answers are written into them."""
    return html.Section(
        [
            html.H2("Most likely", className="card-title"),
            html.P("", id="make", className="make"),
            dmc.RadioGroup(
                html.Div([_row(rank) for rank in range(CLASSES_SHOWN)], className="rows"),
                id="choice",
                value="0",
                label="Choose a car to see what in the photo speaks for it",
                labelProps={"className": "choice-label dimmed"},
            ),
            html.P("", id="truth", className="truth"),
            html.P("", id="model-line", className="model-line dimmed"),
        ],
        className="card ranking",
        **{"aria-label": "Answer"},
    )


def _row(rank: int) -> dmc.RadioCard:
    return dmc.RadioCard(
        [
            html.Span(" ", id={"part": "name", "rank": rank}, className="row-name"),
            html.Span("", id={"part": "percent", "rank": rank}, className="row-percent"),
            html.Span(
                html.Span(id={"part": "bar", "rank": rank}, className="bar-fill"),
                className="bar",
            ),
        ],
        id={"part": "row", "rank": rank},
        value=str(rank),
        className="row",
        withBorder=True,
        disabled=True,
    )
