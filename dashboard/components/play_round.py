"""One round of the game: the photo, the possible answers, and then the right one."""

import dash_mantine_components as dmc
from dash import html

from dashboard.components.grey_switch import grey_switch
from dashboard.game.rules import CHOICES, ROUNDS
from dashboard.reports.answers import CLASSES_SHOWN
from dashboard.subject import Subject

PLAYERS = {"you": "You", "ai": "AI"}


def game_round(subject: Subject) -> html.Section:
    """Returns the skeleton that the script fills in every round.

    Args:
        subject: What the photos show.
    """
    return html.Section(
        [
            html.Div(
                [
                    html.H2("", id="play-round-title", className="play-round-title", tabIndex=-1),
                    _scores(),
                    html.Button("New game", type="button", id="play-leave", className="link-button play-leave"),
                ],
                className="play-bar actions",
            ),
            html.Div(
                [_stage(subject), html.Div([_question(subject), _reveal(subject)], className="play-side")],
                className="play-table columns",
            ),
        ],
        className="play-round",
        **{"aria-labelledby": "play-round-title"},
    )


def _scores() -> html.Div:
    return html.Div([_score(player) for player in PLAYERS], className="play-scores")


def _score(player: str) -> html.Div:
    """Returns a player's points, and a dot per round."""
    dots = [html.Span(id={"part": f"play-dot-{player}", "place": place}) for place in range(max(ROUNDS))]
    return html.Div(
        [
            html.Span(PLAYERS[player], className="play-score-name"),
            html.Span("0", id=f"play-points-{player}", className="play-score-points"),
            html.Span(dots, className="play-dots", **{"aria-hidden": "true"}),
        ],
        className=f"play-score play-score-{player}",
    )


def _stage(subject: Subject) -> html.Section:
    return html.Section(
        [
            html.Div(
                [
                    html.Div(
                        [
                            html.Img(id="play-photo", alt=f"The {subject.singular} to name", draggable="false"),
                            html.Canvas(id="play-heatmap", width=1, height=1, role="img", hidden=True),
                        ],
                        id="play-frame",
                        className="photo-frame",
                    ),
                    html.Div(
                        [html.Span(className="spinner"), html.Span("Asking the AI…")],
                        className="over-photo play-asking",
                        role="status",
                    ),
                ],
                className="stage-area",
            ),
            html.Div(
                [
                    html.P("Keys 1 to 4 choose.", className="dimmed play-keys"),
                    dmc.Switch(id="play-heatmap-on", label="Show what the AI looked at", checked=True, size="sm"),
                    grey_switch("play-grey-photo"),
                    html.P("", id="play-evidence", className="dimmed"),
                ],
                className="play-stage-foot actions",
            ),
        ],
        className="card stage play-stage",
        **{"aria-label": "Photo"},
    )


def _question(subject: Subject) -> html.Div:
    return html.Div(
        [
            html.H3(subject.question, className="title"),
            html.Div([_choice(place) for place in range(CHOICES)], className="play-choices"),
            html.Div(
                [
                    _naming("play-make", "Make"),
                    _naming("play-model", "Model", disabled=True),
                    dmc.Button("Guess", id="play-guess", size="lg", disabled=True),
                ],
                className="play-naming",
            ),
        ],
        className="card play-question",
    )


def _naming(component_id: str, label: str, disabled: bool = False) -> dmc.Select:
    return dmc.Select(
        id=component_id,
        label=label,
        data=[],
        searchable=True,
        disabled=disabled,
        size="md",
        maxDropdownHeight=260,
    )


def _choice(place: int) -> html.Button:
    return html.Button(
        [
            html.Span(str(place + 1), className="play-key", **{"aria-hidden": "true"}),
            html.Span("", id={"part": "play-choice-name", "place": place}),
        ],
        id={"part": "play-choice", "place": place},
        type="button",
        className="play-choice option",
        **{"data-choice": place, "aria-keyshortcuts": str(place + 1)},
    )


def _reveal(subject: Subject) -> html.Div:
    return html.Div(
        [
            html.H3("", id="play-verdict", className="play-verdict"),
            html.P([f"{subject.it_is.capitalize()} ", html.Strong("", id="play-truth"), "."], className="play-truth"),
            html.P("", id="play-your-answer", className="play-your-answer"),
            html.H4("What the AI said", className="play-label"),
            html.P("", id="play-missed", className="play-missed"),
            html.Ol([_answer(rank) for rank in range(CLASSES_SHOWN)], className="play-answers"),
            dmc.Button("", id="play-next", size="lg", fullWidth=True, className="play-next"),
        ],
        id="play-reveal",
        className="card play-reveal",
    )


def _answer(rank: int) -> html.Li:
    return html.Li(
        [
            html.Span("", id={"part": "play-ai-name", "rank": rank}, className="play-ai-name"),
            html.Span("", id={"part": "play-ai-percent", "rank": rank}, className="number"),
            html.Span(html.Span(id={"part": "play-ai-bar", "rank": rank}, className="bar-fill"), className="bar"),
        ],
        id={"part": "play-ai-row", "rank": rank},
        hidden=True,
    )
