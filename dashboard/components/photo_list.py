"""The list of this session's photos: a summary, the photos to return to, and their answers as a file."""

import dash_mantine_components as dmc
from dash import html

ORDERS = [
    {"value": "newest", "label": "Newest first"},
    {"value": "least", "label": "Least sure first"},
    {"value": "most", "label": "Most sure first"},
]


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
                            _select("list-order", "Order", ORDERS),
                            _select("list-filter", "Filter", [{"value": "all", "label": "All photos"}]),
                        ],
                        id="list-fields",
                        className="list-fields",
                    ),
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
            html.Progress("", id="list-progress", value="0", max="1", hidden=True, **{"aria-label": "Photos answered"}),
            html.P("", id="list-summary", className="list-summary"),
            html.Ul(id="photo-list", className="photo-list"),
        ],
        id="photo-list-section",
        className="photo-list-section",
        hidden=True,
        **{"aria-label": "Your photos"},
    )


def _select(component_id: str, label: str, data: list[dict[str, str]]) -> dmc.Select:
    return dmc.Select(id=component_id, label=label, data=data, value=data[0]["value"], allowDeselect=False, size="xs")
