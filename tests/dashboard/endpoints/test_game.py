"""The game's addresses: the owner of a game, secrecy before a guess, and a missing model server."""

import io
import json
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from dashboard import Settings, create_app
from dashboard.database import open_database
from dashboard.game.rules import Difficulty
from dashboard.photos.dataset import read_dataset
from dashboard.web.visitors import COOKIE
from tests.support.datasets import kept_in, write_plain_photos
from tests.support.local_model_server import local_model_server, sent_photo

LABELS = ("Aurelio_Vela", "Maki_Hoshi", "Orsini_Lince")


@pytest.fixture(scope="module")
def model():
    with local_model_server() as server:
        yield server


@pytest.fixture(scope="module")
def settings(model, tmp_path_factory):
    """Three kinds of cars, two photos of each; one database for all tests."""
    folder = tmp_path_factory.mktemp("game")
    manifest = write_plain_photos(folder, dict.fromkeys(LABELS, "red"), each=2, size=(90, 60))
    return Settings(
        model_server_url=model.url,
        model_name="good",
        manifest=manifest,
        model_folder=folder / "model",
        photo_side=64,
        **kept_in(folder),
    )


@pytest.fixture(scope="module")
def app(settings):
    return create_app(settings)


@pytest.fixture
def player(app):
    """Makes a browser of its own, or another tab of the same one."""

    def player(visitor=None, app=app):
        web = app.server.test_client()
        web.set_cookie(COOKIE, visitor or secrets.token_hex(16))
        return web

    return player


@pytest.fixture
def truths(settings):
    return {photo.id: photo for photo in read_dataset(settings.manifest).photos}


def begin(web, **wishes):
    answer = web.post("/play/games", json={"rounds": 3, "difficulty": "medium"} | wishes)
    assert answer.status_code == 201, answer.json
    return answer.json["game"]


def guess(web, game, label=None, number=None):
    address = f"/play/games/{game['id']}/rounds/{number or game['number']}/guess"
    return web.post(address, json={"label": label or game["choices"][0]["label"]})


def go_on(web, game):
    answer = web.post(f"/play/games/{game['id']}/rounds/{game['number']}/next")
    assert answer.status_code == 200, answer.json
    return answer.json["game"]


def play_on(web, game):
    while game["phase"] != "over":
        assert guess(web, game).status_code == 200
        game = go_on(web, game)
    return game


def test_a_game_from_start_to_leaderboard(player, model):
    web = player()
    assert web.get("/play/game").json == {"game": None}
    game = begin(web)
    assert (game["rounds"], game["number"], game["phase"]) == (3, 1, "guessing")
    for number in (1, 2, 3):
        photo = web.get(f"/play/games/{game['id']}/rounds/{number}.jpg")
        assert (photo.status_code, photo.mimetype, photo.headers["Cache-Control"]) == (200, "image/jpeg", "no-store")
        assert Image.open(io.BytesIO(photo.data)).size == (64, 43)
        told = guess(web, game).json
        assert sent_photo(model).size == (90, 60)
        assert told["answer"]["classes"][0]["map"] == [[1.0, 2.0], [-0.5, 0.5]]
        played = told["game"]["played"][number - 1]
        assert [answer["name"] for answer in played["ai"]] == ["Aurelio Vela", "Brandt-Kessler Nord Kap", "Maki Hoshi"]
        assert played["points"] == (played["guess"] == played["truth"])
        assert played["ai_points"] == (played["truth"] == "Aurelio Vela")
        game = go_on(web, told["game"])
    assert game["phase"] == "over"
    assert game["points"] == sum(played["points"] for played in game["played"])
    signed = web.post(f"/play/games/{game['id']}/score", json={"name": " Ada "})
    assert signed.json["game"]["name"] == "Ada"
    assert web.post(f"/play/games/{game['id']}/score", json={"name": "Ada"}).status_code == 200
    board = web.get("/play/scores?rounds=3&difficulty=medium").json["scores"]
    assert [(line["name"], line["points"], line["ai_points"]) for line in board] == [
        ("Ada", game["points"], game["ai_points"])
    ]
    assert board[0]["mine"]
    assert not player().get("/play/scores?rounds=3&difficulty=medium").json["scores"][0]["mine"]
    assert web.get("/play/scores?rounds=5&difficulty=medium").json == {"scores": []}


