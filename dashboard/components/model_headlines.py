"""The headline figures of a version, with their intervals, beside those of another version."""

from typing import Any

import dash
from dash import ALL, Input, Output, html

from dashboard.callbacks import callback
from dashboard.components.model_choices import photo_options
from dashboard.components.model_section import CHOSEN, OTHER, measured, presence, present, section, version_and_report
from dashboard.names import counted
from dashboard.reports.comparison import HEADLINES, HeadlineText, comparison_note, headline_texts
from dashboard.services import Services

TEXTS = ("value", "interval", "other", "difference")


def headlines(services: Services, number: str | None, other: str | None) -> html.Section:
    """Returns a card for each figure. The layout fills them already: visitors come for these."""
    first = photo_options(services, number)[0]["value"]
    shown = _shown(services, number, first, other)
    leaves = zip(HEADLINES, *(shown[part] for part in (*TEXTS, "bar", "verdict", "card")), strict=True)
    return section(
        "headlines",
        "How good it is",
        "Shares of photos, with 95 % intervals: the plausible range of the figure for all photos of this kind.",
        html.P(shown["count"], id="model-count", className="hint"),
        html.Ul([_card(*leaf) for leaf in leaves], className="headlines"),
        html.P(shown["note"], id="model-comparison", className="hint dimmed"),
        missing=shown["missing"],
        is_hidden=shown["is_hidden"],
    )


def _card(
    key: str,
    value: str,
    interval: str,
    other: str,
    difference: str,
    bar: dict[str, str],
    verdict: str,
    card: dict[str, str],
) -> html.Li:
    kind = HEADLINES[key]

    def leaf(part: str, text: str = "", **options: Any) -> html.Span:
        return html.Span(text, id={"headline": key, "part": part}, className=f"headline-{part}", **options)

    return html.Li(
        [
            html.Span(kind.title, className="headline-title"),
            leaf("value", value),
            html.Span(leaf("bar", style=bar), className="bar", **{"aria-hidden": "true"}),
            leaf("interval", interval),
            html.Span(kind.meaning, className="headline-meaning dimmed"),
            leaf("other", other),
            leaf("difference", difference, **{"data-verdict": verdict}),
        ],
        id={"headline": key, "part": "card"},
        className="headline tile",
        style=card,
    )


def register(app: dash.Dash, services: Services) -> None:
    """Fills the cards with the figures of the chosen versions."""

    @callback(
        app,
        output={
            **presence("headlines"),
            "count": Output("model-count", "children"),
            "note": Output("model-comparison", "children"),
            **{part: Output({"headline": ALL, "part": part}, "children") for part in TEXTS},
            "bar": Output({"headline": ALL, "part": "bar"}, "style"),
            "verdict": Output({"headline": ALL, "part": "difference"}, "data-verdict"),
            "card": Output({"headline": ALL, "part": "card"}, "style"),
        },
        inputs=[*CHOSEN, Input(OTHER, "value")],
        prevent_initial_call=True,
    )
    def show(number: str | None, measured_on: str | None, other_number: str | None) -> dict[str, Any]:
        return _shown(services, number, measured_on, other_number)


def _shown(services: Services, number: str | None, measured_on: str | None, other_number: str | None) -> dict[str, Any]:
    """Returns the section's texts by the names of the callback's outputs; those of the cards are lists."""
    version, report = version_and_report(services, number, measured_on)
    ours = measured(services, number, measured_on)
    theirs = measured(services, other_number, measured_on) if other_number != number else None
    texts = headline_texts(ours, theirs) if ours else [HeadlineText()] * len(HEADLINES)
    no_makes = bool(report.headlines) and "make_top1" not in report.headlines
    return {
        **present("headlines", version, report.headlines),
        "count": f"Measured on {counted(report.count, 'photo')}." if report.count else "",
        "note": comparison_note(ours, theirs) if ours else "",
        **{part: [getattr(text, part) for text in texts] for part in TEXTS},
        "bar": [{"left": f"{text.low:.2%}", "width": _width(text)} for text in texts],
        "verdict": [text.verdict for text in texts],
        "card": [{"display": "none"} if key == "make_top1" and no_makes else {} for key in HEADLINES],
    }


def _width(text: HeadlineText) -> str:
    """Returns the bar's width: wide enough to be seen, if there is a number."""
    return f"{max(text.high - text.low, 0.01):.2%}" if text.high else "0"
