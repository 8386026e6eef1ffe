"""A game as it is: what was dealt, what was said, and where it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from dashboard.game.rules import Difficulty, NotNow


@dataclass(frozen=True)
class Likely:
    """One of the model's answers, with its probability, 0 to 1."""

    label: str
    probability: float


@dataclass(frozen=True)
class ModelTurn:
    """What the model said of a photo.

    Attributes:
        answers: Most likely first; none if it missed its turn.
        missed: Why it did, as a sentence.
    """

    answers: tuple[Likely, ...] = ()
    missed: str = ""


@dataclass(frozen=True)
class Guess:
    """What was said in a round, and what it was worth.

    Attributes:
        label: The player's answer.
        points: The player's.
        seconds: How long the player took.
        ai: The model's answers.
        ai_points: The model's, for its first answer.
    """

    label: str
    points: float
    seconds: float
    ai: ModelTurn
    ai_points: float


@dataclass(frozen=True)
class Round:
    """One photo.

    Attributes:
        photo: Its id in the data set.
        label: What it shows.
        choices: What can be chosen; nothing if any car of the data set can be named.
        guess: What was said, once it was.
    """

    photo: str
    label: str
    choices: tuple[str, ...]
    guess: Guess | None = None


@dataclass(frozen=True)
class Game:
    """One player's game.

    Attributes:
        difficulty: How hard it is.
        seed: Names its photos, see `deck`.
        ranked: Whether it may go on the leaderboard: none of its photos was seen before.
        rounds: All of them.
        opened: When the round in hand began, in seconds since 1970.
        place: Index of the round in hand; the number of rounds once the game is over.
        name: As the player is called on the leaderboard, once there.
        again: Whether the player has seen all photos and goes round through them once more.
    """

    difficulty: Difficulty
    seed: str
    ranked: bool
    rounds: tuple[Round, ...]
    opened: float
    place: int = 0
    name: str = ""
    again: bool = False

    @property
    def over(self) -> bool:
        """Whether all rounds were played and looked at."""
        return self.place == len(self.rounds)

    @property
    def guesses(self) -> list[Guess]:
        """What was said so far."""
        return [played.guess for played in self.rounds if played.guess]

    @property
    def points(self) -> float:
        """The player's."""
        return sum(guess.points for guess in self.guesses)

    @property
    def ai_points(self) -> float:
        """The model's."""
        return sum(guess.ai_points for guess in self.guesses)

    @property
    def seconds(self) -> float:
        """How long the player thought; how long the model took does not count."""
        return sum(guess.seconds for guess in self.guesses)

    def reached(self, number: int) -> Round:
        """A round that the player has come to.

        Args:
            number: Of the round, from 1.

        Raises:
            NotNow: Its time has not come, or there is none.
        """
        if not 1 <= number <= min(self.place + 1, len(self.rounds)):
            raise NotNow(f"Round {number} has not begun. Reload the page to see where the game is.")
        return self.rounds[number - 1]


_game = TypeAdapter(Game)


def to_state(game: Game) -> dict[str, Any]:
    """A game as JSON can hold it; the ids of its photos are under `photos` too."""
    state: dict[str, Any] = _game.dump_python(game, mode="json")
    return state | {"photos": [played.photo for played in game.rounds]}


def from_state(state: Mapping[str, Any]) -> Game:
    """The game that `to_state` was given.

    Raises:
        ValueError: It is of another version of the game.
    """
    return _game.validate_python(dict(state))
