"""The ranking: the most likely classes and the ones that the visitor asked for; the chosen one has the heatmap."""

import dash_mantine_components as dmc
from dash import html

from dashboard.reports.answers import CLASSES_SHOWN
from dashboard.subject import Subject

EXTRA_ROWS = 3
ROWS = CLASSES_SHOWN + EXTRA_ROWS


def ranking(subject: Subject) -> html.Section:
    """Returns a fixed number of rows; the script writes answers into them.

    Args:
        subject: What the photos show.
    """
    return html.Section(
        [
            html.H2("Most likely", className="title"),
            html.P(
                [html.Span("", id="make"), html.Span("", id="other-makes", className="dimmed")],
                className="make",
            ),
            html.P("", id="not-sure", className="not-sure", role="status"),
            dmc.RadioGroup(
                html.Div([_row(rank) for rank in range(ROWS)], className="rows"),
                id="choice",
                value="0",
                label=f"Choose any {subject.one} to see what speaks for it",
                labelProps={"className": "choice-label dimmed"},
            ),
            dmc.Select(
                id="ask-class",
                label=f"Why not another {subject.one}?",
                placeholder=f"Choose any {subject.one} that the model knows",
                data=[],
                value=None,
                searchable=True,
                nothingFoundMessage=f"The model knows no such {subject.one}",
                limit=100,
                size="sm",
                className="ask-class",
            ),
            html.P("", id="truth", className="truth"),
            html.P("", id="model-line", className="model-line dimmed"),
        ],
        className="card ranking",
        **{"aria-label": "Answer"},
    )


def _row(rank: int) -> dmc.RadioCard:
    extra = rank >= CLASSES_SHOWN
    return dmc.RadioCard(
        [
            html.Span("–", id={"part": "name", "rank": rank}, className="row-name"),
            html.Span("", id={"part": "percent", "rank": rank}, className="number"),
            html.Span(
                html.Span(id={"part": "bar", "rank": rank}, className="bar-fill"),
                className="bar",
            ),
        ],
        id={"part": "row", "rank": rank},
        value=str(rank),
        className="option entry row",
        withBorder=True,
        disabled=True,
        style={"display": "none"} if extra else None,
    )
