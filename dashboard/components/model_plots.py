"""Training curves and calibration of one or two versions."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal

import dash
import plotly.graph_objects as go  # type: ignore[import-untyped]  # plotly ships no types
from dash import Input, Output, html

from dashboard.callbacks import callback
from dashboard.components.model_graphs import Drawing, frame, frame_id
from dashboard.components.model_section import CHOSEN, OTHER, presence, present, section, version_and_report
from dashboard.reports.figures import calibration_figure, calibration_words, curve_figure, curve_words
from dashboard.reports.results import Epoch, history_of
from dashboard.services import Services


def plots() -> html.Div:
    """Returns the two sections."""
    return html.Div(
        [
            section(
                "curves",
                "How it learned",
                "Dotted lines: training photos, changed at random each time. Solid lines: validation photos.",
                html.Div([frame("model-loss"), frame("model-accuracy")], className="side-by-side"),
            ),
            section(
                "calibration",
                "Can its confidence be trusted?",
                "Of the photos that it is 80 % sure of, 80 % should be right. The dashed line marks that.",
                html.Div(
                    [
                        html.Div(
                            [html.P("", id=f"model-calibration-{side}-words"), frame(f"model-calibration-{side}")],
                            id=f"model-calibration-{side}-side",
                        )
                        for side in ("ours", "theirs")
                    ],
                    className="side-by-side",
                ),
            ),
        ],
        className="model-plots",
    )


def register(app: dash.Dash, services: Services) -> None:
    """Describes the plots of the chosen versions, or says that there are none."""

    @callback(
        app,
        output={
            **presence("curves"),
            "loss": Output(frame_id("model-loss"), "aria-label"),
            "accuracy": Output(frame_id("model-accuracy"), "aria-label"),
        },
        inputs=[CHOSEN[0], Input(OTHER, "value")],
    )
    def curves(number: str | None, other_number: str | None) -> dict[str, object]:
        histories = _histories(services, number, other_number)
        return {
            **present("curves", services.versions.find(number), histories.get(_name(number))),
            "loss": curve_words("loss", histories),
            "accuracy": curve_words("accuracy", histories),
        }

    @callback(
        app,
        output={
            **presence("calibration"),
            "ours": Output("model-calibration-ours-words", "children"),
            "our_plot": Output(frame_id("model-calibration-ours"), "aria-label"),
            "theirs": Output("model-calibration-theirs-words", "children"),
            "their_plot": Output(frame_id("model-calibration-theirs"), "aria-label"),
            "has_no_other": Output("model-calibration-theirs-side", "hidden"),
        },
        inputs=[*CHOSEN, Input(OTHER, "value")],
    )
    def calibration(number: str | None, measured_on: str | None, other_number: str | None) -> dict[str, object]:
        version, report = version_and_report(services, number, measured_on)
        other, other_report = version_and_report(services, other_number, measured_on)
        ours = calibration_words(_name(number), report.calibration)
        theirs = calibration_words(_name(other_number), other_report.calibration)
        return {
            **present("calibration", version, report.calibration),
            "ours": ours,
            "our_plot": f"Calibration plot. {ours}",
            "theirs": theirs,
            "their_plot": f"Calibration plot. {theirs}",
            "has_no_other": other is None or other_number == number,
        }


def _histories(services: Services, number: str | None, other_number: str | None) -> dict[str, Sequence[Epoch]]:
    """Returns the epochs of the version and of the other one, if there is one, by the versions' names."""
    versions = services.versions.find(number), services.versions.find(other_number)
    return {_name(str(version.number)): history_of(version) for version in versions if version}


def _name(number: str | None) -> str:
    return f"Version {number}"


def _draw_curve(
    kind: Literal["loss", "accuracy"], services: Services, number: str | None, _: str | None, other_number: str | None
) -> go.Figure | None:
    histories = _histories(services, number, other_number)
    return curve_figure(kind, histories) if histories.get(_name(number)) else None


def _draw_calibration(services: Services, number: str | None, measured_on: str | None) -> go.Figure | None:
    report = version_and_report(services, number, measured_on)[1]
    return calibration_figure(report.calibration) if report.calibration else None


DRAWINGS: Mapping[str, Drawing] = {
    "model-loss": partial(_draw_curve, "loss"),
    "model-accuracy": partial(_draw_curve, "accuracy"),
    "model-calibration-ours": lambda services, number, measured_on, _: _draw_calibration(services, number, measured_on),
    "model-calibration-theirs": lambda services, _, measured_on, other: _draw_calibration(services, other, measured_on),
}
"""The drawings, by the names of their frames."""
