"""The rules: numbers of rounds, difficulties, points, names, and the errors for moves that break them."""

from collections.abc import Mapping
from enum import StrEnum

ROUNDS = (3, 5, 10)
CHOICES = 4
NAME_LENGTH = 24


class Difficulty(StrEnum):
    """The difficulty of a game.

    Easy and medium games offer four classes per photo: of different makes in an easy game, those that the model often
    confuses in a medium one. In a hard game the player names any class of the data set, and the right make alone earns
    half a point.
    """

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class GameError(Exception):
    """A move that cannot be made; the message says why and what to do instead."""


class NotNow(GameError):
    """The game is at another point, perhaps because of another tab."""


class NotAllowed(GameError):
    """The rules do not allow the move at any point of a game."""


class TooFewPhotos(NotNow):
    """Not enough photos for a game.

    Attributes:
        start_over: Whether there would be enough if photos could be shown again.
    """

    def __init__(self, message: str, *, start_over: bool):
        super().__init__(message)
        self.start_over = start_over


def points(difficulty: Difficulty, label: str, truth: str, makes: Mapping[str, str]) -> float:
    """Returns the points for an answer of the player or the model: 1, 0.5 or 0.

    Args:
        difficulty: Difficulty of the game.
        label: The answer.
        truth: Label of the photo.
        makes: Make of each label of the data set.
    """
    if label == truth:
        return 1.0
    same_make = make_of(label, makes) == make_of(truth, makes)
    return 0.5 if difficulty is Difficulty.HARD and same_make else 0.0


def make_of(label: str, makes: Mapping[str, str]) -> str:
    """Returns the make of a label, also of one that the data set no longer has."""
    return makes.get(label) or label.partition("_")[0]


def player_name(name: str) -> str:
    """Tidies a name for the leaderboard: one line, without spaces around it.

    Raises:
        NotAllowed: The tidied name is empty or too long.
    """
    tidy = " ".join("".join(character if character.isprintable() else " " for character in name).split())
    if not 1 <= len(tidy) <= NAME_LENGTH:
        raise NotAllowed(f"A name has 1 to {NAME_LENGTH} characters. Received: {len(tidy)}.")
    return tidy


def rounds_of(value: object) -> int:
    """Reads the number of rounds from a number, or from its text in an address.

    Raises:
        NotAllowed: Games do not have this number of rounds.
    """
    for rounds in ROUNDS:
        if value == str(rounds) or (value == rounds and not isinstance(value, bool)):
            return rounds
    raise NotAllowed(f"A game has {', '.join(map(str, ROUNDS))} rounds. Received: {_shortened(value)}.")


def difficulty_of(value: object) -> Difficulty:
    """Reads a difficulty.

    Raises:
        NotAllowed: There is no such difficulty.
    """
    try:
        return Difficulty(str(value))
    except ValueError as error:
        raise NotAllowed(f"The difficulty is {', '.join(Difficulty)}. Received: {_shortened(value)}.") from error


def _shortened(value: object) -> str:
    return repr(value[:40] if isinstance(value, str) else value)[:100]
