"""The end of a game: the result, a recap of all rounds, and a text to share."""

import dash_mantine_components as dmc
from dash import html

from dashboard.game.rules import ROUNDS


def over() -> html.Section:
    """Returns the skeleton of the end page."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("", id="play-result", className="play-result", tabIndex=-1),
                    html.P("", id="play-result-about", className="dimmed"),
                    html.Div(
                        [
                            dmc.Button("Play again", id="play-again", size="md"),
                            dmc.Button("Other settings", id="play-settings", size="md", variant="default"),
                        ],
                        className="actions",
                    ),
                ],
                className="card",
            ),
            html.H3("All rounds", className="title play-recap-title"),
            html.Ol([_round(place) for place in range(max(ROUNDS))], className="play-recap"),
        ],
        className="play-over",
        **{"aria-labelledby": "play-result"},
    )


def share() -> html.Section:
    """Returns the section with a text that challenges others to the same photos."""
    return html.Section(
        [
            html.H2("Challenge others", id="play-share-title", className="title"),
            html.P("Whoever opens the link gets the same photos and choices.", className="hint dimmed"),
            html.Pre("", id="play-share-text", className="play-share-text"),
            html.Div(
                [
                    html.Button("Copy", type="button", id="play-copy", className="button"),
                    html.Span("", id="play-copied", className="dimmed", role="status"),
                ],
                className="actions",
            ),
        ],
        className="card play-share",
        **{"aria-labelledby": "play-share-title"},
    )


def _round(place: int) -> html.Li:
    return html.Li(
        [
            html.Img(id={"part": "play-recap-photo", "place": place}, alt="", className="play-recap-photo"),
            html.Strong("", id={"part": "play-recap-truth", "place": place}),
            html.Span("", id={"part": "play-recap-you", "place": place}),
            html.Span("", id={"part": "play-recap-ai", "place": place}),
        ],
        id={"part": "play-recap-round", "place": place},
        className="tile play-recap-round",
        hidden=True,
    )
