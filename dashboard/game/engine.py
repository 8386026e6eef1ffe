"""The moves of a game, from its first round to its last. Each move takes a game and returns a new one."""

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from dashboard.game.choices import choices, confused_with
from dashboard.game.deck import Seed, deal, deal_unseen
from dashboard.game.rules import Difficulty, NotAllowed, NotNow, TooFewPhotos, player_name, points
from dashboard.game.state import Game, Guess, ModelTurn, Round
from dashboard.photos.dataset import Dataset


def start(
    dataset: Dataset,
    *,
    rounds: int,
    difficulty: Difficulty,
    seed: Seed | None,
    seen: Collection[str],
    last: Seed | None,
    start_over: bool,
    shuffles: Iterable[int],
    metrics: Mapping[str, Any],
    now: float,
) -> Game:
    """Deals a new game.

    Args:
        dataset: The photos and their classes.
        rounds: Number of rounds.
        difficulty: Difficulty of the game.
        seed: Names the photos, seen before or not; None for photos that the player has not seen.
        seen: Ids of the photos of the player's games.
        last: The seed that continues the player's last game, if there is one.
        start_over: Whether photos may be shown again, from `last` on. The player's next games then do so too.
        shuffles: Random numbers for orders to try when no seed is given.
        metrics: The model's metrics, see `choices.confused_with`.
        now: Seconds since 1970.

    Raises:
        TooFewPhotos: See `deck`; or all photos are of the same class.
    """
    makes = makes_of(dataset)
    if len(makes) == 1:
        raise TooFewPhotos("The data set has one class only: there is nothing to guess.", start_over=False)
    if seed is not None:
        dealt = deal(dataset.unseen, rounds, seed)
    else:
        dealt = deal_unseen(dataset.unseen, rounds, () if start_over else seen, last, shuffles)

    def new_round(photo_id: str, label: str) -> Round:
        chooser = random.Random(f"{dealt.seed}/{photo_id}")  # noqa: S311 (a game, and the same for everybody)
        return Round(photo_id, label, choices(difficulty, label, makes, confused_with(label, metrics), chooser))

    return Game(
        difficulty=difficulty,
        seed=str(dealt.seed),
        ranked=not any(photo.id in seen for photo in dealt.photos),
        rounds=tuple(new_round(photo.id, photo.label) for photo in dealt.photos),
        opened=now,
        again=start_over,
    )


def guess(
    game: Game, number: int, label: str, makes: Mapping[str, str], ask: Callable[[str], ModelTurn], now: float
) -> Game:
    """Records the player's answer and the model's. The same guess again changes nothing.

    Args:
        game: The game so far.
        number: Number of the round, from 1.
        label: The player's answer.
        makes: Make of each label of the data set.
        ask: Asks the model about a photo, given its id; called only if the guess counts.
        now: Seconds since 1970.

    Raises:
        NotNow: The round has not begun, or has another answer.
        NotAllowed: The round does not offer this answer.
    """
    played = game.reached(number)
    if played.guess:
        if played.guess.label == label:
            return game
        raise NotNow(f"Round {number} has been answered already, and the first answer counts.")
    if label not in (played.choices or makes):
        raise NotAllowed("This answer cannot be chosen in this round. Choose one of those that are offered.")
    turn = ask(played.photo)
    answered = Guess(
        label=label,
        points=points(game.difficulty, label, played.label, makes),
        seconds=max(0.0, now - game.opened),
        ai=turn,
        ai_points=points(game.difficulty, turn.answers[0].label, played.label, makes) if turn.answers else 0.0,
    )
    place = number - 1
    return replace(game, rounds=(*game.rounds[:place], replace(played, guess=answered), *game.rounds[place + 1 :]))


def go_on(game: Game, number: int, now: float) -> Game:
    """Leaves a round that has an answer. Leaving it again changes nothing.

    Raises:
        NotNow: The round has no answer.
    """
    if not game.reached(number).guess:
        raise NotNow(f"Round {number} has no answer. Choose an answer first.")
    return game if game.place >= number else replace(game, place=number, opened=now)


def sign(game: Game, name: str) -> Game:
    """Names the player of a finished game for the leaderboard. The same name again changes nothing.

    Raises:
        NotNow: The game is not over, does not count, or has another name.
        NotAllowed: The name is empty or too long.
    """
    tidy = player_name(name)
    if not game.over:
        raise NotNow("The game is not over. Play its last round first.")
    if not game.ranked:
        raise NotNow("You had seen some of these photos before, so this game does not count for the leaderboard.")
    if game.name not in ("", tidy):
        raise NotNow(f"This game is on the leaderboard already, as “{game.name}”.")
    return replace(game, name=tidy)


def makes_of(dataset: Dataset) -> dict[str, str]:
    """Returns the make of each label that photos of the data set have. A class without one is its own make."""
    return {photo.label: photo.make or photo.label for photo in dataset.kept}


def next_seed(game: Game) -> Seed:
    """Returns the seed of the photos that follow those of a game."""
    seed = Seed.parse(game.seed)
    return Seed(seed.shuffle, seed.start + len(game.rounds))
