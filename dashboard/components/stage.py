"""The stage: visitors drop a photo here, and see it with the heatmap over it."""

import dash_mantine_components as dmc
from dash import html

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


def stage(subject: Subject) -> html.Section:
    """Returns the stage, empty at first: an invitation that is also the button to choose a photo.

    Args:
        subject: What the photos show.
    """
    return html.Section(
        [
            html.Div([_invitation(subject), _camera_button(), _photo(), _progress()], className="stage-area"),
            html.Div([_toolbar(), _evidence_controls(subject), _caption()], className="stage-foot"),
        ],
        className="card stage",
        **{"aria-label": "Photo"},
    )


def _invitation(subject: Subject) -> html.Button:
    return html.Button(
        [
            html.Span(className="icon icon-photo", **{"aria-hidden": "true"}),
            html.Span(f"Drop {subject.photos} here", className="invitation-title for-mouse"),
            html.Span("or click to choose some, or paste one from the clipboard", className="dimmed for-mouse"),
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
        ],
        id="photo-frame",
        className="photo-frame",
    )


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
            html.Div(
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
            ),
            html.Div(
                [
                    dmc.Button("Another photo", className="browse", variant="default", size="xs"),
                    dmc.Button("Camera", className="open-camera", variant="default", size="xs"),
                ],
                className="actions",
            ),
        ],
        className="toolbar actions",
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
        ],
        className="caption",
    )
