"""The game: you and the model name the same cars, and the better one wins.

`assets/play.js` makes the moves, by the addresses in `endpoints/game.py`; everything the page shows is worked out in
`assets/play-view.js`, from three stores:

    play-view     phase: loading, start, guessing, asking, revealed or over
                  challenge: seed, rounds and difficulty of the address, until a game has begun; or null
                  game: as `dashboard.game.view` describes it, or null
                  answer: what the model said of the round in hand, with its maps; null before
                  guess: the label that is being sent
                  photo: address, width and height of the photo that has been loaded
                  problem: a sentence, if something went wrong; start_over: whether starting over would help
    play-board    rounds, difficulty, scores: the leaderboard of one kind of game
    play-cars     all that can be named in a hard game
"""

import dash
from dash import ALL, ClientsideFunction, Input, Output, State, dcc, html

from dashboard.components.play_over import over, share
from dashboard.components.play_round import game_round
from dashboard.components.play_start import board, start
from dashboard.game.deck import Seed
from dashboard.game.rules import ROUNDS, Difficulty, NotAllowed, difficulty_of, rounds_of
from dashboard.photos.dataset import Dataset
from dashboard.services import Services


def register(app: dash.Dash, services: Services) -> None:
    """Adds the page to the app."""
    dash.register_page(
        "play",
        path="/play",
        order=1,
        name="Beat the AI",
        title="Beat the AI",
        description="You and the AI see the same photo. Who knows the car?",
        layout=lambda **query: layout(services.dataset.read(), **query),
    )
    _moves(app)
    _view(app)


