"""The game: you and the model name what the same photos show, and the better one wins.

`assets/scripts/play/game.mjs` makes the moves, through the addresses in `endpoints/game.py`, and keeps the state in the
store `play-view`; `render.mjs` beside it turns the state into properties of the page:

    phase        loading, start, guessing, asking, revealed or over
    challenge    seed, rounds and difficulty of the address, until a game has begun; or null
    kind         rounds and difficulty of the next game, as the fields say
    game         as `dashboard.game.view` describes it, or null
    answer       the model's answer in this round, with its heatmaps; null before
    guess        the label that is being sent
    photo        address, width and height of the photo that has been loaded
    problem      a sentence, if something went wrong
    startOver    whether starting over with all photos would solve the problem
    board        rounds, difficulty and scores: the leaderboard of one kind of game; or null
    cars         all classes that can be named in a hard game, or null
    make, model  the choices in a hard game: a make, and a label
"""

import dash
from dash import Input, State, dcc, html

from dashboard.callbacks import run_in_browser
from dashboard.components.play_over import over, share
from dashboard.components.play_round import game_round
from dashboard.components.play_start import board, start
from dashboard.game.deck import Seed
from dashboard.game.rules import ROUNDS, Difficulty, NotAllowed, difficulty_of, rounds_of
from dashboard.pages.waiting import or_waiting
from dashboard.photos.dataset import Dataset
from dashboard.services import Services
from dashboard.subject import Subject


def register(app: dash.Dash, services: Services) -> None:
    """Adds the page to the app."""
    dash.register_page(
        "play",
        path="/play",
        order=1,
        name="Beat the AI",
        title="Beat the AI",
        description=lambda: _about(services.dataset.subject()),
        layout=or_waiting(
            services, lambda **query: layout(services.dataset.read(), services.dataset.subject(), **query)
        ),
    )
    settings = ("play-rounds", "play-difficulty")
    run_in_browser(
        app,
        "play.load",
        Input("play", "id"),
        *[State(store, "data") for store in ("play-challenge", "play-broken-link")],
        *[State(setting, "value") for setting in settings],
        starts_with="play",
    )
    run_in_browser(
        app,
        "play.update",
        Input("play-view", "data"),
        *[Input(field, "value") for field in (*settings, "play-make", "play-model")],
        *[Input(switch, "checked") for switch in ("play-heatmap-on", "play-grey-photo")],
    )


def layout(
    dataset: Dataset,
    subject: Subject,
    /,
    *,
    seed: str | None = None,
    rounds: str = "",
    difficulty: str = "",
    **_: object,
) -> html.Main:
    """Returns the page's fixed skeleton; scripts write texts, sizes and addresses into it, never components.

    Args:
        dataset: The photos.
        subject: What they show.
        seed: Names the photos of a challenge, see `dashboard.game.deck`.
        rounds: Number of rounds of the challenge.
        difficulty: Difficulty of the challenge.
    """
    problem = _problem(seed, rounds, difficulty)
    count = int(rounds) if rounds in map(str, ROUNDS) else 5
    level = Difficulty(difficulty) if difficulty in list(Difficulty) else Difficulty.MEDIUM
    challenge = {"seed": seed, "rounds": count, "difficulty": level.value} if seed and not problem else None
    fair = any(photo.split == "test" for photo in dataset.unseen)
    return html.Main(
        [
            dcc.Store(id="play-challenge", data=challenge),
            dcc.Store(id="play-broken-link", data=problem or None),
            dcc.Store(id="play-view"),
            html.Div(
                [
                    html.H1("Beat the AI"),
                    html.P(_about(subject), className="dimmed"),
                ],
                className="page-head",
            ),
            html.Div(
                [
                    html.P(problem, id="play-problem-text"),
                    html.Button(
                        "Start over with all photos",
                        type="button",
                        id="play-start-over",
                        className="link-button",
                        hidden=True,
                    ),
                    html.Button("Close", type="button", id="play-close-problem", className="link-button"),
                ],
                id="play-problem",
                className="problem",
                role="alert",
                **{"data-shown": "yes" if problem else "no"},
            ),
            html.P("", id="play-announcement", className="visually-hidden", role="status"),
            game_round(subject),
            html.Div(
                [
                    html.Div(
                        [
                            start(
                                count,
                                level,
                                challenged=challenge is not None,
                                fair=fair,
                                subject=subject,
                                has_makes=dataset.has_makes or not dataset.kept,
                            ),
                            over(),
                        ]
                    ),
                    html.Div([board(), share()], className="play-aside"),
                ],
                className="play-columns columns",
            ),
        ],
        id="play",
        className="page play-page",
        **{"data-phase": "loading", "data-naming": "no", "data-grey": "no"} | subject.attributes,
    )


def _about(subject: Subject) -> str:
    return f"You and the AI see the same photo. {subject.contest}"


def _problem(seed: str | None, rounds: str, difficulty: str) -> str:
    """Says in a sentence why the address is no valid challenge; empty if it is one."""
    try:
        if seed is not None:
            Seed.parse(str(seed))  # a list, if the address has it twice
        if rounds:
            rounds_of(rounds)
        if difficulty:
            difficulty_of(difficulty)
    except NotAllowed as error:
        return f"This link cannot be played as it is. {error} Choose a game here, or ask for the right link."
    return ""
