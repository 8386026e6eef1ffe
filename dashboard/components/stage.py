"""The stage: visitors drop a photo here or pick a sample, and see it with the heatmap over it."""

from collections.abc import Sequence
from pathlib import Path

import dash_mantine_components as dmc
from dash import html

from dashboard.components.cells import cell_sums, cells, cells_hint
from dashboard.components.gallery import gallery
from dashboard.components.grey_switch import grey_switch
from dashboard.photos.dataset import DatasetPhoto
from dashboard.subject import Subject

OPACITY_AT_START = 75
PALETTES = [
    {
        "group": "For all eyes",
        "items": [
            {"value": "inferno", "label": "Inferno"},
            {"value": "viridis", "label": "Viridis"},
            {"value": "cividis", "label": "Cividis"},
        ],
    },
    {"group": "Not for the colour-blind", "items": [{"value": "turbo", "label": "Turbo"}]},
]


def stage(subject: Subject, samples: Sequence[DatasetPhoto], manifest: Path) -> html.Section:
    """Returns the stage, empty at first: an invitation that is also the button to choose a photo.

    Args:
        subject: What the photos show.
        samples: Sample photos.
        manifest: The file that lists them.
    """
    return html.Section(
        [
            html.Div(
                [
                    html.Div(
                        [_invitation(subject), _camera_button(), _photo(), _answer(), _progress()],
                        className="stage-area",
                    ),
                    gallery(samples, manifest),
                ],
                className="stage-view",
            ),
            html.Div(
                [
                    *cell_sums(),
                    _toolbar(),
                    html.Div([_opacity(), _evidence_controls(subject)], id="controls", className="controls"),
                    _caption(),
                ],
                className="stage-foot",
            ),
        ],
        className="card stage",
        **{"aria-label": "Photo"},
    )


def _invitation(subject: Subject) -> html.Button:
    return html.Button(
        [
            html.Span(className="icon icon-photo", **{"aria-hidden": "true"}),
            html.Span(f"Drop {subject.photos} here", className="invitation-title for-mouse"),
            html.Span("or click to choose some, or paste a photo or its address", className="dimmed for-mouse"),
            html.Span(f"Choose {subject.photos}", className="invitation-title for-touch"),
        ],
        type="button",
        className="invitation browse",
    )


def _camera_button() -> dmc.Button:
    return dmc.Button("Use the camera", className="open-camera invitation-camera", variant="default", size="sm")


def _photo() -> html.Div:
    return html.Div(
        [
            html.Img(id="photo", alt="", draggable="false"),
            html.Canvas(id="heatmap", width=1, height=1, role="img", **{"aria-label": "No heatmap yet."}),
            cells(),
        ],
        id="photo-frame",
        className="photo-frame",
        **{"data-grey": "no"},
    )


def _answer() -> html.P:
    """The most likely answer over the photo: only on phones, where the ranking, which says the same, lies below."""
    return html.P("", id="answer-over", className="answer-over", **{"aria-hidden": "true"})


def _progress() -> html.Div:
    return html.Div(
        [html.Span(className="spinner"), html.Span("", id="progress-text")],
        className="over-photo progress",
        role="status",
    )


def _toolbar() -> html.Div:
    return html.Div(
        [
            dmc.Switch(id="heatmap-on", label="Heatmap", checked=True, size="sm"),
            grey_switch("grey-photo"),
            # Only on phones, where the controls are folded away at first.
            html.Button(
                "Adjust",
                type="button",
                id="adjust",
                className="button button-small adjust",
                **{"aria-expanded": "false", "aria-controls": "controls"},
            ),
        ],
        className="toolbar actions",
    )


def _controls(subject: Subject) -> html.Div:
    return html.Div([_opacity(), _evidence_controls(subject)], id="controls", className="controls")


def _opacity() -> html.Div:
    return html.Div(
        [
            html.Span("Opacity", className="dimmed", **{"aria-hidden": "true"}),
            dmc.Slider(
                id="opacity",
                value=OPACITY_AT_START,
                min=0,
                max=100,
                step=5,
                size="sm",
                updatemode="drag",
                thumbLabel="Opacity of the heatmap, in percent",
                className="opacity-slider",
            ),
        ],
        className="opacity",
    )


def _evidence_controls(subject: Subject) -> html.Div:
    return html.Div(
        [
            dmc.Select(
                id="evidence",
                label="Show evidence",
                data=[
                    {"value": "for", "label": f"for the {subject.one}"},
                    {"value": "both", "label": "for and against it"},
                ],
                value="for",
                allowDeselect=False,
                size="xs",
            ),
            dmc.Select(
                id="versus",
                label="Rather than",
                placeholder=f"no other {subject.one}",
                data=[],
                value=None,
                searchable=True,
                clearable=True,
                nothingFoundMessage=f"No such {subject.one}",
                clearButtonProps={"aria-label": f"Compare with no other {subject.one}"},
                limit=100,
                size="xs",
            ),
            dmc.Select(id="palette", label="Colours", data=PALETTES, value="inferno", allowDeselect=False, size="xs"),
        ],
        className="evidence-controls",
    )


def _caption() -> html.Div:
    return html.Div(
        [
            html.P("", id="evidence-text", className="evidence", **{"aria-live": "polite"}),
            html.Div(
                [
                    html.Span("little", id="legend-low"),
                    html.Canvas(id="legend", width=120, height=8, **{"aria-hidden": "true"}),
                    html.Span("much", id="legend-high"),
                    html.Span("", id="legend-note"),
                ],
                className="legend dimmed",
            ),
            cells_hint(),
        ],
        className="caption",
    )
