"""The live view: how trainings go, and how the demo model is made, from the files of their folders.

`assets/scripts/live/page.mjs` asks `GET /runs` every other second while something is going on and seldom otherwise, and
keeps the state in the store `live-view`; `render.mjs` beside it turns the state into properties of the page:

    found     response of `GET /runs`, or null before the first
    asked     ids of the runs that the visitor chose; empty for those that the server chooses
    at        place among the first run's answers that the visitor chose; null for the last ones
    answers   content of that file, or null
    problem   a sentence, if the last request failed
"""

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import Input, dcc, html

from dashboard.callbacks import run_in_browser
from dashboard.reports.runs import MOST_DRAWN, MOST_SHOWN

WATCHED = 12
"""Photos that `car-classifier train` lets watch."""

FIRST_TICK = 2000  # milliseconds; the script sets the time between two later ones


def register(app: dash.Dash) -> None:
    """Keeps the view up to date."""
    run_in_browser(app, "live.tick", Input("live-tick", "n_intervals"), starts_with="live")
    run_in_browser(
        app,
        "live.update",
        Input("live-view", "data"),
        Input("live-choice", "value"),
        Input("live-at", "value"),
    )


def live_view() -> html.Div:
    """Returns the view's fixed skeleton; scripts write texts, addresses and plots into it."""
    return html.Div(
        [
            dcc.Store(id="live-view"),
            dcc.Interval(id="live-tick", interval=FIRST_TICK),
            html.P("", id="live-problem", className="live-note"),
            _preparation(),
            html.Div(
                dmc.MultiSelect(
                    id="live-choice",
                    label="Runs side by side",
                    placeholder="Those that are going on, or the newest",
                    data=[],
                    value=[],
                    maxValues=MOST_SHOWN,
                    clearable=True,
                    clearButtonProps={"aria-label": "Show the runs that are going on, or the newest"},
                ),
                id="live-choice-box",
                className="live-choice",
                hidden=True,
            ),
            html.Ul([_run(place) for place in range(MOST_SHOWN)], className="live-runs"),
            _curves(),
            _watched(),
        ],
        id="live",
        className="live",
    )


def _preparation() -> html.Section:
    return html.Section(
        [
            html.H2("The demo model", className="title"),
            html.P("", id="live-step", className="live-step", role="status"),
            html.P("", id="live-work", className="dimmed live-work"),
            html.Div(html.Span("", id="live-bar", className="bar-fill"), className="bar", **{"aria-hidden": "true"}),
            html.P("", id="live-note", className="live-note"),
            html.Code("", id="live-command", className="live-command", tabIndex=0),
            html.Ul(
                [
                    html.Li(html.Img(id={"drawn": place}, alt="", className="live-photo"), className="tile")
                    for place in range(MOST_DRAWN)
                ],
                id="live-drawn",
                className="live-photos",
                hidden=True,
                **{"aria-label": "The photos that were drawn last"},
            ),
        ],
        id="live-preparation",
        className="card live-preparation",
        hidden=True,
    )


def _run(place: int) -> html.Li:
    def part(name: str, text: str = "", kind: type = html.P, **options: Any) -> Any:
        return kind(text, id={"run": place, "part": name}, className=f"live-{name}", **options)

    return html.Li(
        [
            html.Div(
                [
                    html.Span(className=f"live-swatch live-colour-{place}", **{"aria-hidden": "true"}),
                    part("title", kind=html.H2),
                    part("state", kind=html.Span),
                ],
                className="live-head",
            ),
            part("settings"),
            part("step"),
            part("work"),
            html.Div(part("bar", kind=html.Span), className="bar live-run-bar", **{"aria-hidden": "true"}),
            part("figures"),
            part("note"),
            part("command", kind=html.Code, tabIndex=0),
        ],
        id={"run": place, "part": "card"},
        className="card live-run",
        hidden=True,
    )


def _curves() -> html.Div:
    splits = "Dotted: training photos. Solid: validation photos."
    charts = (
        ("accuracy", "Accuracy", splits),
        ("loss", "Loss", splits),
        ("learning", "Accuracy as photos go by", "Measured on training photos that the net had not seen."),
    )
    return html.Div(
        [
            html.Figure(
                [
                    html.Figcaption([title, html.Span(hint, className="live-hint dimmed")], className="model-subtitle"),
                    html.Div(id=f"live-{name}", className="live-chart", role="img", **{"aria-label": "No curve yet"}),
                ],
                id=f"live-{name}-figure",
                className="card live-figure",
                hidden=True,
            )
            for name, title, hint in charts
        ],
        className="live-curves",
    )


def _watched() -> html.Section:
    return html.Section(
        [
            html.H2("A dozen test photos", className="title"),
            html.P("", id="live-watched-text", className="hint dimmed"),
            html.Div(
                dmc.Slider(
                    id="live-at",
                    value=0,
                    min=0,
                    max=1,
                    step=1,
                    size="sm",
                    label=None,
                    thumbLabel="Answers after an earlier epoch",
                    updatemode="drag",
                ),
                id="live-at-box",
                className="live-at",
            ),
            html.Ul([_watched_photo(place) for place in range(WATCHED)], className="live-photos"),
        ],
        id="live-watched",
        className="card live-watched",
        hidden=True,
    )


def _watched_photo(place: int) -> html.Li:
    return html.Li(
        [
            html.Span(
                [
                    html.Img(id={"watched": place, "part": "photo"}, alt="", className="live-photo"),
                    html.Canvas(
                        id={"watched": place, "part": "map"},
                        width=1,
                        height=1,
                        className="live-map",
                        **{"aria-hidden": "true"},
                    ),
                ],
                className="live-frame",
            ),
            html.Span("", id={"watched": place, "part": "answer"}, className="live-answer"),
            html.Span("", id={"watched": place, "part": "truth"}, className="live-truth dimmed"),
        ],
        id={"watched": place, "part": "cell"},
        className="tile live-cell",
        hidden=True,
    )
