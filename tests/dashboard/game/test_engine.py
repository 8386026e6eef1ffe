"""The moves of a game, from its first round to its last."""

import json

import pytest

from dashboard.game import engine
from dashboard.game.deck import Seed
from dashboard.game.rules import Difficulty, NotAllowed, NotNow, TooFewPhotos
from dashboard.game.state import Likely, ModelTurn, from_state, to_state
from dashboard.game.view import as_seen

MISSED = ModelTurn(missed="The AI could not be asked.")


@pytest.fixture
def begin(dataset_of):
    dataset = dataset_of()

    def begin(difficulty=Difficulty.MEDIUM, rounds=3, seen=(), seed=None, start_over=False):
        return engine.start(
            dataset,
            rounds=rounds,
            difficulty=difficulty,
            seed=seed,
            seen=seen,
            last=None,
            start_over=start_over,
            shuffles=[5],
            metrics={},
            now=100.0,
        )

    begin.makes = engine.makes_of(dataset)
    return begin


def says(label):
    return lambda _: ModelTurn((Likely(label, 0.75), Likely("Brandt_Nord", 0.25)))


def wrong_one(game, number=1):
    return next(label for label in game.rounds[number - 1].choices if label != game.rounds[number - 1].label)


@pytest.mark.parametrize(
    ("difficulty", "yours", "its", "points"),
    [
        ("easy", "Maki_Hoshi", "Maki_Hoshi", (1, 1)),
        ("easy", "Maki_Hoshi", "Maki_Tsuki", (1, 0)),
        ("medium", "Maki_Tsuki", "Maki_Hoshi", (0, 1)),
        ("hard", "Maki_Tsuki", "Maki_Hoshi", (0.5, 1)),
        ("hard", "Orsini_Lince", "Maki_Tsuki", (0, 0.5)),
        ("hard", "Maki_Hoshi", "Orsini_Lince", (1, 0)),
        ("hard", "Maki_Hoshi", "Maki_Of Another Data Set", (1, 0.5)),
    ],
)
def test_both_players_are_scored_by_the_same_rule(begin, difficulty, yours, its, points):
    game = begin(Difficulty(difficulty), rounds=10)
    while game.rounds[game.place].label != "Maki_Hoshi" or yours not in (
        game.rounds[game.place].choices or begin.makes
    ):
        number = game.place + 1
        game = engine.guess(game, number, game.rounds[game.place].label, begin.makes, lambda _: MISSED, 100.0)
        game = engine.go_on(game, number, 100.0)
    before = game.points
    game = engine.guess(game, game.place + 1, yours, begin.makes, says(its), 100.0)
    assert (game.points - before, game.ai_points) == points


def test_a_game_goes_through_its_rounds_and_ends(begin):
    game = begin()
    now = 100.0
    for number in (1, 2, 3):
        assert as_seen("x", game)["phase"] == "guessing"
        now += 7
        game = engine.guess(game, number, game.rounds[number - 1].label, begin.makes, says("Orsini_Lince"), now)
        assert as_seen("x", game)["phase"] == "revealed"
        now += 1000
        game = engine.go_on(game, number, now)
    assert game.over
    assert as_seen("x", game)["phase"] == "over"
    assert (game.points, game.seconds) == (3, 21), "looking at the answer costs no time"


def test_a_move_out_of_turn_is_a_sentence_and_changes_nothing(begin):
    fresh = begin()
    truth = fresh.rounds[0].label
    answered = engine.guess(fresh, 1, truth, begin.makes, says(truth), 101.0)
    never = pytest.fail
    for move, error, words in [
        (lambda: engine.guess(fresh, 2, truth, begin.makes, never, 101.0), NotNow, "Round 2 has not begun"),
        (lambda: engine.guess(fresh, 0, truth, begin.makes, never, 101.0), NotNow, "Round 0 has not begun"),
        (lambda: engine.guess(fresh, 1, "No_Car", begin.makes, never, 101.0), NotAllowed, "cannot be chosen"),
        (lambda: engine.guess(answered, 1, wrong_one(fresh), begin.makes, never, 9.0), NotNow, "answered already"),
        (lambda: engine.go_on(fresh, 1, 101.0), NotNow, "has no answer. Choose an answer first"),
        (lambda: engine.go_on(answered, 2, 101.0), NotNow, "has not begun"),
        (lambda: engine.sign(answered, "Ada"), NotNow, "not over"),
        (lambda: fresh.reached(2), NotNow, "has not begun"),
        (lambda: fresh.reached(4), NotNow, "has not begun"),
    ]:
        with pytest.raises(error, match=words):
            move()
    assert fresh.guesses == []


