"""The rules: how many rounds, how hard, what a guess is worth, and what is not allowed."""

from collections.abc import Mapping
from enum import StrEnum

ROUNDS = (3, 5, 10)
CHOICES = 4
NAME_LENGTH = 24


class Difficulty(StrEnum):
    """How hard a game is.

    Easy and medium: four cars to choose from, of different makes or such as the model mixes up. Hard: any car
    of the data set, and half a point if just the make is right.
    """

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class GameError(Exception):
    """A move that cannot be made; the message says why and what to do instead."""


class NotNow(GameError):
    """The game is at another point, perhaps because of another tab."""


class NotAllowed(GameError):
    """No point of the game allows it."""


class TooFewPhotos(NotNow):
    """Not enough photos for a game.

    Attributes:
        start_over: Whether there would be enough if photos could be shown again.
    """

    def __init__(self, message: str, *, start_over: bool):
        super().__init__(message)
        self.start_over = start_over


def points(difficulty: Difficulty, label: str, truth: str, makes: Mapping[str, str]) -> float:
    """What an answer is worth, yours or the model's: 1, 0.5 or 0.

    Args:
        difficulty: The game's.
        label: The answer.
        truth: What the photo shows.
        makes: Make of each label of the data set.
    """
    if label == truth:
        return 1.0
    same_make = make_of(label, makes) == make_of(truth, makes)
    return 0.5 if difficulty is Difficulty.HARD and same_make else 0.0


def make_of(label: str, makes: Mapping[str, str]) -> str:
    """The make of a label, also of one that is not in the data set any more."""
    return makes.get(label) or label.partition("_")[0]


def player_name(name: str) -> str:
    """A name for the leaderboard, in one line and without spaces around it.

    Raises:
        NotAllowed: Nothing is left, or it is too long.
    """
    tidy = " ".join("".join(character if character.isprintable() else " " for character in name).split())
    if not 1 <= len(tidy) <= NAME_LENGTH:
        raise NotAllowed(f"A name has 1 to {NAME_LENGTH} characters. Received: {len(tidy)}.")
    return tidy


def rounds_of(wish: object) -> int:
    """How many rounds, from a number or, of an address, its text.

    Raises:
        NotAllowed: No game has as many.
    """
    for rounds in ROUNDS:
        if wish == str(rounds) or (wish == rounds and not isinstance(wish, bool)):
            return rounds
    raise NotAllowed(f"A game has {', '.join(map(str, ROUNDS))} rounds. Received: {_shortened(wish)}.")


def difficulty_of(wish: object) -> Difficulty:
    """How hard.

    Raises:
        NotAllowed: No game is so.
    """
    try:
        return Difficulty(str(wish))
    except ValueError as error:
        raise NotAllowed(f"The difficulty is {', '.join(Difficulty)}. Received: {_shortened(wish)}.") from error


def _shortened(wish: object) -> str:
    return repr(wish[:40] if isinstance(wish, str) else wish)[:100]