@pytest.mark.parametrize("difficulty", list(Difficulty))
def test_nothing_gives_the_answer_away_before_the_guess(player, truths, difficulty):
    web = player()
    told = web.post("/play/games", json={"rounds": 5, "difficulty": difficulty})
    for number in range(1, 6):
        for answer in (told, web.get("/play/game")):
            game = answer.json["game"]
            assert len(game.pop("played")) == number - 1
            assert all(set(choice) == {"label", "name"} for choice in game.pop("choices"))
            photo = web.get(f"/play/games/{game['id']}/rounds/{number}.jpg")
            text = json.dumps(game) + str(photo.headers) + str(answer.headers) + photo.data.decode("latin-1")
            for secret in truths.values():
                for word in (secret.id, secret.file_name, secret.label, secret.name, secret.make, secret.model):
                    assert word not in text
        guess(web, game, label="Maki_Hoshi")
        told = web.post(f"/play/games/{game['id']}/rounds/{number}/next")


def test_a_photo_is_shown_when_its_round_has_come(player):
    web = player()
    game = begin(web)
    assert web.get(f"/play/games/{game['id']}/rounds/2.jpg").status_code == 409
    go_on(web, guess(web, game).json["game"])
    assert web.get(f"/play/games/{game['id']}/rounds/2.jpg").status_code == 200
    assert web.get(f"/play/games/{game['id']}/rounds/1.jpg?side=400").status_code == 200


def test_nobody_else_comes_near_a_game(player):
    web, other = player(), player()
    game = begin(web)
    assert other.get("/play/game").json == {"game": None}
    round_address = f"/play/games/{game['id']}/rounds/1"
    for method, address, body in [
        ("GET", f"{round_address}.jpg", None),
        ("POST", f"{round_address}/guess", {"label": game["choices"][0]["label"]}),
        ("POST", f"{round_address}/next", None),
        ("POST", f"{round_address}/answer", None),
        ("POST", f"/play/games/{game['id']}/score", {"name": "Eve"}),
    ]:
        answer = other.open(address, method=method, json=body)
        assert (answer.status_code, answer.json) == (
            404,
            {"error": "This is no game of yours, or it is long over. Reload the page."},
        )
    assert web.get("/play/game").json["game"] == game
    theirs = begin(other)
    guess(other, theirs)
    assert web.get("/play/game").json["game"] == game
    assert other.get("/play/game").json["game"]["phase"] == "revealed"


def test_every_worker_knows_the_game_as_it_is(player, settings):
    """No process keeps a game: each request may reach another process."""
    workers = [player("a" * 32), player("a" * 32, create_app(settings))]
    game = begin(workers[0])
    for number in range(3):
        one, other = workers[number % 2], workers[1 - number % 2]
        assert other.get("/play/game").json["game"] == game
        game = guess(one, game).json["game"]
        assert other.get("/play/game").json["game"] == game
        game = go_on(other, game)
    assert game["phase"] == "over"


def test_of_several_guesses_at_once_one_counts(player):
    tabs = [player("b" * 32) for _ in range(6)]
    game = begin(tabs[0])
    labels = [choice["label"] for choice in game["choices"]] * 2
    with ThreadPoolExecutor(len(tabs)) as pool:
        answers = list(pool.map(lambda tab, label: guess(tab, game, label), tabs, labels))
    played = tabs[0].get("/play/game").json["game"]["played"]
    assert len(played) == 1
    for answer, label in zip(answers, labels, strict=True):
        if label.replace("_", " ") == played[0]["guess"]:
            assert (answer.status_code, answer.json["game"]["played"]) == (200, played)
        else:
            assert (answer.status_code, answer.json["error"][:32]) == (409, "Round 1 has been answered alread")