def _moves(app: dash.Dash) -> None:
    """What the page asks for by itself."""
    app.clientside_callback(
        ClientsideFunction("play", "load"),
        Output("play-view", "data"),
        Input("play-challenge", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("play", "choose_kind"),
        Output("play-board", "data"),
        Input("play-rounds", "value"),
        Input("play-difficulty", "value"),
    )


def _view(app: dash.Dash) -> None:
    """What is written where."""
    view, cars = Input("play-view", "data"), Input("play-cars", "data")

    def shown(function: str, *outputs_and_inputs: Output | Input | State) -> None:
        app.clientside_callback(ClientsideFunction("play_view", function), *outputs_and_inputs)

    shown(
        "page",
        Output("play", "data-phase"),
        Output("play", "data-naming"),
        Output("play-problem", "data-shown"),
        Output("play-problem-text", "children"),
        Output("play-start-over", "hidden"),
        Output("play-announcement", "children"),
        Output("play-start-title", "children"),
        Output("play-challenge-about", "hidden"),
        Output("play-decline", "hidden"),
        Output("play-kind", "hidden"),
        Output("play-resume", "children"),
        Output("play-resume", "style"),
        view,
    )
    shown(
        "round",
        Output("play-round-title", "children"),
        Output("play-points-you", "children"),
        Output("play-points-ai", "children"),
        Output({"part": "play-dot-you", "place": ALL}, "className"),
        Output({"part": "play-dot-ai", "place": ALL}, "className"),
        Output("play-photo", "src"),
        Output("play-frame", "style"),
        Output({"part": "play-choice-name", "place": ALL}, "children"),
        Output({"part": "play-choice", "place": ALL}, "className"),
        Output({"part": "play-choice", "place": ALL}, "disabled"),
        Output({"part": "play-choice", "place": ALL}, "hidden"),
        view,
    )
    shown(
        "reveal",
        Output("play-reveal", "data-points"),
        Output("play-verdict", "children"),
        Output("play-truth", "children"),
        Output("play-your-answer", "children"),
        Output("play-missed", "children"),
        Output({"part": "play-ai-row", "rank": ALL}, "hidden"),
        Output({"part": "play-ai-row", "rank": ALL}, "className"),
        Output({"part": "play-ai-name", "rank": ALL}, "children"),
        Output({"part": "play-ai-percent", "rank": ALL}, "children"),
        Output({"part": "play-ai-bar", "rank": ALL}, "style"),
        Output("play-next", "children"),
        view,
    )
    shown(
        "heatmap",
        Output("play-heatmap", "hidden"),
        Output("play-heatmap", "aria-label"),
        Output("play-evidence", "children"),
        Output("play-heatmap-on", "disabled"),
        view,
        Input("play-heatmap-on", "checked"),
    )
    shown("makes", Output("play-make", "data"), cars)
    shown("first_make", Output("play-make", "value"), view)
    shown(
        "models",
        Output("play-model", "data"),
        Output("play-model", "value"),
        Output("play-model", "disabled"),
        Input("play-make", "value"),
        State("play-cars", "data"),
    )
    shown("may_guess", Output("play-guess", "disabled"), Input("play-model", "value"), view)
    shown(
        "over",
        Output("play-result", "children"),
        Output("play-result-about", "children"),
        Output("play-share-text", "children"),
        Output({"part": "play-recap-round", "place": ALL}, "hidden"),
        Output({"part": "play-recap-photo", "place": ALL}, "src"),
        Output({"part": "play-recap-truth", "place": ALL}, "children"),
        Output({"part": "play-recap-you", "place": ALL}, "children"),
        Output({"part": "play-recap-ai", "place": ALL}, "children"),
        view,
    )
    shown(
        "board",
        Output("play-board-kind", "children"),
        Output("play-sign", "hidden"),
        Output("play-board-note", "children"),
        Output("play-board-table", "hidden"),
        Output({"part": "play-board-row", "rank": ALL}, "hidden"),
        Output({"part": "play-board-row", "rank": ALL}, "className"),
        *(
            Output({"part": f"play-board-{cell}", "rank": ALL}, "children")
            for cell in ("rank", "name", "points", "ai", "time")
        ),
        Input("play-board", "data"),
        view,
    )


def layout(
    dataset: Dataset, *, seed: str | None = None, rounds: str = "", difficulty: str = "", **_: object
) -> html.Main:
    """The page's fixed skeleton; callbacks write texts, sizes and addresses into it, never parts.

    Args:
        dataset: Where the photos come from.
        seed: Names the photos of a challenge, see `dashboard.game.deck`.
        rounds: How many the challenge has.
        difficulty: How hard it is.
    """
    problem = _problem(seed, rounds, difficulty)
    count = int(rounds) if rounds in map(str, ROUNDS) else 5
    level = Difficulty(difficulty) if difficulty in list(Difficulty) else Difficulty.MEDIUM
    challenge = {"seed": seed, "rounds": count, "difficulty": level.value} if seed and not problem else None
    fair = any(photo.split == "test" for photo in dataset.unseen)
    return html.Main(
        [
            dcc.Store(id="play-challenge", data=challenge),
            dcc.Store(id="play-view"),
            dcc.Store(id="play-board"),
            dcc.Store(id="play-cars"),
            html.Div(
                [
                    html.H1("Beat the AI"),
                    html.P("You and the AI see the same photo. Who knows the car?", className="dimmed"),
                ],
                className="page-head",
            ),
            html.Div(
                [
                    html.P("", id="play-problem-text"),
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
                **{"data-shown": "no"},
            ),
            html.P("", id="play-announcement", className="visually-hidden", role="status"),
            game_round(),
            html.Div(
                [
                    html.Div(
                        [start(count, level, challenged=challenge is not None, fair=fair, problem=problem), over()]
                    ),
                    html.Div([board(), share()], className="play-aside"),
                ],
                className="play-columns columns",
            ),
        ],
        id="play",
        className="page play-page",
        **{"data-phase": "loading", "data-naming": "no"},
    )


def _problem(seed: str | None, rounds: str, difficulty: str) -> str:
    """Why an address cannot be played as it is, as a sentence; nothing if it can."""
    try:
        if seed is not None:
            Seed.parse(str(seed))  # given twice, it is a list
        if rounds:
            rounds_of(rounds)
        if difficulty:
            difficulty_of(difficulty)
    except NotAllowed as error:
        return f"This link cannot be played as it is. {error} Choose a game here, or ask for the right link."
    return ""
