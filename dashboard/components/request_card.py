"""The same question from elsewhere: a command for a terminal, a few lines of Python, and a link to a sample photo."""

import dash_mantine_components as dmc
from dash import html


def request_card() -> html.Details:
    """Returns a section that opens on a click; `assets/scripts/classify/request.mjs` writes the code."""
    return html.Details(
        [
            html.Summary("Ask the same from a terminal or from Python, or share it"),
            *_code("curl", "Command"),
            *_code("python", "Python"),
            html.Div(
                [
                    dmc.Button("Copy the command", id="copy-curl", variant="default", size="xs"),
                    dmc.Button("Copy the Python", id="copy-python", variant="default", size="xs"),
                    dmc.Button("Copy a link to this photo", id="copy-link", variant="default", size="xs"),
                    html.Span("", id="copied", className="dimmed", role="status"),
                ],
                className="actions",
            ),
        ],
        id="request",
        className="request card",
    )


def _code(component_id: str, name: str) -> tuple[html.P, html.Pre]:
    return (
        html.P(name, className="request-language dimmed"),
        html.Pre(html.Code("", id=component_id), tabIndex=0, **{"aria-label": name}),
    )
