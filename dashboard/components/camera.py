"""The camera: a dialog that shows its picture and takes one photo."""

import dash_mantine_components as dmc
from dash import html


def camera() -> html.Dialog:
    """Returns the dialog, closed at first; `assets/scripts/classify/camera.mjs` opens it."""
    return html.Dialog(
        [
            html.H2("Take a photo", id="camera-title", className="title"),
            html.Video(id="camera-view", autoPlay=True, muted=True, **{"aria-label": "What the camera sees"}),
            html.P("", id="camera-problem", className="dimmed", role="status"),
            html.Div(
                [
                    dmc.Button("Take it", id="camera-take", size="sm"),
                    dmc.Button("Cancel", id="camera-cancel", variant="default", size="sm"),
                ],
                className="actions",
            ),
        ],
        id="camera",
        className="camera card",
        **{"aria-labelledby": "camera-title"},
    )