def test_the_same_move_twice_is_one_move(begin):
    game = begin()
    truth = game.rounds[0].label
    answered = engine.guess(game, 1, truth, begin.makes, says(truth), 101.0)
    assert engine.guess(answered, 1, truth, begin.makes, pytest.fail, 900.0) is answered
    moved = engine.go_on(answered, 1, 200.0)
    assert engine.go_on(moved, 1, 900.0) is moved
    assert moved.place == 1


def test_a_model_that_misses_its_turn_gets_nothing_and_the_player_goes_on(begin):
    game = begin()
    game = engine.guess(game, 1, game.rounds[0].label, begin.makes, lambda _: MISSED, 101.0)
    assert (game.points, game.ai_points) == (1, 0)
    assert as_seen("x", game)["played"][0]["missed"] == "The AI could not be asked."
    assert engine.go_on(game, 1, 102.0).place == 1


def test_a_seed_gives_everybody_the_same_choices(begin):
    first = begin(seed=Seed(11))
    again = begin(seed=Seed(11), seen={played.photo for played in first.rounds})
    assert again.rounds == first.rounds
    assert (first.ranked, again.ranked) == (True, False), "who has seen the photos knows the answers"
    assert begin(seed=Seed(12)).rounds != first.rounds


def test_starting_over_lasts(begin):
    assert begin(start_over=True).again
    assert not begin().again


@pytest.mark.parametrize("difficulty", list(Difficulty))
def test_a_game_is_the_same_after_it_was_kept(begin, difficulty):
    game = begin(difficulty)
    label = game.rounds[0].label
    for kept in (game, engine.guess(game, 1, label, begin.makes, says(label), 101.0)):
        state = json.loads(json.dumps(to_state(kept)))
        assert from_state(state) == kept
        assert state["photos"] == [played.photo for played in kept.rounds]


@pytest.mark.parametrize("state", [{}, {"rounds": 3}, {"photos": []}])
def test_a_state_of_another_version_is_refused(state):
    with pytest.raises(ValueError, match="validation error"):
        from_state(state)


@pytest.mark.parametrize("difficulty", list(Difficulty))
def test_what_a_player_sees_before_the_guess_does_not_tell_the_answer(begin, difficulty):
    game = begin(difficulty)
    seen = as_seen("x", game)
    assert [choice["label"] for choice in seen.pop("choices")] == list(game.rounds[0].choices)
    text = json.dumps(seen)
    for played in game.rounds:
        for secret in (played.label, played.label.partition("_")[2], played.photo):
            assert secret not in text


@pytest.mark.parametrize(
    ("name", "kept"),
    [("Ada", "Ada"), ("  Ada \n\t Lovelace ", "Ada Lovelace"), ("\u202eada", "ada"), ("x" * 24, "x" * 24)],
)
def test_a_winner_has_a_name_in_one_line(begin, name, kept):
    game = over(begin())
    assert engine.sign(game, name).name == kept


@pytest.mark.parametrize("name", ["", " \n", "x" * 25])
def test_what_is_no_name_is_a_sentence(begin, name):
    with pytest.raises(NotAllowed, match="1 to 24 characters"):
        engine.sign(over(begin()), name)


def test_a_game_is_signed_once_and_only_if_it_counts(begin):
    game = engine.sign(over(begin()), "Ada")
    assert engine.sign(game, "Ada") == game
    with pytest.raises(NotNow, match="on the leaderboard already, as “Ada”"):
        engine.sign(game, "Bob")
    known = over(begin(seen={begin().rounds[0].photo}, seed=Seed(5)))
    with pytest.raises(NotNow, match="had seen some of these photos"):
        engine.sign(known, "Ada")


def test_one_kind_of_car_is_no_game(dataset_of):
    with pytest.raises(TooFewPhotos, match="nothing to guess"):
        engine.start(
            dataset_of(labels=("Maki_Hoshi",)),
            rounds=3,
            difficulty=Difficulty.EASY,
            seed=None,
            seen=(),
            last=None,
            start_over=False,
            shuffles=[1],
            metrics={},
            now=0.0,
        )


def over(game):
    for number, played in enumerate(game.rounds, start=1):
        game = engine.guess(game, number, played.label, {}, lambda _: MISSED, 101.0)
        game = engine.go_on(game, number, 102.0)
    return game
