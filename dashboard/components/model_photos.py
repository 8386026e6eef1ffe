"""Photos with the version's answers: those of one cell of the confusion matrix, and all mistakes."""

from collections.abc import Sequence
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import Input, Output, dcc, html

from dashboard.callbacks import callback, run_in_browser
from dashboard.components import photo_wall
from dashboard.components.model_graphs import frame_id
from dashboard.components.model_section import CHOSEN, measured, presence, present, section
from dashboard.names import display_name
from dashboard.reports.predictions import Answer, choose, mistakes, wall
from dashboard.services import Services
from dashboard.subject import Subject

EVIDENCE = {
    "contrast": "Answer against truth",
    "answer": "For the answer",
    "truth": "For the truth",
    "none": "Photo only",
}
CELLS_OF_MISTAKES = 8
WHOSE_HEATMAPS = "Heatmaps come from the live version, whichever version is chosen above."


def chosen_photos() -> html.Section:
    """Returns the section with the photos of two classes, chosen here or elsewhere on the page."""
    return section(
        "photos",
        "Photos of a confusion",
        "Choose the class of the photos and the answer; leave one of them empty for any class. A click on a photo "
        f"opens it on the first page. {WHOSE_HEATMAPS}",
        dcc.Store(id="model-first-choice"),
        html.Div(
            [
                _class_choice("truth", "Really"),
                _class_choice("answer", "Answered"),
                dmc.Switch(id="model-both-ways", label="And the other way round", checked=True),
            ],
            className="model-choices",
        ),
        _evidence_choice("model-chosen"),
        html.P("", id="model-chosen-count", className="hint", role="status"),
        photo_wall.photo_wall("model-chosen"),
    )


def mistake_photos(subject: Subject) -> html.Section:
    """Returns the section with all mistakes, the most confident first.

    Args:
        subject: What the photos show.
    """
    return section(
        "mistakes",
        "Mistakes, the surest first",
        "Where the version is surest and wrong, look twice: the label may be wrong, or the photo shows two "
        f"{subject.many}. {WHOSE_HEATMAPS}",
        _evidence_choice("model-mistakes"),
        photo_wall.photo_wall("model-mistakes", CELLS_OF_MISTAKES),
    )


def _class_choice(name: str, label: str) -> dmc.Select:
    return dmc.Select(
        id=f"model-{name}",
        label=label,
        placeholder="Any class",
        data=[],
        searchable=True,
        clearable=True,
        clearButtonProps={"aria-label": f"Any class: {label}"},
        nothingFoundMessage="No such class",
        className="model-choice",
    )


def _evidence_choice(name: str) -> html.Div:
    return html.Div(
        [
            dmc.SegmentedControl(
                id=f"{name}-evidence",
                data=[{"value": value, "label": label} for value, label in EVIDENCE.items()],
                value="contrast",
                size="sm",
                className="evidence-choice",
                **{"aria-label": "Heatmap over the photos"},
            ),
            html.Span(
                [
                    html.Span("", id=f"{name}-cold"),
                    html.Canvas(id=f"{name}-legend", width=120, height=8, **{"aria-hidden": "true"}),
                    html.Span("", id=f"{name}-hot"),
                ],
                className="legend dimmed",
            ),
        ],
        className="evidence-row actions",
    )


def register(app: dash.Dash, services: Services) -> None:
    """Fills the walls with photos and the chosen version's answers."""
    for name in ("model-chosen", "model-mistakes"):
        photo_wall.register(app, name)
        run_in_browser(
            app,
            "model.showLegend",
            Input(f"{name}-evidence", "value"),
            Input(f"{name}-legend", "id"),
            starts_with=f"{name}-legend",
        )
    run_in_browser(
        app,
        "model.chooseClasses",
        Input("model-first-choice", "data"),
        Input(frame_id("model-confusion"), "data-cell"),
        Input("model-class-table", "selectedRows"),
        Input({"pair": dash.ALL}, "n_clicks"),
        outputs=[
            Output("model-truth", "value"),
            Output("model-answer", "value"),
            Output("model-both-ways", "checked"),
            Output("model-class-table", "selectedRows"),
        ],
    )

    @callback(
        app,
        output={
            "truths": Output("model-truth", "data"),
            "answers": Output("model-answer", "data"),
            "first": Output("model-first-choice", "data"),
        },
        inputs=CHOSEN,
    )
    def classes(number: str | None, measured_on: str | None) -> dict[str, object]:
        shown = measured(services, number, measured_on)
        answers = shown.answers if shown else ()
        labels = sorted({label for answer in answers for label in (answer.label, answer.first)})
        options = [{"value": label, "label": display_name(label)} for label in labels]
        pairs = (shown.report.pairs if shown else None) or []
        first = pairs[0].labels if pairs else [labels[0], None] if labels else [None, None]
        return {"truths": options, "answers": options, "first": first}

    @callback(
        app,
        output={
            **presence("photos"),
            "count": Output("model-chosen-count", "children"),
            "photos": Output("model-chosen-photos", "data"),
        },
        inputs=[
            *CHOSEN,
            Input("model-truth", "value"),
            Input("model-answer", "value"),
            Input("model-both-ways", "checked"),
            Input("model-chosen-evidence", "value"),
        ],
    )
    def show_chosen(
        number: str | None,
        measured_on: str | None,
        truth: str | None,
        answered: str | None,
        both_ways: bool,
        evidence: str,
    ) -> dict[str, object]:
        shown = measured(services, number, measured_on)
        answers = shown.answers if shown else ()
        chosen = choose(answers, truth, answered, both_ways) if truth or answered else []
        empty = "No photo has this answer." if truth or answered else "Choose a class."
        return {
            **present("photos", services.versions.find(number), answers),
            "count": _count(chosen),
            "photos": _wall(services, chosen, evidence, empty),
        }

    @callback(
        app,
        output={**presence("mistakes"), "photos": Output("model-mistakes-photos", "data")},
        inputs=[*CHOSEN, Input("model-mistakes-evidence", "value")],
    )
    def show_mistakes(number: str | None, measured_on: str | None, evidence: str) -> dict[str, object]:
        shown = measured(services, number, measured_on)
        answers = shown.answers if shown else ()
        return {
            **present("mistakes", services.versions.find(number), answers),
            "photos": _wall(services, mistakes(answers), evidence, "Not a single mistake on these photos."),
        }


def _wall(services: Services, answers: Sequence[Answer], evidence: str, empty: str) -> dict[str, Any]:
    return wall(answers, services.dataset.read(), evidence, empty)


def _count(answers: Sequence[Answer]) -> str:
    if not answers:
        return ""
    wrong = sum(not answer.is_right for answer in answers)
    return f"{len(answers)} photo{'s' * (len(answers) != 1)}, {wrong} of them answered wrong."
