"""The gallery: sample photos to try with one click."""

from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import dash_mantine_components as dmc
from dash import html

from dashboard.samples import Sample


def gallery(samples: Sequence[Sample], manifest: Path) -> html.Section:
    """Thumbnails that are buttons, or a sentence that says how to get some."""
    if samples:
        body = html.Div([_thumbnail(number, sample) for number, sample in enumerate(samples)], className="thumbnails")
    else:
        body = html.P(
            f"No sample photos: {manifest} is missing or lists none that is still there. "
            "Index your photos to have some here. Your own photo works without.",
            className="dimmed",
        )
    return html.Section(
        [html.H2("Or try one of these", className="section-title"), body],
        className="gallery",
        **{"aria-label": "Sample photos"},
    )


def _thumbnail(number: int, sample: Sample) -> html.Button:
    # Browsers keep thumbnails for a while: a different photo needs a different address.
    photo = f"{crc32(str(sample.path).encode()):08x}"
    return html.Button(
        dmc.Image(
            src=f"/samples/{number}.jpg?photo={photo}",
            alt="",
            attributes={"root": {"loading": "lazy", "draggable": False}},
        ),
        type="button",
        className="thumbnail",
        # The name is left out on purpose: it would give the answer away.
        **{"aria-label": f"Sample photo {number + 1}", "data-sample": str(number)},
    )
