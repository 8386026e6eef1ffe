"""The gate before publication: a server must give the recorded answers, and the figures must be no step back."""

from __future__ import annotations

import base64
import json
import threading
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from car_classifier.errors import UserError
from car_classifier.files import read_json
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.registry.server_status import ask_directly

if TYPE_CHECKING:
    from car_classifier.publishing.version_comparison import Comparison

MARGIN = 0.01
"""Largest drop of each figure below the live version's, from 0 to 1."""

TOLERANCE = 0.01
"""Tolerance of answers against the recorded ones, because processors round differently: probabilities by this much,
logits and contributions by this share of the largest one."""

_NAME = "candidate"


def check_metrics(candidate: PublishedVersion, live: PublishedVersion, margin: float) -> Comparison | None:
    """Make sure that a version is not worse than the live one on the test photos that both were measured on.

    Args:
        candidate: The version to publish.
        live: The live version.
        margin: How far top-1 and macro-F1 may fall, from 0 to 1.

    Returns:
        The comparison; None if they have no test photo in common.

    Raises:
        UserError: A figure falls by more than the margin.
    """
    from car_classifier.publishing.version_comparison import compare

    comparison = compare(candidate, live)
    if comparison and (fallen := comparison.fallen(margin)):
        raise UserError(
            f"It is worse than the live version {live.folder.name}: {comparison}. {' and '.join(fallen)} may fall by "
            f"{100 * margin:g} points at most (one photo is {100 / comparison.photos:.1f}); --margin sets the limit."
        )
    return comparison


def check_answers(folder: Path, number: int) -> int:
    """Serve a version and make sure that its golden photos get the recorded answers.

    Args:
        folder: A folder that holds the version and no other.
        number: Number of the version.

    Returns:
        The number of golden photos.

    Raises:
        UserError: The golden photos are missing, the version cannot be served, or an answer differs from the record.
    """
    version = PublishedVersion(folder / str(number))
    try:
        recorded = read_json(version.golden_answers_path)
        photos = {answer["file"]: (version.golden_folder / answer["file"]).read_bytes() for answer in recorded}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError(f"Its golden photos cannot be read ({error}). Train the model again.") from error
    if not recorded:
        raise UserError("It has no golden photos to compare with. Train the model again.")
    with _server(folder) as url:
        for expected in recorded:
            photo = photos[expected["file"]]
            every_class = _ask(url, "all_classes", photo) | {"labels": list(version.names.labels)}
            for signature, answer in (
                ("explain", _ask(url, "explain", photo, class_index=-1)),
                ("classify", _ask(url, "classify", photo)),
                ("all_classes", every_class),
            ):
                difference = _difference(expected, answer)
                if difference:
                    raise UserError(
                        f"A server's answer for the golden photo {expected['file']} differs from the record: "
                        f"of {signature}, {difference}."
                    )
    return len(recorded)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """Serve a version during a `with` block; its address for requests."""
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


def _ask(url: str, signature: str, photo: bytes, **inputs: int) -> dict[str, Any]:
    instance = {"image_bytes": {"b64": base64.b64encode(photo).decode()}} | inputs
    body = json.dumps({"signature_name": signature, "instances": [instance]}).encode()
    try:
        with ask_directly(url, body) as response:
            answer: dict[str, Any] = json.load(response)["predictions"][0]
    except urllib.error.HTTPError as error:
        raise UserError(f"It cannot be asked: {json.load(error)['error']}") from error
    return answer


def _difference(expected: dict[str, Any], got: dict[str, Any]) -> str:
    """Describes how an answer differs from the recorded one; empty if it does not.

    Answers are compared label by label, and only in the outputs that both have: `classify` has no logits.
    """
    import numpy as np

    place = {label: i for i, label in enumerate(got["labels"])}
    for i, (label, probability) in enumerate(zip(expected["labels"], expected["probabilities"], strict=True)):
        if label not in place:
            if not probability <= min(got["probabilities"]) + TOLERANCE:
                return f"{label} is not among the most likely labels"
            continue
        answered = got["probabilities"][place[label]]
        if not abs(answered - probability) <= TOLERANCE:  # written so that nan differs, too
            return f"the probability of {label} is {answered:.3f}, not {probability:.3f}"
        for name in got.keys() & {"logits", "contributions"}:
            recorded, answer = np.asarray(expected[name][i]), np.asarray(got[name][place[label]])
            largest = max(np.abs(row).max() for row in expected[name])
            if recorded.shape != answer.shape or not np.abs(recorded - answer).max() <= TOLERANCE * largest:
                return f"the {name} of {label} differ"
    return ""
