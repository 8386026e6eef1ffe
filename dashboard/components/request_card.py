"""The same question from elsewhere: a command for a terminal, and a link to a sample photo."""

import dash_mantine_components as dmc
from dash import html


def request_card() -> html.Details:
    """Returns a section that opens on a click; `assets/scripts/classify/request.mjs` writes the command."""
    return html.Details(
        [
            html.Summary("Ask the same from a terminal, or share it"),
            html.Pre(html.Code("", id="curl"), tabIndex=0, **{"aria-label": "Command"}),
            html.Div(
                [
                    dmc.Button("Copy the command", id="copy-curl", variant="default", size="xs"),
                    dmc.Button("Copy a link to this photo", id="copy-link", variant="default", size="xs"),
                    html.Span("", id="copied", className="dimmed", role="status"),
                ],
                className="actions",
            ),
        ],
        id="request",
        className="request card",
    )
