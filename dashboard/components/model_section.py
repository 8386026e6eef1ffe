"""A section of the page "Model", and the sentence that replaces it if the version's files lack its figures."""

from typing import Any

from dash import Input, Output, html

from dashboard.reports.comparison import Measured
from dashboard.reports.predictions import answers_of
from dashboard.reports.results import Report, reports_of
from dashboard.reports.versions import Version
from dashboard.services import Services

VERSION, OTHER, PHOTOS = "model-version", "model-other", "model-measured-on"

CHOSEN = [Input(VERSION, "value"), Input(PHOTOS, "value")]
"""The chosen version, and the photos that it was measured on."""

EVALUATE = "Measure it with: car-classifier evaluate --model {folder} --data MANIFEST"
MISSING = {
    "headlines": "Version {number} has no figures. " + EVALUATE,
    "curves": "Version {number} has no readable history.csv, in which car-classifier train records its epochs.",
    "calibration": "The calibration of version {number} was not measured. " + EVALUATE,
    "confusions": "Version {number} has no confusion matrix. " + EVALUATE,
    "classes": "Version {number} has no figures of its classes. " + EVALUATE,
    "photos": "The answers of version {number} for these photos were not kept. car-classifier train keeps only those "
    "for its test photos, in predictions.csv.",
    "mistakes": "The answers of version {number} for these photos were not kept. car-classifier train keeps only those "
    "for its test photos, in predictions.csv.",
    "explanations": "The explanations of version {number} were not scored. "
    "Score them with: car-classifier explain-eval --model {folder} --data MANIFEST",
    "card": "Version {number} has no model card. car-classifier train writes one.",
}


def section(
    name: str, title: str, hint: str, *children: Any, missing: str = "", is_hidden: bool = False
) -> html.Section:
    """Returns a section whose body a sentence can replace.

    Args:
        name: A key of `MISSING`.
        title: The heading.
        hint: A sentence about the section's content.
        children: The body.
        missing: The sentence, if the body is missing from the start.
        is_hidden: Whether the body is hidden at first.
    """
    return html.Section(
        [
            html.H2(title, id=f"model-{name}-title", className="title"),
            html.P(missing, id={"missing": name}, className="model-missing"),
            html.Div([html.P(hint, className="hint dimmed"), *children], id={"body": name}, hidden=is_hidden),
        ],
        id=f"model-section-{name}",
        className="card model-section",
        **{"aria-labelledby": f"model-{name}-title"},
    )


def presence(name: str) -> dict[str, Output]:
    """Returns the outputs of a callback for the properties that `present` returns."""
    return {"missing": Output({"missing": name}, "children"), "is_hidden": Output({"body": name}, "hidden")}


def present(name: str, version: Version | None, is_there: object) -> dict[str, Any]:
    """Returns `missing`, the sentence if the content is missing, and `is_hidden`, whether the body is hidden."""
    if is_there:
        return {"missing": "", "is_hidden": False}
    if version is None:
        return {"missing": "There is no such version.", "is_hidden": True}
    return {"missing": MISSING[name].format(number=version.number, folder=version.folder), "is_hidden": True}


def version_and_report(
    services: Services, number: str | None, measured_on: str | None
) -> tuple[Version | None, Report]:
    """Returns a version and its figures on some photos; empty figures if they are missing."""
    version = services.versions.find(number)
    reports = reports_of(version) if version else {}
    return version, reports.get(measured_on or "", Report({}))


def measured(services: Services, number: str | None, measured_on: str | None) -> Measured | None:
    """Returns a version with its figures and, for its test photos, its answers; None if there is no such version."""
    version, report = version_and_report(services, number, measured_on)
    if version is None:
        return None
    answers = [] if measured_on else answers_of(version)
    return Measured(f"Version {version.number}", report, answers)
