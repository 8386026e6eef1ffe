"""Both databases return the entries that were stored, even if several processes store at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dashboard.database import DatabaseError, Feedback, open_database
from dashboard.database.tables import feedback, games

ANNA, BERT = "a" * 32, "b" * 32


def begin(database, game_id: str, visitor: str, state: dict) -> None:
    assert database.games.add(game_id, visitor, state, database.games.current(visitor))


def test_a_game_is_resumed_where_it_was(database):
    assert database.games.current(ANNA) is None
    before = datetime.now(UTC)
    begin(database, "first", ANNA, {"photos": ["p1"], "points": 0.5, "name": "Škoda “é” 日本"})
    game = database.games.current(ANNA)
    assert (game.id, game.visitor, game.revision) == ("first", ANNA, 0)
    assert game.state == {"photos": ["p1"], "points": 0.5, "name": "Škoda “é” 日本"}
    assert before <= game.started <= datetime.now(UTC)
    assert database.games.find("first") == game
    assert database.games.find("other") is None


def test_the_newest_game_is_the_current_one_and_nobody_elses(database):
    for game_id, visitor in [("z", ANNA), ("bert's", BERT), ("a", ANNA)]:
        begin(database, game_id, visitor, {})
    assert database.games.current(ANNA).id == "a"
    assert database.games.current(BERT).id == "bert's"


def test_all_photos_of_a_visitors_games_count_as_seen(database):
    begin(database, "1", ANNA, {"photos": ["p1", "p2"]})
    begin(database, "2", ANNA, {"photos": ["p2", "p3"]})
    begin(database, "3", ANNA, {})
    begin(database, "4", BERT, {"photos": ["p4"]})
    assert database.games.seen(ANNA) == {"p1", "p2", "p3"}


def test_of_two_changes_of_the_same_state_the_second_is_refused(database):
    begin(database, "1", ANNA, {"round": 0})
    read = database.games.current(ANNA)
    assert database.games.save(read, {"round": 1})
    assert not database.games.save(read, {"round": 2})
    now = database.games.current(ANNA)
    assert (now.state, now.revision) == ({"round": 1}, 1)
    assert database.games.save(now, {"round": 2})


def test_a_game_cannot_be_begun_twice(database):
    begin(database, "1", ANNA, {"round": 3})
    with pytest.raises(DatabaseError):
        begin(database, "1", BERT, {})
    assert database.games.find("1").visitor == ANNA


def test_no_change_is_lost_when_twenty_save_at_once(database):
    begin(database, "1", ANNA, {"count": 0})

    def add_five(_: int) -> None:
        saved = 0
        while saved < 5:
            game = database.games.find("1")
            saved += database.games.save(game, {"count": game.state["count"] + 1})

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(add_five, range(20)))
    game = database.games.find("1")
    assert (game.state, game.revision) == ({"count": 100}, 100)


def test_twenty_begin_games_at_once(database):
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: begin(database, f"game {n}", f"{n:032}", {"photos": [n]}), range(100)))
    assert [database.games.seen(f"{n:032}") for n in range(100)] == [{n} for n in range(100)]


def test_of_several_games_begun_at_once_after_the_same_one_is_begun(database):
    last = None
    for turn in range(3):

        def add(n: int, last=last, turn=turn) -> bool:
            return database.games.add(f"{turn}-{n}", ANNA, {}, last)

        with ThreadPoolExecutor(8) as pool:
            begun = list(pool.map(add, range(8)))
        assert sum(begun) == 1
        last = database.games.current(ANNA)
        assert last.id == f"{turn}-{begun.index(True)}"


def test_games_are_forgotten_after_thirty_days(database, database_url):
    for game_id, days in [("old", 31), ("young", 29)]:
        begin(database, game_id, ANNA, {})
        started = datetime.now(UTC) - timedelta(days=days)
        with database.engine.begin() as connection:
            connection.execute(update(games).where(games.c.id == game_id).values(started=started))
    open_database(database_url)
    assert database.games.find("old") is None
    assert database.games.find("young").id == "young"


def test_the_leaderboard_has_most_points_first_then_the_quickest(database):
    for name, points, seconds in [("slow", 4, 90), ("best", 4.5, 99), ("quick", 4, 30.5), ("last", 1, 5)]:
        assert database.scores.add(name, ANNA, name.title(), points, 3.5, 5, "easy", seconds)
    assert database.scores.add("other rounds", ANNA, "X", 9, 9, 10, "easy", 1)
    assert database.scores.add("other difficulty", ANNA, "X", 5, 5, 5, "hard", 1)
    top = database.scores.top(5, "easy", count=3)
    assert [(score.game_id, score.name, score.points, score.seconds) for score in top] == [
        ("best", "Best", 4.5, 99),
        ("quick", "Quick", 4, 30.5),
        ("slow", "Slow", 4, 90),
    ]
    assert top[0].ai_points == 3.5
    assert not hasattr(top[0], "visitor"), "whose cookie it was must not reach a page"
    assert database.scores.top(7, "easy") == []


def test_a_game_has_one_score(database):
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda n: database.scores.add("1", ANNA, f"{n}", n, 0, 5, "easy", 1), range(8)))
    assert sum(added) == 1
    assert [score.points for score in database.scores.top(5, "easy")] == [added.index(True)]


def opinion(**changes) -> Feedback:
    said = {"visitor": ANNA, "photo_sha256": "0" * 64, "model": "cars", "version": "3", "answer_label": "A_B"}
    return Feedback(**said | {"probability": 0.25, "answer_is_right": True} | changes)


def kept_feedback(database) -> list[dict]:
    with database.engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(feedback).order_by(feedback.c.id))]


def test_what_is_said_of_a_photo_is_kept(database):
    said = opinion(answer_is_right=False, right_label="C_D", may_train=True, photo=b"\xff\x00jpeg")
    database.feedback.add(said)
    (row,) = kept_feedback(database)
    assert row.pop("id")
    assert row == vars(said)


def test_saying_something_else_of_the_same_photo_replaces_all_of_it(database):
    database.feedback.add(opinion(answer_is_right=False, right_label="C_D", may_train=True, photo=b"jpeg"))
    database.feedback.add(opinion(visitor=BERT))
    database.feedback.add(opinion(photo_sha256="1" * 64))
    database.feedback.add(opinion(version=None))
    rows = kept_feedback(database)
    assert [(row["visitor"], row["photo_sha256"][0]) for row in rows] == [(ANNA, "0"), (BERT, "0"), (ANNA, "1")]
    first = rows[0]
    assert (first["answer_is_right"], first["right_label"], first["version"]) == (True, None, None)
    assert (first["may_train"], first["photo"]) == (False, None), "consent that is withdrawn takes the photo with it"


def test_what_was_said_can_be_taken_back_by_its_visitor_alone(database):
    database.feedback.add(opinion())
    database.feedback.add(opinion(visitor=BERT))
    database.feedback.remove(ANNA, "0" * 64)
    database.feedback.remove(ANNA, "no such photo")
    assert [row["visitor"] for row in kept_feedback(database)] == [BERT]


def test_a_photo_cannot_be_kept_without_consent():
    with pytest.raises(ValueError, match="consent"):
        opinion(photo=b"jpeg")


def test_twenty_say_something_of_the_same_photo_at_once(database):
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: database.feedback.add(opinion(visitor=f"{n % 10:032}")), range(100)))
    assert len(kept_feedback(database)) == 10