def test_a_guess_that_is_sent_again_is_answered_again(player, model):
    web = player()
    game = begin(web)
    first = guess(web, game).json
    asked = len(model.bodies)
    again = guess(web, game).json
    assert again == first | {"answer": None}
    assert len(model.bodies) == asked, "what the model said stays"
    shown_again = web.post(f"/play/games/{game['id']}/rounds/1/answer").json
    assert shown_again["classes"] == first["answer"]["classes"]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ({"behaves_like": "status-503"}, "could not be asked"),
        ({"behaves_like": "no-explanation"}, "could not be asked"),
        ({"slow": True}, "took too long to answer"),
    ],
)
def test_while_the_model_is_away_the_game_goes_on(player, settings, model, behaviour, words):
    visitor = secrets.token_hex(16)
    patience = {"read_timeout": 0.2} if "slow" in behaviour else {}
    web = player(visitor, create_app(settings.model_copy(update=patience)))
    game = begin(web)
    for name, value in behaviour.items():
        setattr(model, name, value)
    try:
        told = guess(web, game)
        maps = web.post(f"/play/games/{game['id']}/rounds/1/answer")
    finally:
        model.behaves_like, model.slow = None, False
    assert (told.status_code, told.json["answer"]) == (200, None)
    played = told.json["game"]["played"][0]
    assert words in played["missed"]
    assert (played["ai"], played["ai_points"]) == ([], 0)
    assert played["points"] == (played["guess"] == played["truth"])
    assert maps.status_code in (502, 504)
    web = player(visitor)
    over = play_on(web, go_on(web, told.json["game"]))
    assert [bool(played["missed"]) for played in over["played"]] == [True, False, False], "it is back by itself"


def test_without_any_model_server_there_is_a_game(player, settings, closed_url):
    web = player(app=create_app(settings.model_copy(update={"model_server_url": closed_url})))
    over = play_on(web, begin(web))
    assert ["could not be asked" in played["missed"] for played in over["played"]] == [True] * 3


def test_a_photo_that_is_gone_does_not_stop_the_game(player, truths):
    web = player()
    game = begin(web)
    for photo in truths.values():
        photo.path.rename(photo.path.with_suffix(".away"))
    try:
        assert web.get(f"/play/games/{game['id']}/rounds/1.jpg").status_code == 404
        told = guess(web, game).json["game"]
    finally:
        for photo in truths.values():
            photo.path.with_suffix(".away").rename(photo.path)
    assert "could not be shown this photo" in told["played"][0]["missed"]
    assert go_on(web, told)["number"] == 2


def test_photos_come_again_only_when_it_is_asked_for(player):
    web = player()
    seen = []
    for _ in range(2):
        game = play_on(web, begin(web))
        assert game["ranked"]
        seen += [web.get(f"/play/games/{game['id']}/rounds/{number}.jpg").data for number in (1, 2, 3)]
    refused = web.post("/play/games", json={"rounds": 3, "difficulty": "medium"})
    assert refused.status_code == 409
    assert refused.json["start_over"] is True
    assert "Start over with all of them" in refused.json["error"]
    assert not begin(web, start_over=True)["ranked"]
    begin(web)
    assert begin(player())["ranked"], "another player has seen nothing"


def test_a_seed_gives_two_players_the_same_game(player):
    web, other = player(), player()
    games = [begin(who, seed=seed, rounds=5) for who, seed in ((web, "7"), (other, 7), (web, "7"))]
    assert [game["seed"] for game in games] == ["7"] * 3
    for _ in range(5):
        assert games[0]["choices"] == games[1]["choices"] == games[2]["choices"]
        told = [guess(who, game).json["game"] for who, game in zip((web, other, web), games, strict=True)]
        games = [go_on(who, game) for who, game in zip((web, other, web), told, strict=True)]
    assert games[0]["played"] == games[1]["played"] == games[2]["played"]
    assert [game["ranked"] for game in games] == [True, True, False]


def test_what_can_be_named_in_a_hard_game(player):
    assert player().get("/play/cars").json["cars"] == [
        {"make": "Aurelio", "model": "Vela", "label": "Aurelio_Vela"},
        {"make": "Maki", "model": "Hoshi", "label": "Maki_Hoshi"},
        {"make": "Orsini", "model": "Lince", "label": "Orsini_Lince"},
    ]


