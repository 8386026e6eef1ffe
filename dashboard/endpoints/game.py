"""The game against the model. A game belongs to the browser that began it, recognised by its cookie.

POST /play/games                        {rounds, difficulty, seed, start_over}   201 {game}
GET  /play/game                                                                  {game}: the visitor's latest, or null
POST /play/games/ID/rounds/N/guess      {label}                                  {game, answer}: with heatmaps
POST /play/games/ID/rounds/N/next                                                {game}
POST /play/games/ID/rounds/N/answer                                              the model's answer, with heatmaps
POST /play/games/ID/score               {name}                                   {game}
GET  /play/games/ID/rounds/N.jpg        the photo; `?side=` scales it down
GET  /play/scores?rounds=&difficulty=                                            {scores}: best first
GET  /play/cars                                                                  {cars}: all classes that can be named

`dashboard.game.view` describes a game, `dashboard.reports.answers` an answer. The model's answer at the time of the
guess counts; `POST …/answer` only shows the heatmaps again.
"""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, Conflict, NotFound

from dashboard.database import StoredGame
from dashboard.endpoints.bodies import json_object, json_text
from dashboard.endpoints.dataset import read_photo, read_picture
from dashboard.endpoints.pictures import asked_side, picture_response
from dashboard.game import engine
from dashboard.game.deck import Seed
from dashboard.game.rules import Difficulty, GameError, NotAllowed, TooFewPhotos, difficulty_of, rounds_of
from dashboard.game.state import Game, Likely, ModelTurn, from_state, to_state
from dashboard.game.view import as_seen
from dashboard.model_server.client import ModelClient, Timeout
from dashboard.model_server.errors import ModelServerError, TooSlow
from dashboard.photos.dataset import DatasetPhoto
from dashboard.photos.normalise import PhotoError
from dashboard.reports.answers import answer_for
from dashboard.services import Services
from dashboard.web import request_id
from dashboard.web.random_ids import is_id, new_id
from dashboard.web.visitors import COOKIE, visitor

MODEL_SECONDS = 8.0  # time for the model's turn: a player does not wait longer
CONNECT_SECONDS = 1.0  # part of MODEL_SECONDS
STATUS_SECONDS = 1.0  # time to learn which version is live, before a game that needs its metrics
ATTEMPTS = 5
BEGINNINGS = 10
SHUFFLES = 20
HIGHEST_SHUFFLE = 10_000

logger = logging.getLogger(__name__)


