"""The mistakes between classes: the confusion matrix and the most confused pairs."""

import dash
import plotly.graph_objects as go  # type: ignore[import-untyped]  # plotly ships no types
from dash import ALL, Output, html

from dashboard.callbacks import callback
from dashboard.components.model_graphs import frame, frame_id
from dashboard.components.model_section import CHOSEN, presence, present, section, version_and_report
from dashboard.names import display_name
from dashboard.reports.figures import confusion_figure, confusion_words
from dashboard.reports.results import Pair
from dashboard.services import Services

PAIRS = 20  # as many as `metrics.json` holds


def confusions() -> html.Section:
    """Returns the section with the matrix, and beside it buttons for the pairs."""
    return section(
        "confusions",
        "What is mistaken for what",
        "A row is a class of the photos, a column an answer. Click a cell or choose a pair to see its photos below; "
        "drag to zoom in, double-click to zoom out.",
        html.Div(
            [
                frame("model-confusion"),
                html.Div(
                    [
                        html.H3("Most confused pairs", className="model-subtitle"),
                        html.P("", id="model-no-pairs", className="dimmed"),
                        html.Ol([_pair(place) for place in range(PAIRS)], className="pairs", tabIndex=-1),
                    ]
                ),
            ],
            className="confusions columns",
        ),
    )


def _pair(place: int) -> html.Li:
    return html.Li(
        html.Button(
            [
                html.Span("", id={"pair-text": place}, className="pair-text"),
                html.Span("", id={"pair-count": place}, className="number"),
                html.Span("", id={"pair-ways": place}, className="pair-ways dimmed"),
            ],
            id={"pair": place},
            type="button",
            className="pair option entry",
            **{"data-labels": ""},
        ),
        id={"pair-row": place},
        hidden=True,
    )


def register(app: dash.Dash, services: Services) -> None:
    """Fills the section with the mistakes of the chosen version."""

    @callback(
        app,
        output={
            **presence("confusions"),
            "matrix": Output(frame_id("model-confusion"), "aria-label"),
            "no_pairs": Output("model-no-pairs", "children"),
            "are_hidden": Output({"pair-row": ALL}, "hidden"),
            "labels": Output({"pair": ALL}, "data-labels"),
            "texts": Output({"pair-text": ALL}, "children"),
            "counts": Output({"pair-count": ALL}, "children"),
            "ways": Output({"pair-ways": ALL}, "children"),
        },
        inputs=CHOSEN,
    )
    def show(number: str | None, measured_on: str | None) -> dict[str, object]:
        version, report = version_and_report(services, number, measured_on)
        pairs = list(report.pairs or [])[:PAIRS]
        places: list[Pair | None] = [*pairs, *[None] * (PAIRS - len(pairs))]
        return {
            **present("confusions", version, report.confusion),
            "matrix": confusion_words(report.confusion),
            "no_pairs": "" if pairs else "No photo was mistaken." if report.pairs == [] else "Not measured.",
            "are_hidden": [pair is None for pair in places],
            "labels": ["\n".join(pair.labels) if pair else "" for pair in places],
            "texts": [" and ".join(map(display_name, pair.labels)) if pair else "" for pair in places],
            "counts": [f"{pair.count} photo{'s' * (pair.count != 1)}" if pair else "" for pair in places],
            "ways": [_ways(pair) if pair else "" for pair in places],
        }


def draw(services: Services, number: str | None, measured_on: str | None, _: str | None) -> go.Figure | None:
    """Draws the matrix of the chosen version."""
    report = version_and_report(services, number, measured_on)[1]
    return confusion_figure(report.confusion) if report.confusion else None


def _ways(pair: Pair) -> str:
    """Says which class of a pair was taken for the other, and how often."""
    first, second = map(display_name, pair.labels)
    there, back = pair.counts
    if not back:
        return f"always {first} taken for {second}"
    if not there:
        return f"always {second} taken for {first}"
    return f"{first} taken for {second}: {there}; the other way: {back}"
