"""The state of a game: its photos, the answers so far, and the current round."""

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
    """The model's answers for a photo.

    Attributes:
        answers: The answers, most likely first; none if the model missed its turn.
        missed: Why the model missed its turn, as a sentence.
    """

    answers: tuple[Likely, ...] = ()
    missed: str = ""


@dataclass(frozen=True)
class Guess:
    """The answers of the player and the model in a round, and their points.

    Attributes:
        label: The player's answer.
        points: The player's points.
        seconds: Time that the player took.
        ai: The model's answers.
        ai_points: The model's points, for its first answer.
    """

    label: str
    points: float
    seconds: float
    ai: ModelTurn
    ai_points: float


@dataclass(frozen=True)
class Round:
    """One round, with one photo.

    Attributes:
        photo: Id of the photo in the data set.
        label: The photo's label.
        choices: The labels to choose from; none if any class of the data set can be named.
        guess: The answers; None before the player has answered.
    """

    photo: str
    label: str
    choices: tuple[str, ...]
    guess: Guess | None = None


@dataclass(frozen=True)
class Game:
    """One player's game.

    Attributes:
        difficulty: Difficulty of the game.
        seed: Names the photos, see `deck`.
        ranked: Whether the game may go on the leaderboard: the player had seen none of its photos before.
        rounds: All rounds, played or not.
        opened: Time when the current round began, in seconds since 1970.
        place: Index of the current round; the number of rounds once the game is over.
        name: The player's name on the leaderboard; empty before the player has entered one.
        again: Whether the player has seen all photos and plays with them again.
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
        """Whether the player has left the last round."""
        return self.place == len(self.rounds)

    @property
    def guesses(self) -> list[Guess]:
        """The answers so far."""
        return [played.guess for played in self.rounds if played.guess]

    @property
    def points(self) -> float:
        """The player's points so far."""
        return sum(guess.points for guess in self.guesses)

    @property
    def ai_points(self) -> float:
        """The model's points so far."""
        return sum(guess.ai_points for guess in self.guesses)

    @property
    def seconds(self) -> float:
        """Time that the player took; the model's time does not count."""
        return sum(guess.seconds for guess in self.guesses)

    def reached(self, number: int) -> Round:
        """Returns a round that the player has reached.

        Args:
            number: Number of the round, from 1.

        Raises:
            NotNow: The player has not reached the round, or there is no such round.
        """
        if not 1 <= number <= min(self.place + 1, len(self.rounds)):
            raise NotNow(f"Round {number} has not begun. Reload the page to see where the game is.")
        return self.rounds[number - 1]


_game = TypeAdapter(Game)


def to_state(game: Game) -> dict[str, Any]:
    """Converts a game to JSON; the ids of its photos are under `photos` too."""
    state: dict[str, Any] = _game.dump_python(game, mode="json")
    return state | {"photos": [played.photo for played in game.rounds]}


def from_state(state: Mapping[str, Any]) -> Game:
    """Converts the JSON of `to_state` back to a game.

    Raises:
        ValueError: Another version of the dashboard wrote it.
    """
    return _game.validate_python(dict(state))
