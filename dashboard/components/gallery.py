"""The gallery: sample photos to try with one click."""

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
        [html.H2("Or try one of these", className="title"), body],
        className="gallery",
        **{"aria-label": "Sample photos"},
    )


def _thumbnail(number: int, sample: DatasetPhoto) -> html.Button:
    return html.Button(
        dmc.Image(
            src=f"/dataset/{sample.id}.jpg?side=400",
            alt="",
            attributes={"root": {"loading": "lazy", "draggable": False}},
        ),
        type="button",
        className="thumbnail tile",
        # The name is left out on purpose: it would give the answer away.
        **{"aria-label": f"Sample photo {number + 1}", "data-sample": sample.id},
    )
