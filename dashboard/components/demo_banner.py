"""The banner on every page while the served model is the demo: the way from the demo to one's own photos."""

import dash_mantine_components as dmc
from dash import html

COMMANDS = "car-classifier data index data/images\ncar-classifier train --unfreeze head\ncar-classifier up"


def demo_banner(classes: int) -> html.Aside:
    """Returns the banner; `assets/scripts/demo-banner.mjs` shows it when another version is the demo or no longer is.

    Args:
        classes: Number of invented cars that the served model knows; 0 if it is not the demo.
    """
    return html.Aside(
        [
            html.Details(
                [
                    html.Summary(
                        [
                            html.Span(demo_text(classes), id="demo-text"),
                            html.Strong("Train on your own photos →", className="demo-link"),
                        ],
                    ),
                    html.P(
                        [
                            "Put your photos into data/images, one folder for each class. Then, in another terminal, "
                            "where the demo was started (while it runs, without the last line; after make up, first ",
                            html.Code(". .venv/bin/activate"),
                            "):",
                        ]
                    ),
                    html.Pre(html.Code(COMMANDS, id="demo-commands"), tabIndex=0, **{"aria-label": "Commands"}),
                    html.Div(
                        [
                            dmc.Button("Copy the commands", id="demo-copy", variant="default", size="xs"),
                            html.Span("", id="demo-copied", className="dimmed", role="status"),
                        ],
                        className="actions",
                    ),
                ],
            ),
            html.Button(
                "×", type="button", id="demo-close", className="demo-close", **{"aria-label": "Hide this note"}
            ),
        ],
        id="demo-banner",
        className="demo-banner",
        hidden=not classes,
        **{"aria-label": "Demo model"},
    )


def demo_text(classes: int) -> str:
    """Says what the served model is."""
    return f"Demo model: {classes} invented cars." if classes else ""
