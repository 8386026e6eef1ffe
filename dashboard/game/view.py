"""The part of a game that its player may see: before the guess, nothing that gives the answer away."""

from typing import Any

from dashboard.game.state import Game, Guess, Round
from dashboard.names import display_name


def as_seen(game_id: str, game: Game) -> dict[str, Any]:
    """Prepares a game for the page.

    Returns:
        `id`, `difficulty`, `seed`, `ranked` and `name`, see `Game`; `rounds`, the number of rounds; `number` of the
        current round, from 1; `phase`: `guessing`, `revealed` or `over`; `choices` of the current round, each with
        `label` and `name`; `points`, `ai_points` and `seconds` so far; and `played`, the answered rounds. Each of
        these has its `number`, the player's `guess`, the right name in `truth`, the `points`, the model's answers in
        `ai` (most likely first, with `label`, `name` and `probability`), its `ai_points`, and why it `missed` its turn.
    """
    number = min(game.place + 1, len(game.rounds))
    current = game.rounds[number - 1]
    return {
        "id": game_id,
        "difficulty": game.difficulty.value,
        "seed": game.seed,
        "ranked": game.ranked,
        "name": game.name,
        "rounds": len(game.rounds),
        "number": number,
        "phase": "over" if game.over else "revealed" if current.guess else "guessing",
        "choices": [{"label": label, "name": display_name(label)} for label in current.choices],
        "points": game.points,
        "ai_points": game.ai_points,
        "seconds": round(game.seconds),
        "played": [
            _played(place, played, played.guess) for place, played in enumerate(game.rounds, start=1) if played.guess
        ],
    }


def _played(number: int, played: Round, guess: Guess) -> dict[str, Any]:
    return {
        "number": number,
        "guess": display_name(guess.label),
        "truth": display_name(played.label),
        "points": guess.points,
        "ai": [
            {"label": answer.label, "name": display_name(answer.label), "probability": answer.probability}
            for answer in guess.ai.answers
        ],
        "ai_points": guess.ai_points,
        "missed": guess.ai.missed,
    }
