"""The start of a game: its settings, and the leaderboard."""

import dash_mantine_components as dmc
from dash import html

from dashboard.game.rules import NAME_LENGTH, ROUNDS, Difficulty
from dashboard.subject import Subject

BOARD_ROWS = 10


def start(
    rounds: int, difficulty: Difficulty, challenged: bool, fair: bool, subject: Subject, has_makes: bool
) -> html.Section:
    """Returns the settings of a new game; or a challenge, whose settings are fixed until the visitor declines it.

    Args:
        rounds: Number of rounds at first.
        difficulty: Difficulty at first.
        challenged: Whether the address names the photos.
        fair: Whether the model was not trained on the photos.
        subject: What the photos show.
        has_makes: Whether the photos' classes have makes.
    """
    about = _about(subject, has_makes)
    return html.Section(
        [
            html.H2(
                "A challenge" if challenged else "New game",
                id="play-start-title",
                className="title",
                tabIndex=-1,
            ),
            html.P(
                f"{rounds} rounds, {about[difficulty][0].lower()}: the same photos for everybody who has this link. "
                f"{about[difficulty][1]}",
                id="play-challenge-about",
                className="play-challenge",
                hidden=not challenged,
            ),
            html.Div(
                [
                    html.P("Rounds", id="play-rounds-label", className="play-label"),
                    dmc.SegmentedControl(
                        id="play-rounds",
                        data=[{"value": str(count), "label": str(count)} for count in ROUNDS],
                        value=str(rounds),
                        size="md",
                        fullWidth=True,
                        **{"aria-labelledby": "play-rounds-label"},
                    ),
                    dmc.RadioGroup(
                        html.Div([_level(level, *about[level]) for level in Difficulty], className="play-levels"),
                        id="play-difficulty",
                        value=difficulty.value,
                        label="Difficulty",
                        labelProps={"className": "play-label"},
                    ),
                ],
                id="play-kind",
                hidden=challenged,
            ),
            html.Div(
                [
                    dmc.Button("Start", id="play-start", size="lg"),
                    dmc.Button("", id="play-resume", size="lg", variant="default"),
                    html.Button(
                        "Play another game",
                        type="button",
                        id="play-decline",
                        className="link-button",
                        hidden=not challenged,
                    ),
                ],
                className="actions",
            ),
            html.P(
                "Keys 1 to 4 choose, Enter goes on. The AI sees each photo when you have answered."
                + (" It has not been trained on these photos." if fair else ""),
                className="hint dimmed",
            ),
        ],
        className="card play-start",
        **{"aria-labelledby": "play-start-title"},
    )


def _about(subject: Subject, has_makes: bool) -> dict[Difficulty, tuple[str, str]]:
    """The name of each difficulty, and a sentence about it."""
    easy = "of different makes" if has_makes else "to choose from"
    hard = "name make and model. Just the make is half a point." if has_makes else "name it yourself."
    return {
        Difficulty.EASY: ("Easy", f"{'Four' if has_makes else 'Any four'} {subject.many} {easy}."),
        Difficulty.MEDIUM: ("Medium", f"Four {subject.many} that the AI mixes up."),
        Difficulty.HARD: ("Hard", f"Any {subject.one}: {hard}"),
    }


def _level(level: Difficulty, name: str, words: str) -> dmc.RadioCard:
    return dmc.RadioCard(
        [html.Span(name, className="play-level-name"), html.Span(words, className="dimmed")],
        value=level.value,
        className="play-level option",
        withBorder=True,
    )


def board() -> html.Section:
    """Returns the leaderboard of one kind of game, and the form to enter one's name after a game."""
    return html.Section(
        [
            html.H2("Leaderboard", id="play-board-title", className="title"),
            html.P("", id="play-board-kind", className="hint dimmed"),
            _sign(),
            html.P("", id="play-board-note", className="play-board-note dimmed"),
            html.Table(
                [
                    html.Thead(
                        html.Tr(
                            [
                                html.Th("Rank", scope="col"),
                                html.Th("Name", scope="col"),
                                html.Th("Points", scope="col"),
                                html.Th("AI", scope="col"),
                                html.Th("Time", scope="col"),
                            ]
                        )
                    ),
                    html.Tbody([_line(rank) for rank in range(BOARD_ROWS)]),
                ],
                id="play-board-table",
                hidden=True,
                **{"aria-labelledby": "play-board-title"},
            ),
        ],
        className="card play-board",
        **{"aria-labelledby": "play-board-title"},
    )


def _sign() -> html.Form:
    return html.Form(
        [
            dmc.TextInput(
                id="play-name",
                label="Your name",
                attributes={"input": {"maxLength": NAME_LENGTH}},
                persistence=True,
                persistence_type="local",
                className="play-name",
                autoComplete="nickname",
            ),
            html.Button("Enter", type="submit", id="play-sign-button", className="button"),
        ],
        id="play-sign",
        className="play-sign",
        hidden=True,
    )


def _line(rank: int) -> html.Tr:
    cells = ("rank", "name", "points", "ai", "time")
    return html.Tr(
        [html.Td("", id={"part": f"play-board-{cell}", "rank": rank}) for cell in cells],
        id={"part": "play-board-row", "rank": rank},
        hidden=True,
    )
