"""What a version must show before it is published: that a server gives its answers, and that it is no step back."""

import base64
import csv
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from car_classifier.errors import UserError
from car_classifier.metrics import class_scores
from car_classifier.version_assets import check_checksums

MARGIN = 0.01
"""How far each figure may fall below the live version's, from 0 to 1."""

TOLERANCE = 0.01
"""How far answers may be from the recorded ones, since processors round differently: probabilities by this much,
logits and contributions by this share of the largest of them."""

_NAME = "candidate"


@dataclass(frozen=True)
class Comparison:
    """Two versions on the test photos that both were measured on.

    Attributes:
        photos: How many.
        figures: Top-1 and macro-F1 from 0 to 1: the candidate's and the live version's.
    """

    photos: int
    figures: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        parts = [f"{name} {new:.1%} (there {live:.1%})" for name, (new, live) in self.figures.items()]
        return f"{' and '.join(parts)} on the {self.photos} test photos that both were measured on"

    def fallen(self, margin: float) -> list[str]:
        """The figures that fall by more than a margin."""
        return [name for name, (new, live) in self.figures.items() if live - new > margin + 1e-9]


def compare(candidate: Path, live: Path) -> Comparison | None:
    """Compare two versions by their `predictions.csv`; None where they have no photo in common."""
    new, old = _predictions(candidate), _predictions(live)
    photos = [photo for photo in new if photo in old]
    if not photos:
        return None
    labels = sorted({label for _, label in photos} | {said[photo] for said in (new, old) for photo in photos})
    index = {label: i for i, label in enumerate(labels)}
    truth = np.array([index[label] for _, label in photos])
    figures: dict[str, list[float]] = {"top-1": [], "macro-F1": []}
    for said in (new, old):
        answers = np.array([index[said[photo]] for photo in photos])
        figures["top-1"].append(float((truth == answers).mean()))
        figures["macro-F1"].append(float(np.nanmean(class_scores(truth, answers, len(labels)).f1)))
    return Comparison(len(photos), {name: (new, live) for name, (new, live) in figures.items()})


def check_metrics(candidate: Path, live: Path, margin: float) -> Comparison | None:
    """Make sure that a version is not worse than the live one on the test photos that both were measured on.

    Args:
        candidate: The version to publish.
        live: The live version.
        margin: How far top-1 and macro-F1 may fall, from 0 to 1.

    Returns:
        How they compare; None where they have no test photo in common.

    Raises:
        UserError: A figure falls by more than that.
    """
    comparison = compare(candidate, live)
    if comparison and (fallen := comparison.fallen(margin)):
        raise UserError(
            f"It is worse than the live version {live.name}: {comparison}. {' and '.join(fallen)} may fall by "
            f"{100 * margin:g} points at most; --margin says how far."
        )
    return comparison


def check_answers(folder: Path, number: int) -> int:
    """Serve a version and make sure that its golden photos get the recorded answers.

    Args:
        folder: Holds the version, and no other.
        number: The version.

    Returns:
        The number of golden photos.

    Raises:
        UserError: A file is missing or damaged, the version cannot be served, or an answer is not as recorded.
    """
    version = folder / str(number)
    check_checksums(version)
    golden = version / "assets.extra" / "golden"
    recorded = json.loads((golden / "answers.json").read_text(encoding="utf-8"))
    if not recorded:
        raise UserError(f"{golden} holds no answers to compare with. Train the model anew.")
    with _server(folder) as url:
        for expected in recorded:
            difference = _difference(expected, _ask(url, (golden / expected["file"]).read_bytes()))
            if difference:
                raise UserError(
                    f"A server does not answer the golden photo {expected['file']} as it was recorded: {difference}."
                )
    return len(recorded)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """Where a version is asked while a `with` block lasts."""
    from car_classifier.serving import ModelServer, ServerSettings
    from car_classifier.serving.errors import ServingError

    server = ModelServer(ServerSettings(model_base_path=folder, model_name=_NAME, rest_api_port=0))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        server.repository.wait_until_available([_NAME])
        yield f"{server.url}/v1/models/{_NAME}:predict"
    except ServingError as error:
        raise UserError(f"It cannot be served: {error.message}") from error
    finally:
        server.stop()
        thread.join()


def _ask(url: str, photo: bytes) -> dict[str, Any]:
    instance = {"image_bytes": {"b64": base64.b64encode(photo).decode()}, "class_index": -1}
    body = json.dumps({"signature_name": "explain", "instances": [instance]}).encode()
    try:
        with urllib.request.urlopen(url, body) as response:  # noqa: S310 (our own address)
            answer: dict[str, Any] = json.load(response)["predictions"][0]
    except urllib.error.HTTPError as error:
        raise UserError(f"It cannot be asked: {json.load(error)['error']}") from error
    return answer


def _difference(expected: dict[str, Any], got: dict[str, Any]) -> str:
    """In what an answer differs from the recorded one, for people; empty where it does not."""
    place = {label: i for i, label in enumerate(got["labels"])}
    for i, (label, probability) in enumerate(zip(expected["labels"], expected["probabilities"], strict=True)):
        if label not in place:
            if probability > min(got["probabilities"]) + TOLERANCE:
                return f"{label} is not among the most likely labels"
            continue
        answered = got["probabilities"][place[label]]
        if abs(answered - probability) > TOLERANCE:
            return f"the probability of {label} is {answered:.3f}, not {probability:.3f}"
        for name in ("logits", "contributions"):
            recorded, answer = np.asarray(expected[name][i]), np.asarray(got[name][place[label]])
            largest = max(np.abs(row).max() for row in expected[name])
            if recorded.shape != answer.shape or np.abs(recorded - answer).max() > TOLERANCE * largest:
                return f"the {name} of {label} are others"
    return ""


def _predictions(version: Path) -> dict[tuple[str, str], str]:
    """Most likely label of each test photo, by its file name and its own label; none where the file is missing."""
    path = version / "assets.extra" / "predictions.csv"
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {(row["file_name"], row["label"]): row["label_1"] for row in csv.DictReader(file)}
