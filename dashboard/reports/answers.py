"""Asks the model about a photo and prepares the answer for the page: a few kilobytes, sent once."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.model_server.client import ClassExplanation, Explanation, ModelClient
from dashboard.model_server.errors import UnknownModel
from dashboard.model_server.status import STATUS_SECONDS, ModelWatch
from dashboard.names import display_name
from dashboard.reports.versions import SURE_ABOVE, Version, VersionsFolder

CLASSES_SHOWN = 5
MAKES_SHOWN = 3
SHARE_FOR_STATUS = 0.125  # of the time limit of an answer
LEAST_SECONDS = 0.1


class UnknownClass(Exception):
    """The model does not know the class that was asked for; the message says so."""


def answer_for(
    photo: bytes,
    client: ModelClient,
    watch: ModelWatch,
    versions: VersionsFolder,
    asked_label: str | None = None,
    seconds: float | None = None,
    sure_above: float | None = None,
) -> dict[str, Any]:
    """Asks the model about a photo.

    Args:
        photo: A JPEG or PNG file's bytes.
        client: Client of the model server.
        watch: Knows the version that answers.
        versions: The published versions, for the labels of that one.
        asked_label: A class to explain besides the most likely ones.
        seconds: Time limit for everything together, if any.
        sure_above: An answer with a lower probability is called not sure; the version's own threshold if left out.

    Returns:
        See `describe` and `confidence_of`.

    Raises:
        ModelServerError: One of its subclasses, see `dashboard.model_server.errors`.
        UnknownClass: The version that answers has no class `asked_label`, or its classes are not known.
    """
    start = time.perf_counter()
    until = None if seconds is None else start + seconds
    patience = STATUS_SECONDS if seconds is None else seconds * SHARE_FOR_STATUS
    version = watch.version(patience)
    try:
        explanation = _ask(photo, client, versions, asked_label, version, until)
    except UnknownModel:
        if version is None:
            raise
        version = watch.version_after(version, patience)  # it has been replaced in the meantime
        explanation = _ask(photo, client, versions, asked_label, version, until)
    milliseconds = (time.perf_counter() - start) * 1000
    answer = describe(explanation, model=client.model_name, version=version, milliseconds=milliseconds)
    return answer | confidence_of(explanation, versions.find(version), sure_above)


def _ask(
    photo: bytes,
    client: ModelClient,
    versions: VersionsFolder,
    asked_label: str | None,
    version: str | None,
    until: float | None,
) -> Explanation:
    seconds = None if until is None else max(LEAST_SECONDS, until - time.perf_counter())
    if asked_label is None:
        return client.explain(photo, version=version, seconds=seconds)
    published = versions.find(version)
    labels: Sequence[str] = published.labels if published else ()
    if asked_label not in labels:
        known = "which is not one of its classes" if labels else "because the names of its classes are not known here"
        raise UnknownClass(f"The model cannot be asked about “{display_name(asked_label)}”, {known}.")
    explanation = client.explain(photo, labels.index(asked_label), version, seconds)
    if explanation.asked is None or explanation.asked.label != asked_label:
        raise UnknownClass(
            f"The files of version {version} in the model folder are not those of the version that answers. "
            "Check DASHBOARD_MODEL_FOLDER."
        )
    return explanation


def describe(explanation: Explanation, *, model: str, version: str | None, milliseconds: float) -> dict[str, Any]:
    """Prepares an answer for the page.

    Args:
        explanation: The model's answer.
        model: The model's name.
        version: The model's version, if known.
        milliseconds: Duration of the request to the model server.

    Returns:
        `classes`: up to five, most likely first, each with `label`, `name`, `index`, `probability`, `logit`, `bias` and
        `map`, h rows of w contributions to the class's logit, negative where the photo speaks against it, with all
        digits of the model server, so that they and the bias sum to the logit; `asked`: the same for the class that
        was asked for, or None; `temperature`: as `Explanation.temperature`; `scale`: the largest contribution among
        the likely classes, drawn in full colour so that heatmaps can be compared (1 if none is above 0); `extent`:
        where the maps lie on the photo, as `Explanation.map_extent`; `makes`: the most likely ones with `name` and
        `probability`, without classes that have no make; `familiarity`, 0 to 1, or None if the model does not say;
        `is_familiar`; `model`, `version` and `milliseconds`.
    """
    shown = explanation.classes[:CLASSES_SHOWN]
    alone = {entry.label for entry in explanation.classes}  # a class without a make counts as its own make
    peak = max(float(entry.contributions.max()) for entry in shown)
    return {
        "classes": [_class(entry) for entry in shown],
        "asked": _class(explanation.asked) if explanation.asked else None,
        "scale": peak if peak > 0 else 1.0,
        "temperature": explanation.temperature,
        "extent": list(explanation.map_extent),
        "makes": [
            {"name": display_name(make), "probability": share}
            for make, share in explanation.makes[:MAKES_SHOWN]
            if make not in alone
        ],
        "familiarity": explanation.familiarity,
        "is_familiar": explanation.is_familiar,
        "model": model,
        "version": version,
        "milliseconds": round(milliseconds),
    }


def confidence_of(explanation: Explanation, version: Version | None, sure_above: float | None) -> dict[str, Any]:
    """What the probability of the first answer is worth.

    Args:
        explanation: The model's answer.
        version: The version that gave it, if its files are known.
        sure_above: The threshold that the settings name, if they name one.

    Returns:
        `sure_above`: below this probability the answer is called not sure; `measured`: how many of the version's
        answers for its test photos were about as confident, as `Count.as_json`; None if those answers are not known.
    """
    own = version.sure_above if version else SURE_ABOVE
    record = version.track_record if version and len(version.track_record) else None
    return {
        "sure_above": own if sure_above is None else sure_above,
        "measured": record.about_as_confident(explanation.classes[0].probability).as_json() if record else None,
    }


def _class(entry: ClassExplanation) -> dict[str, Any]:
    return {
        "label": entry.label,
        "name": display_name(entry.label),
        "index": entry.index,
        "probability": entry.probability,
        "logit": _shortest(entry.logit),
        "bias": _shortest(entry.bias),
        "map": [[_shortest(cell) for cell in row] for row in entry.contributions],
    }


def _shortest(number: float | np.float32) -> float:
    """A float32 as the number with the fewest digits that stands for it."""
    return float(str(np.float32(number)))
