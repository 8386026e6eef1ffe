"""The quiz, played through a pipe and in a terminal."""

import io
import os
import pty
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from car_classifier.data.manifest import Manifest, read_manifest
from car_classifier.errors import UserError
from car_classifier.evaluation.predictions import Answer, LabelledPhoto
from car_classifier.quiz import Quiz, Score, choose, half_blocks
from tests.support.commands import in_process

LABELS = [f"{make}_{model}" for make in ("Audi", "Kia", "Seat", "Skoda") for model in ("One", "Two", "Three")]
MAKES = {label: label.partition("_")[0] for label in LABELS}


def answer(truth: str, *labels: str) -> Answer:
    return Answer(LabelledPhoto(Path("photo.jpg"), truth), labels, (0.2,) * len(labels))


@pytest.mark.parametrize("seed", range(5))
def test_choices_are_the_truth_what_the_model_finds_likely_and_one_of_the_same_make(seed):
    found = answer("Kia_Two", "Audi_One", "Kia_Two", "Seat_One", "Skoda_One", "Skoda_Two")
    choices = choose(found, LABELS, MAKES, np.random.default_rng(seed))
    assert {"Kia_Two", "Audi_One", "Seat_One"} < set(choices)
    assert {MAKES[label] for label in choices} == {"Kia", "Audi", "Seat"}
    assert len(set(choices)) == 4


def test_the_order_of_the_choices_is_drawn():
    found = answer("Kia_Two", *LABELS[:5])
    places = {choose(found, LABELS, MAKES, np.random.default_rng(seed)).index("Kia_Two") for seed in range(40)}
    assert places == {0, 1, 2, 3}


def test_a_model_of_few_classes_has_fewer_choices():
    assert sorted(choose(answer("Kia_One", "Kia_Two", "Kia_One"), LABELS[3:5], MAKES, np.random.default_rng(0))) == [
        "Kia_One",
        "Kia_Two",
    ]


@pytest.mark.parametrize(
    ("size", "columns", "lines", "drawn"),
    [((480, 320), 60, 100, (60, 20)), ((480, 320), 200, 10, (30, 10)), ((2, 2000), 80, 10, (1, 10))],
)
def test_a_photo_fills_what_room_there_is(tmp_path, size, columns, lines, drawn):
    Image.new("RGB", size, "red").save(tmp_path / "photo.png")
    null = open(os.devnull, "w", encoding="utf-8")
    console = Console(width=columns, force_terminal=True, color_system="truecolor", file=null)
    with console.file, console.capture() as captured:
        console.print(half_blocks(tmp_path / "photo.png", columns, lines))
    rows = captured.get().splitlines()
    assert (rows[0].count("▀"), len(rows)) == drawn


