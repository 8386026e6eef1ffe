"""A quiz in the terminal: who knows what the photo shows, the human or the model?"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.bar import Bar
from rich.color import Color
from rich.console import Console
from rich.markup import escape
from rich.prompt import Prompt
from rich.segment import Segment, Segments
from rich.style import Style
from rich.table import Table
from rich.text import Text

from car_classifier.data.manifest import Manifest
from car_classifier.data.photo_files import open_photo
from car_classifier.errors import UserError
from car_classifier.evaluation.predictions import Answer, LabelledPhoto, Unreadable, classify
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.words import counted

CHOICES = 4
QUIT = "q"


@dataclass
class Score:
    """Who was right how often."""

    rounds: int = 0
    human: int = 0
    model: int = 0

    def add(self, human_is_right: bool, model_is_right: bool) -> None:
        """Count a round."""
        self.rounds += 1
        self.human += human_is_right
        self.model += model_is_right

    def __str__(self) -> str:
        return f"you {self.human}, model {self.model}, of {self.rounds}"


class Quiz:
    """Some photos, and the choices for each.

    Args:
        model: Who plays against the human.
        manifest: The photos.
        split: Photos of this split only, or `all`; photos of labels that the model does not know are left out.
        rounds: Maximum number of photos.
        seed: Seed of the photos and choices; None draws different ones each time.

    Raises:
        UserError: There is no such photo.
    """

    def __init__(self, model: PublishedVersion, manifest: Manifest, split: str, rounds: int, seed: int | None) -> None:
        known = set(model.names.labels)
        rows = [row for row in manifest.kept if split in (row.split, "all") and row.label in known]
        if not rows:
            raise UserError(f"{manifest.path} has no photo for {split} of a class that {model} knows.")
        self._random = np.random.default_rng(seed)
        self._model = model
        drawn = self._random.permutation(len(rows))[:rounds]
        self.photos = [LabelledPhoto(manifest.photo_path(rows[i]), rows[i].label) for i in drawn]

    def play(self, console: Console, open_photo: Callable[[str], object] | None = None) -> Score:
        """Play in a terminal, until the last photo, `q`, the end of the input or Ctrl-C.

        Args:
            console: Shows the questions; answers are read from the standard input.
            open_photo: Called with the path of each photo, to show it in a window.

        Returns:
            The score so far.

        Raises:
            UserError: The model cannot read a photo.
        """
        score = Score()
        console.print(
            f"{counted(len(self.photos), 'photo')}. You choose among up to {CHOICES} answers, the model among all "
            f"{len(self._model.names.labels)}. {QUIT} ends the quiz."
        )
        with tempfile.TemporaryDirectory(prefix="quiz-") as folder:
            try:
                for photo in self.photos:
                    if not self._play_round(photo, Path(folder), score, console, open_photo):
                        break
            except (EOFError, KeyboardInterrupt):
                console.print()
        console.print(_summary(score), style="bold")
        return score

    def _play_round(
        self,
        photo: LabelledPhoto,
        folder: Path,
        score: Score,
        console: Console,
        open_photo: Callable[[str], object] | None,
    ) -> bool:
        """Ask about one photo, and reveal the truth; False if the human wants to end."""
        (answer,) = classify(self._model, [photo])
        if isinstance(answer, Unreadable):
            raise UserError(f"{photo.path} cannot be read: {answer.reason}. Make the manifest again.")
        shown = folder / f"photo{score.rounds + 1}{photo.path.suffix}"  # the photo's own name gives the answer away
        shutil.copyfile(photo.path, shown)
        console.rule(f"Photo {score.rounds + 1} of {len(self.photos)}")
        if console.color_system is not None:
            console.print(half_blocks(photo.path, console.width, max(console.height - 8, 8)))
        console.print(f"The photo: {shown}", style="dim", soft_wrap=True, highlight=False)
        if open_photo is not None:
            open_photo(str(shown))
        names = self._model.names
        choices = choose(answer, names.labels, dict(zip(names.labels, names.makes, strict=True)), self._random)
        for number, label in enumerate(choices, start=1):
            console.print(f"  [bold]{number}[/] {escape(_name(label))}", highlight=False)
        keys = [str(number) for number in range(1, len(choices) + 1)]
        key = Prompt.ask(self._model.subject.question, choices=[*keys, QUIT], console=console)
        if key == QUIT:
            return False
        guess = choices[int(key) - 1]
        score.add(guess == photo.truth, answer.is_right is True)
        _reveal(photo, guess, answer, console)
        console.print(f"Score: {score}.", highlight=False)
        return True


def choose(answer: Answer, labels: Sequence[str], makes: dict[str, str], rng: np.random.Generator) -> list[str]:
    """The truth and up to three others in random order: classes that the net finds likely, and one of the same make.

    Args:
        answer: The model's answer about a photo whose truth is known.
        labels: All labels.
        makes: The make of each label.
        rng: Draws the order and what fills up.
    """
    truth = str(answer.photo.truth)
    others = [labels[i] for i in rng.permutation(len(labels))]
    same_make = [label for label in others if makes[label] == makes[truth]]
    likely = list(answer.labels)
    ordered = dict.fromkeys(
        [truth, *[label for label in likely if label != truth][:2], *same_make[:2], *likely, *others]
    )
    choices = list(ordered)[:CHOICES]
    rng.shuffle(choices)
    return choices


def half_blocks(photo: Path, columns: int, lines: int) -> Segments:
    """A photo drawn with half blocks, two pixels a character, as large as fits.

    Args:
        photo: Drawn as the model sees it: upright, as its EXIF data say.
        columns: Width of the terminal in characters.
        lines: Most lines to take.
    """
    upright = open_photo(photo)
    scale = min(columns / upright.width, 2 * lines / upright.height)
    width, height = max(int(upright.width * scale), 1), max(int(upright.height * scale / 2), 1) * 2
    small = upright.resize((width, height), Image.Resampling.LANCZOS)
    pixels = small.tobytes()
    colours = [Color.from_rgb(*pixels[i : i + 3]) for i in range(0, len(pixels), 3)]
    segments = []
    for top in range(0, height, 2):
        upper, lower = (colours[row * width : (row + 1) * width] for row in (top, top + 1))
        segments += [Segment("▀", Style(color=a, bgcolor=b)) for a, b in zip(upper, lower, strict=True)]
        segments.append(Segment.line())
    return Segments(segments)


def _reveal(photo: LabelledPhoto, guess: str, answer: Answer, console: Console) -> None:
    truth = str(photo.truth)
    if guess == truth:
        console.print(Text(f"✓ Right: {_name(truth)}.", style="bold green"))
    else:
        console.print(Text(f"✗ No: it is {_name(truth)}, not {_name(guess)}.", style="bold red"))
    console.print(f"  {photo.path}", style="dim", soft_wrap=True, markup=False, highlight=False)
    table = Table("The model says", "", "", box=None, pad_edge=False)
    for label, probability in list(zip(answer.labels, answer.probabilities, strict=True))[:3]:
        mark = " ✓" if label == truth else ""
        table.add_row(escape(_name(label)) + mark, f"{probability:.0%}", Bar(1, 0, probability, width=24))
    console.print(table)


def _summary(score: Score) -> str:
    if not score.rounds:
        return "No photo answered."
    if score.human == score.model:
        verdict = "A draw"
    else:
        verdict = "You win" if score.human > score.model else "The model wins"
    return f"{verdict}: {score}."


def _name(label: str) -> str:
    """A label as people write it."""
    return label.replace("_", " ")