@pytest.mark.parametrize(
    ("address", "body", "code", "words"),
    [
        ("/play/games", {"rounds": 4}, 422, "3, 5, 10 rounds. Received: 4."),
        ("/play/games", {"rounds": True}, 422, "3, 5, 10 rounds"),
        ("/play/games", {"difficulty": "absurd"}, 422, "easy, medium, hard. Received: 'absurd'."),
        ("/play/games", {"seed": "x"}, 422, "A seed is a whole number"),
        ("/play/games", {"rounds": 10}, 409, "the data set has only 6 photos"),
        ("/play/games", [], 400, "must be a JSON object"),
        ("/play/games", None, 400, "must be JSON"),
        ("/play/games/%00abc/rounds/1/next", None, 404, "no game of yours"),
        ("/play/games/{id}/rounds/1/guess", {"label": "Nobody_Knows"}, 422, "cannot be chosen"),
        ("/play/games/{id}/rounds/1/guess", {"label": 3}, 400, '{"label": "text"}'),
        ("/play/games/{id}/rounds/2/guess", {"label": "Maki_Hoshi"}, 409, "Round 2 has not begun"),
        ("/play/games/{id}/rounds/9/guess", {"label": "Maki_Hoshi"}, 409, "Round 9 has not begun"),
        ("/play/games/{id}/rounds/1/next", None, 409, "has no answer"),
        ("/play/games/{id}/rounds/1/answer", None, 409, "when you have"),
        ("/play/games/{id}/score", {"name": "Ada"}, 409, "not over"),
        ("/play/games/{id}/score", {"name": "x" * 25}, 422, "1 to 24 characters"),
        ("/play/games/0/rounds/1/next", None, 404, "no game of yours"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_nothing_is_lost(player, address, body, code, words):
    web = player()
    game = begin(web)
    answer = web.post(address.format(id=game["id"]), json=body)
    assert answer.status_code == code
    assert words in answer.json["error"]
    assert web.get("/play/game").json["game"] == game


@pytest.mark.parametrize("query", ["rounds=abc", "rounds=4", "rounds=", "difficulty=absurd"])
def test_a_leaderboard_of_games_that_there_are_not_is_a_sentence(player, query):
    answer = player().get(f"/play/scores?{query}")
    assert answer.status_code == 422
    assert "Received: " in answer.json["error"]


def test_games_begun_at_once_have_no_photo_in_common(player, settings, truths):
    """A game takes three of six photos: two tabs get a game, the others an error that no photos are left."""
    database = open_database(settings.database_url)
    for _ in range(3):
        visitor = secrets.token_hex(16)
        tabs = [player(visitor) for _ in range(4)]
        with ThreadPoolExecutor(len(tabs)) as pool:
            begun = list(pool.map(lambda web: web.post("/play/games", json={"rounds": 3}).status_code, tabs))
        assert sorted(begun) == [201, 201, 409, 409]
        assert database.games.seen(visitor) == set(truths)
    database.engine.dispose()


@pytest.mark.parametrize(("live", "offered"), [(True, {"ABCD", "EFGH"}), (False, {"AECG", "BFDH"})])
def test_medium_offers_what_the_live_version_mixes_up_or_else_the_newest(
    player, model, tmp_path, closed_url, live, offered
):
    """Version 3 is live and confuses some cars; version 4 is newer and confuses others."""
    labels = [f"{make}_X" for make in "ABCDEFGH"]
    for label in labels:
        Image.new("RGB", (60, 40), "red").save(tmp_path / f"{label}.jpg")
    rows = "".join(f"{label}.jpg,{label},test\n" for label in labels)
    (tmp_path / "manifest.csv").write_text("file_name,label,split\n" + rows)
    for number, groups in ((3, ("ABCD", "EFGH")), (4, ("AECG", "BFDH"))):
        matrix = [[int(any({a[0], b[0]} <= set(group) for group in groups)) for b in labels] for a in labels]
        assets = tmp_path / "model" / str(number) / "assets.extra"
        assets.mkdir(parents=True)
        (assets / "metrics.json").write_text(json.dumps({"confusion": {"labels": labels, "matrix": matrix}}))
    app = create_app(
        Settings(
            model_server_url=model.url if live else closed_url,
            model_name="good",
            manifest=tmp_path / "manifest.csv",
            model_folder=tmp_path / "model",
            **kept_in(tmp_path),
        )
    )
    web = player(app=app)
    game = begin(web, rounds=5)
    while game["phase"] != "over":
        assert {choice["label"][0] for choice in game["choices"]} in [set(group) for group in offered]
        game = go_on(web, guess(web, game).json["game"])


def test_without_cookies_the_game_says_so(app):
    web = app.server.test_client(use_cookies=False)
    answer = web.post("/play/games", json={})
    assert answer.status_code == 400
    assert "Allow cookies" in answer.json["error"]


def test_a_game_of_another_version_of_the_dashboard_is_no_game(player, settings):
    web = player("c" * 32)
    open_database(settings.database_url).games.add("d" * 32, "c" * 32, {"photos": [], "round": 1}, None)
    assert web.get("/play/game").json == {"game": None}
    assert web.post(f"/play/games/{'d' * 32}/rounds/1/next").status_code == 404
    assert begin(web)["number"] == 1