def test_half_blocks_hold_two_pixels_each_upright(tmp_path):
    image = Image.new("RGB", (2, 2), (200, 0, 0))
    image.putpixel((0, 1), (0, 0, 200))
    image.save(tmp_path / "photo.png")
    (left, right, _line) = half_blocks(tmp_path / "photo.png", 2, 1).segments
    assert (left.style.color.triplet, left.style.bgcolor.triplet) == ((200, 0, 0), (0, 0, 200))
    assert (right.style.color.triplet, right.style.bgcolor.triplet) == ((200, 0, 0), (200, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    image.save(tmp_path / "turned.png", exif=exif)
    (left, right, _line) = half_blocks(tmp_path / "turned.png", 2, 1).segments
    assert (right.style.color.triplet, right.style.bgcolor.triplet) == ((0, 0, 200), (200, 0, 0))


def test_the_score_counts_both():
    score = Score()
    score.add(True, False)
    score.add(True, True)
    assert str(score) == "you 2, model 1, of 2"


@pytest.mark.slow
def test_the_same_seed_asks_the_same_and_unknown_labels_are_left_out(demo_model, demo_data):
    manifest = read_manifest(demo_data / "manifest.csv")
    first, second, other = (Quiz(demo_model, manifest, "test", 5, seed).photos for seed in (1, 1, 2))
    assert first == second != other
    assert len(Quiz(demo_model, manifest, "test", 1000, None).photos) == len(manifest.split("test"))
    strangers = Manifest(manifest.path, tuple(replace(row, label="Kia_Rio") for row in manifest.rows))
    with pytest.raises(UserError, match="has no photo for test of a class that .* knows"):
        Quiz(demo_model, strangers, "test", 5, 1)


@pytest.mark.slow
def test_excluded_photos_are_not_asked(demo_model, demo_data):
    manifest = read_manifest(demo_data / "manifest.csv")
    kept = manifest.split("test")[0]
    rows = tuple(row if row == kept else replace(row, excluded="no car") for row in manifest.rows)
    (photo,) = Quiz(demo_model, Manifest(manifest.path, rows), "test", 5, 1).photos
    assert photo.path == manifest.photo_path(kept)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "rounds", "said"),
    [
        ("1\n7\nx\n2\n3\n", 3, "Score: you "),
        ("1\nq\n", 1, ", of 1."),
        ("", 0, "No photo answered."),
    ],
)
def test_through_a_pipe(demo_model_dir, demo_data, typed, rounds, said, monkeypatch):
    arguments = ("--model", demo_model_dir, "--data", demo_data / "manifest.csv", "--rounds", 3, "--seed", 4)
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    result = in_process("quiz", *arguments)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("Score: ") == rounds
    assert result.stdout.count("✓ Right") + result.stdout.count("✗ No") == rounds
    assert result.stdout.count("Please select one of the available options") == typed.count("7") + typed.count("x")
    assert said in result.stdout
    assert "▀" not in result.stdout  # no colours, no picture
    before_the_first_answer = result.stdout.partition("Which car")[0]
    assert not any(row.file_name in before_the_first_answer for row in read_manifest(demo_data / "manifest.csv").rows)
    if rounds == 3:
        hits = result.stdout.count("✓ Right")
        assert f"you {hits}, model " in result.stdout.splitlines()[-1]
        assert result.stdout.splitlines()[-1].endswith(", of 3.")


class Terminal:
    """A terminal's screen and keyboard, seen from outside."""

    def __init__(self, end: int) -> None:
        self._end = end
        self.shown = ""

    def read_until(self, words: str, times: int = 1) -> None:
        """Wait until the terminal has shown `words` `times` times."""
        while self.shown.count(words) < times:
            ready, _, _ = select.select([self._end], [], [], 120)
            assert ready, self.shown[-500:]
            self.shown += os.read(self._end, 65536).decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())


@pytest.mark.slow
def test_in_a_terminal_with_ctrl_c(demo_model_dir, demo_data):
    """The photo is drawn in colour, and Ctrl-C ends with the score so far."""
    arguments = ["quiz", "--model", demo_model_dir, "--data", demo_data / "manifest.csv", "--seed", "4"]
    outside, inside = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "100", "LINES": "40"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "car_classifier", *map(str, arguments)]
    with subprocess.Popen(command, stdin=inside, stdout=inside, stderr=subprocess.PIPE, env=environment) as process:
        os.close(inside)
        terminal = Terminal(outside)
        try:
            terminal.read_until("Which car is it?")
            terminal.type("2\n")
            terminal.read_until("Which car is it?", times=2)
            process.send_signal(signal.SIGINT)
            terminal.type("\n")  # a signal just before Python waits for a line is seen only after the line
            terminal.read_until(", of ", times=2)  # the score of the first round, and at the end
            assert process.wait(timeout=300) == 0
            assert b"Traceback" not in process.stderr.read()
        finally:
            process.kill()
            os.close(outside)
    assert terminal.shown.count("▀") > 2 * 30 * 30
    assert "\x1b[38;2;" in terminal.shown
    assert terminal.shown.count("Score: you ") == 1
