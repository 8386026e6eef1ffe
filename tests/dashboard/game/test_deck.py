"""The photos of a game."""

from collections import Counter

import pytest

from dashboard.game.deck import Seed, deal, deal_unseen, shuffled
from dashboard.game.rules import NotAllowed, TooFewPhotos
from tests.dashboard.game.conftest import LABELS


@pytest.mark.parametrize(
    ("text", "seed", "shown"),
    [("7", Seed(7), "7"), ("7-5", Seed(7, 5), "7-5"), (" 007 ", Seed(7), "7"), ("7-0", Seed(7), "7")],
)
def test_seeds_are_read_and_written(text, seed, shown):
    assert Seed.parse(text) == seed
    assert str(seed) == shown


@pytest.mark.parametrize("text", ["", "seven", "-1", "1.5", "7-", "7-5-1", "1234567890", "٧"])
def test_what_is_no_seed_is_a_sentence(text):
    with pytest.raises(NotAllowed, match="A seed is a whole number such as 7"):
        Seed.parse(text)


def test_a_seed_names_the_same_photos_for_everybody(dataset_of):
    photos = dataset_of().unseen
    chosen = {number: deal(photos, 5, Seed(number)).photos for number in range(10)}
    assert chosen == {number: deal(photos, 5, Seed(number)).photos for number in range(10)}
    assert len(set(chosen.values())) == 10


def test_a_game_is_spread_over_the_labels(dataset_of):
    photos = dataset_of(each=4).unseen
    for number in range(20):
        order = shuffled(photos, number)
        assert Counter(photo.label for photo in order[: len(LABELS)]) == Counter(LABELS)
        assert Counter(order) == Counter(photos)
    passes = [[photo.label for photo in order[start : start + len(LABELS)]] for start in range(0, 24, len(LABELS))]
    assert len({tuple(labels) for labels in passes}) > 1, "the label after six different ones could be foretold"


def test_a_players_games_go_through_all_photos_before_one_comes_again(dataset_of):
    photos = dataset_of(each=4).unseen
    seen: set[str] = set()
    last = None
    for number in range(8):
        dealt = deal_unseen(photos, 3, seen, last, shuffles=[number])
        assert seen.isdisjoint(photo.id for photo in dealt.photos)
        assert deal(photos, 3, dealt.seed) == dealt, "others can be given the same photos"
        seen |= {photo.id for photo in dealt.photos}
        last = Seed(dealt.seed.shuffle, dealt.seed.start + 3)
    assert len(seen) == 24
    with pytest.raises(TooFewPhotos, match="seen nearly all photos.*Start over") as caught:
        deal_unseen(photos, 3, seen, last, shuffles=range(20))
    assert caught.value.start_over
    assert len(deal_unseen(photos, 3, (), last, shuffles=()).photos) == 3


def test_photos_that_are_gone_are_passed_over(dataset_of):
    photos = dataset_of(each=2).unseen
    for photo in photos[:7]:
        photo.path.unlink()
    assert set(deal(photos, 5, Seed(3, 4)).photos) == set(photos[7:])


@pytest.mark.parametrize(
    ("each", "gone", "words"),
    [
        (0, 0, "no photos to play with"),
        (1, 4, "need 5 photos, but the data set has only 2 photos"),
        (1, 5, "only 1 photo"),
    ],
)
def test_a_data_set_that_is_too_small_is_a_sentence(dataset_of, each, gone, words):
    photos = dataset_of(each=each).unseen
    for photo in photos[:gone]:
        photo.path.unlink()
    for dealing in (lambda: deal(photos, 5, Seed(1)), lambda: deal_unseen(photos, 5, (), None, [1])):
        with pytest.raises(TooFewPhotos, match=words) as caught:
            dealing()
        assert not caught.value.start_over
