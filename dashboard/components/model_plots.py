"""Training curves and calibration of one or two versions."""

import dash
import plotly.graph_objects as go  # type: ignore[import-untyped]  # plotly ships no types
from dash import Input, Output, dcc, html

from dashboard.callbacks import callback
from dashboard.components.model_section import CHOSEN, OTHER, presence, present, section, version_and_report
from dashboard.figures import (
    CONFIG,
    calibration_figure,
    calibration_words,
    curve_figure,
    curve_words,
    nothing,
)
from dashboard.model_report import Report, history_of
from dashboard.parts import Parts


def plots() -> html.Div:
    """The two sections."""
    return html.Div(
        [
            section(
                "curves",
                "How it learned",
                "Dotted lines are the training photos, changed at random each time; solid ones the validation photos.",
                html.Div([graph("model-loss"), graph("model-accuracy")], className="side-by-side"),
            ),
            section(
                "calibration",
                "Can its confidence be trusted?",
                "Of the photos that it is 80 % sure of, 80 % should be right: on the dashed line.",
                html.Div(
                    [
                        html.Div(
                            [html.P("", id=f"model-calibration-{side}-words"), graph(f"model-calibration-{side}")],
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


def graph(name: str) -> html.Figure:
    """A place for a figure; what it shows is told by the `aria-label` of `NAME-frame`."""
    return html.Figure(
        dcc.Graph(id=name, figure=nothing(), config=CONFIG, className="model-graph", responsive=True),
        id=f"{name}-frame",
        className="model-graph-frame",
        **{"aria-label": "Not drawn yet"},
    )


def register(app: dash.Dash, parts: Parts) -> None:
    """Draws the versions that are chosen."""

    @callback(
        app,
        *presence("curves"),
        Output("model-loss", "figure"),
        Output("model-accuracy", "figure"),
        Output("model-loss-frame", "aria-label"),
        Output("model-accuracy-frame", "aria-label"),
        CHOSEN[0],
        Input(OTHER, "value"),
    )
    def curves(number: str | None, other_number: str | None) -> tuple[object, ...]:
        version = parts.versions.find(number)
        shown = [version, parts.versions.find(other_number) if other_number != number else None]
        histories = {f"Version {one.number}": history_of(one) for one in shown if one}
        is_there = version and histories[f"Version {version.number}"]
        return (
            *present("curves", version, is_there),
            curve_figure("loss", histories) if is_there else nothing(),
            curve_figure("accuracy", histories) if is_there else nothing(),
            curve_words("loss", histories),
            curve_words("accuracy", histories),
        )

    @callback(
        app,
        *presence("calibration"),
        *(
            Output(f"model-calibration-{side}{part}", name)
            for side in ("ours", "theirs")
            for part, name in (("", "figure"), ("-words", "children"), ("-frame", "aria-label"))
        ),
        Output("model-calibration-theirs-side", "hidden"),
        *CHOSEN,
        Input(OTHER, "value"),
    )
    def calibration(number: str | None, measured_on: str | None, other_number: str | None) -> tuple[object, ...]:
        version, report = version_and_report(parts, number, measured_on)
        other, other_report = version_and_report(parts, other_number, measured_on)
        has_other = other is not None and other_number != number
        return (
            *present("calibration", version, report.calibration),
            *_calibration(number, report),
            *_calibration(other_number, other_report),
            not has_other,
        )


def _calibration(number: str | None, report: Report) -> tuple[go.Figure, str, str]:
    figure = calibration_figure(report.calibration) if report.calibration else nothing()
    words = calibration_words(f"Version {number}", report.calibration)
    return figure, words, f"Calibration plot. {words}"
