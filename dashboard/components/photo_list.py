"""The list of this session's photos, to return to them and to download their answers as a file."""

import dash_mantine_components as dmc
from dash import html


def photo_list(minutes: float) -> html.Section:
    """Returns the list, empty and hidden at first; `assets/scripts/classify/list.mjs` fills it.

    Args:
        minutes: Time that the server keeps a photo.
    """
    kept = f"{minutes:g} minutes" if minutes < 120 else f"{minutes / 60:g} hours"
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Your photos", className="title"),
                    html.P(f"Kept on the server for {kept}, for this browser tab.", className="dimmed"),
                    html.Div(
                        [
                            dmc.Button("CSV", id="download-csv", variant="default", size="xs"),
                            dmc.Button("JSON", id="download-json", variant="default", size="xs"),
                            dmc.Button("Clear", id="clear-photos", variant="default", size="xs"),
                        ],
                        className="actions",
                    ),
                ],
                className="photo-list-head actions",
            ),
            html.Ul(id="photo-list", className="photo-list"),
        ],
        id="photo-list-section",
        className="photo-list-section",
        hidden=True,
        **{"aria-label": "Your photos"},
    )
