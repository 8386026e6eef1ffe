"""The gallery: the visitor's own photo, or one of a few sample photos, with one click."""

from collections.abc import Sequence
from pathlib import Path

import dash_mantine_components as dmc
from dash import html

from dashboard.photos.dataset import DatasetPhoto


def gallery(samples: Sequence[DatasetPhoto], manifest: Path) -> html.Section:
    """Returns thumbnails that are buttons, or a sentence that says how to get some."""
    if samples:
        body = html.Div([_thumbnail(number, sample) for number, sample in enumerate(samples)], className="thumbnails")
    else:
        body = html.P(
            f"No sample photos: {manifest} is missing, or the photos that it lists are gone. "
            "Index your photos to see some here. Your own photos work without that.",
            className="dimmed",
        )
    return html.Section(
        [
            html.Div(
                [
                    html.Button(
                        [html.Strong("Your own photo"), html.Span("Drop, paste or choose", className="for-mouse")],
                        type="button",
                        className="own-photo browse",
                    ),
                    dmc.Button("Camera", className="open-camera", variant="default", size="xs"),
                ],
                className="own actions",
            ),
            html.H2("Or try one of these", className="gallery-title", hidden=not samples),
            body,
        ],
        className="gallery",
        **{"aria-label": "Sample photos"},
    )


def _thumbnail(number: int, sample: DatasetPhoto) -> html.Button:
    # The class is left out on purpose: it would give the answer away.
    name = f"Sample photo {number + 1}"
    return html.Button(
        dmc.Image(
            src=f"/dataset/{sample.id}.jpg?side=160",
            alt="",
            attributes={"root": {"loading": "lazy", "draggable": False}},
        ),
        id={"part": "sample", "number": number},
        type="button",
        className="thumbnail tile",
        **{"aria-label": name, "data-sample": sample.id, "data-name": name},
    )