def blueprint(services: Services) -> Blueprint:
    """Defines the addresses above."""
    routes = Blueprint("game", __name__, url_prefix="/play")
    games = services.database.games
    settings = services.settings
    timeout = Timeout(min(settings.connect_timeout, CONNECT_SECONDS), settings.read_timeout)
    model = ModelClient(settings.model_server_url, settings.model_name, timeout, settings.model_label)

    @routes.errorhandler(GameError)
    def refused(error: GameError) -> tuple[Response, int]:
        start_over = isinstance(error, TooFewPhotos) and error.start_over
        return jsonify(error=str(error), start_over=start_over), 422 if isinstance(error, NotAllowed) else 409

    @routes.after_request
    def keep_nothing(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    def own(game_id: str) -> tuple[StoredGame, Game]:
        stored = games.find(game_id) if is_id(game_id) else None
        game = _readable(stored) if stored and stored.visitor == visitor() else None
        if stored is None or game is None:
            raise NotFound("This is no game of yours, or it is long over. Reload the page.")
        return stored, game

    def play(game_id: str, move: Callable[[Game], Game]) -> Game:
        """Makes a move and stores the game. If another tab stored a move first, makes this one after that."""
        for _ in range(ATTEMPTS):
            stored, game = own(game_id)
            moved = move(game)
            if moved is game or games.save(stored, to_state(moved)):
                return moved
        raise Conflict("This game is played in several tabs at once. Reload the page.")

    def photo_of(game_id: str, number: int) -> DatasetPhoto:
        return dataset_photo(own(game_id)[1].reached(number).photo)

    def dataset_photo(photo_id: str) -> DatasetPhoto:
        photo = services.dataset.read().by_id.get(photo_id)
        if photo is None:
            raise NotFound("This photo is not in the data set any more. Guess, and go on to the next.")
        return photo

    def answer_in_time(photo: DatasetPhoto) -> dict[str, Any]:
        content = read_photo(services, photo).content
        return answer_for(content, model, services.watch, services.versions, seconds=MODEL_SECONDS)

    @routes.post("/games")
    def begin() -> tuple[Response, int]:
        if COOKIE not in request.cookies:
            raise BadRequest("The game needs a cookie to know who plays it. Allow cookies for this page, then reload.")
        options = json_object()
        difficulty = difficulty_of(options.get("difficulty", Difficulty.MEDIUM))
        metrics = _live_metrics(services) if difficulty is Difficulty.MEDIUM else {}
        game_id = new_id()
        for _ in range(BEGINNINGS):
            before = games.current(visitor())  # read before `seen`, which could otherwise lack the photos of this game
            last = _readable(before) if before else None
            game = engine.start(
                services.dataset.read(),
                rounds=rounds_of(options.get("rounds", 5)),
                difficulty=difficulty,
                seed=Seed.parse(str(options["seed"])) if options.get("seed") is not None else None,
                seen=games.seen(visitor()),
                last=engine.next_seed(last) if last else None,
                start_over=options.get("start_over") is True or (last is not None and last.again),
                shuffles=(secrets.randbelow(HIGHEST_SHUFFLE) for _ in range(SHUFFLES)),
                metrics=metrics,
                now=time.time(),
            )
            if games.add(game_id, visitor(), to_state(game), before):
                return jsonify(game=as_seen(game_id, game)), 201
        raise Conflict("This browser starts too many games at once. Try again in a moment.")

    @routes.get("/game")
    def current() -> Response:
        stored = games.current(visitor())
        game = _readable(stored) if stored else None
        return jsonify(game=as_seen(stored.id, game) if stored and game else None)

    @routes.post("/games/<game_id>/rounds/<int:number>/guess")
    def guess(game_id: str, number: int) -> Response:
        label = json_text("label")
        makes = engine.makes_of(services.dataset.read())
        answer: dict[str, Any] | None = None

        @cache  # a second attempt, after another tab was faster, does not ask the model again
        def ask(photo_id: str) -> ModelTurn:
            nonlocal answer
            try:
                answer = answer_in_time(dataset_photo(photo_id))
            except (ModelServerError, PhotoError, NotFound) as error:
                logger.warning("The model missed its turn: %s (request %s)", error, request_id.current())
                return ModelTurn(missed=_why_missed(error))
            return ModelTurn(tuple(Likely(entry["label"], entry["probability"]) for entry in answer["classes"]))

        now = time.time()
        game = play(game_id, lambda game: engine.guess(game, number, label, makes, ask, now))
        return jsonify(game=as_seen(game_id, game), answer=answer)

    @routes.post("/games/<game_id>/rounds/<int:number>/next")
    def go_on(game_id: str, number: int) -> Response:
        game = play(game_id, lambda game: engine.go_on(game, number, time.time()))
        return jsonify(game=as_seen(game_id, game))

    @routes.post("/games/<game_id>/rounds/<int:number>/answer")
    def answer_again(game_id: str, number: int) -> Response:
        if not own(game_id)[1].reached(number).guess:
            raise Conflict("The model answers when you have. Choose an answer first.")
        return jsonify(answer_in_time(photo_of(game_id, number)))

    @routes.get("/games/<game_id>/rounds/<int:number>.jpg")
    def show(game_id: str, number: int) -> Response:
        picture = read_picture(services, photo_of(game_id, number), asked_side())
        return picture_response(picture.content, "no-store")

    @routes.post("/games/<game_id>/score")
    def score(game_id: str) -> Response:
        name = json_text("name")
        game = play(game_id, lambda game: engine.sign(game, name))
        services.database.scores.add(
            game_id=game_id,
            visitor=visitor(),
            name=game.name,
            points=game.points,
            ai_points=game.ai_points,
            rounds=len(game.rounds),
            difficulty=game.difficulty.value,
            seconds=game.seconds,
        )
        return jsonify(game=as_seen(game_id, game))

    @routes.get("/scores")
    def scores() -> Response:
        rounds = rounds_of(request.args.get("rounds", 5))
        top = services.database.scores.top(
            rounds, difficulty_of(request.args.get("difficulty", Difficulty.MEDIUM)).value
        )
        mine = games.current(visitor())
        return jsonify(
            scores=[
                {
                    "name": entry.name,
                    "points": entry.points,
                    "ai_points": entry.ai_points,
                    "seconds": round(entry.seconds),
                    "mine": mine is not None and entry.game_id == mine.id,
                }
                for entry in top
            ]
        )

    @routes.get("/cars")
    def cars() -> Response:
        dataset = services.dataset.read()
        # Beside makes, a class without one is chosen as its own make; without any make, models alone are offered.
        own_make = (lambda photo: photo.name) if dataset.has_makes else lambda _: ""
        known = {(photo.make or own_make(photo), photo.model, photo.label) for photo in dataset.kept}
        return jsonify(cars=[{"make": make, "model": model, "label": label} for make, model, label in sorted(known)])

    return routes


def _readable(stored: StoredGame) -> Game | None:
    """Returns the stored game, or None if another version of the dashboard stored it in another form."""
    try:
        return from_state(stored.state)
    except ValueError:
        return None


def _why_missed(error: Exception) -> str:
    if isinstance(error, TooSlow):
        return "The AI took too long to answer, so it missed its turn. Your answer counts."
    if isinstance(error, ModelServerError):
        return "The AI could not be asked, so it missed its turn. Your answer counts, and you can play on."
    return "The AI could not be shown this photo, so it missed its turn. Your answer counts."


def _live_metrics(services: Services) -> Mapping[str, Any]:
    """Returns the metrics of the live version, or of the newest version if the model server does not answer."""
    try:
        live = services.versions.find(services.watch.version(STATUS_SECONDS))
    except ModelServerError:
        live = None
    newest = next(iter(services.versions.all()), None)
    version = live or newest
    return version.metrics if version else {}
