"""Measures how fast the dashboard answers many simultaneous players, on one machine with the model server.

Every player sends the requests of a browser with a cookie of its own: begin a game, fetch the photo, think, guess, look
at the answer, go on. Each answer must contain that player's own game and score.
"""

import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

THINK_SECONDS = (1.0, 3.0)  # before a guess, and before going on: a quick human
START_SECONDS = 120
NAME = "benchmarked"


@dataclass
class Notes:
    """The observations of all players.

    Attributes:
        seconds: How long requests took, by kind.
        errors: What went wrong.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Record the time of a request."""
        start = time.perf_counter()
        yield
        self.seconds[kind].append(time.perf_counter() - start)


def run(players: int, games: int, workers: int) -> None:
    """Let players play, and print their observations.

    Args:
        players: Number of simultaneous players.
        games: Games per player, five rounds each.
        workers: Worker processes of the dashboard.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        with _served(folder, workers) as url:
            notes = Notes()
            threads = [threading.Thread(target=_play, args=(url, seed, games, notes)) for seed in range(players)]
            start = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            _report(notes, players, workers, time.perf_counter() - start)


def _prepare(folder: Path) -> None:
    """Draw cars and train a small net on them for one epoch: its answers do not matter here."""
    commands = [
        ["data", "demo", "--classes", 8, "--per-class", 40, "--out", folder / "data"],
        ["data", "index", folder / "data" / "images", "--out", folder / "data" / "manifest.csv"],
        ["train", "--data", folder / "data" / "manifest.csv", "--base", "MobileNetV2", "--weights", "none"]
        + ["--image-size", "64x96", "--epochs", 1, "--model-dir", folder / "model", "--runs-dir", folder / "runs"],
    ]
    for command in commands:
        print("car-classifier", command[0], command[1] if command[0] == "data" else "", flush=True)
        words = [sys.executable, "-m", "car_classifier", *map(str, command)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)


@contextmanager
def _served(folder: Path, workers: int) -> Iterator[str]:
    model_port, page_port = _free_port(), _free_port()
    model_url, page_url = f"http://127.0.0.1:{model_port}", f"http://127.0.0.1:{page_port}"
    serve = [
        "car_classifier",
        "serve",
        "--port",
        "-1",
        "--model-base-path",
        str(folder / "model"),
        "--model-name",
        NAME,
    ]
    environment = {
        "PATH": str(Path(sys.executable).parent),
        "DASHBOARD_MODEL_SERVER_URL": model_url,
        "DASHBOARD_MODEL_NAME": NAME,
        "DASHBOARD_MODEL_FOLDER": str(folder / "model"),
        "DASHBOARD_MANIFEST": str(folder / "data"),
        "DASHBOARD_PHOTO_FOLDER": str(folder / "photos"),
        "DASHBOARD_WORKERS": str(workers),
        "DASHBOARD_PORT": str(page_port),
        "DATABASE_URL": f"sqlite:///{folder}/dashboard.sqlite3",
    }
    processes = [
        subprocess.Popen([sys.executable, "-m", *serve, "--rest-api-port", str(model_port)], stderr=subprocess.DEVNULL),
        subprocess.Popen([sys.executable, "-m", "dashboard"], env=environment, stdout=subprocess.DEVNULL),
    ]
    try:
        _wait(lambda: requests.get(f"{page_url}/status", timeout=5).json()["state"] == "ready")
        yield page_url
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)
        shutil.rmtree(folder / "photos", ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    sys.exit(f"The dashboard was not ready within {START_SECONDS} seconds.")


def _play(url: str, seed: int, games: int, notes: Notes) -> None:
    thinking = random.Random(seed)  # noqa: S311 (no secret)
    try:
        with requests.Session() as browser:
            browser.get(f"{url}/play", timeout=60).raise_for_status()  # gives the cookie
            seen: set[str] = set()
            for _ in range(games):
                seen.add(_one_game(url, browser, thinking, notes))
            _expect(len(seen) == games, "a game's id came twice")
    except Exception as error:  # whatever it is, it is a finding
        notes.errors.append(f"player {seed}: {type(error).__name__}: {error}")


def _one_game(url: str, browser: requests.Session, thinking: random.Random, notes: Notes) -> str:
    def post(kind: str, address: str, content: dict[str, object] | None = None) -> dict:
        with notes.timed(kind):
            answer = browser.post(f"{url}/play/{address}", json=content, timeout=60)
        _expect(answer.ok, f"{kind}: {answer.status_code} {answer.text[:200]}")
        return answer.json()

    time.sleep(thinking.uniform(0, THINK_SECONDS[1]))
    game = post("begin", "games", {"rounds": 5, "difficulty": "medium", "start_over": True})["game"]
    game_id, points = game["id"], 0.0
    for number in range(1, 6):
        _expect((game["id"], game["number"]) == (game_id, number), "another player's game or round")
        with notes.timed("photo"):
            photo = browser.get(f"{url}/play/games/{game_id}/rounds/{number}.jpg", timeout=60)
        _expect(photo.ok, f"photo: {photo.status_code}")
        time.sleep(thinking.uniform(*THINK_SECONDS))
        choice = thinking.choice(game["choices"])
        told = post("guess", f"games/{game_id}/rounds/{number}/guess", {"label": choice["label"]})
        _expect(told["answer"] is not None, "the model missed its turn")
        last = told["game"]["played"][-1]
        _expect((last["number"], last["guess"]) == (number, choice["name"]), "another player's guess")
        points += last["guess"] == last["truth"]
        _expect(told["game"]["points"] == points, "a score that is not this player's")
        time.sleep(thinking.uniform(*THINK_SECONDS))
        game = post("next", f"games/{game_id}/rounds/{number}/next")["game"]
    with notes.timed("resume"):
        now = browser.get(f"{url}/play/game", timeout=60).json()["game"]
    _expect((now["id"], now["points"]) == (game_id, points), "another player's end")
    return str(game_id)


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def _report(notes: Notes, players: int, workers: int, seconds: float) -> None:
    everything = [took for kind in notes.seconds.values() for took in kind]
    print(
        f"\n{players} players at once, {workers} worker{'s' if workers > 1 else ''}: {len(everything)} requests in "
        f"{seconds:.0f} s, {len(everything) / seconds:.0f} a second"
    )
    print("\n| request | how many | median, ms | 95th percentile, ms | slowest, ms |\n|---|---|---|---|---|")
    for kind, took in [*notes.seconds.items(), ("all", everything)]:
        centiles = statistics.quantiles(took, n=20)
        cells = [statistics.median(took), centiles[-1], max(took)]
        print(f"| {kind} | {len(took)} | " + " | ".join(f"{1000 * cell:.0f}" for cell in cells) + " |")
    print(
        f"\n{len(notes.errors)} errors", *sorted({re.sub(r"player \d+", "player", e) for e in notes.errors}), sep="\n"
    )
    if notes.errors:
        sys.exit(1)
