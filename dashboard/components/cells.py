"""The cells of the heatmap, to point at and to draw over; `touch.mjs` fills and places everything here."""

from dash import html

PARTS = ("selection", "rest", "bias")


def cells() -> html.Div:
    """Returns the layer over the photo that follows pointer and keyboard, with the note about a cell."""
    return html.Div(
        [
            html.Div(id="cell-selection", className="cell-selection", hidden=True),
            html.Div(id="cell-cursor", className="cell-cursor", hidden=True),
            html.P("", id="cell-note", className="cell-note", hidden=True, **{"aria-hidden": "true"}),
        ],
        id="cells",
        className="cells",
        tabIndex=0,
        role="application",
        **{"aria-label": "Cells of the heatmap", "aria-describedby": "cells-hint"},
    )


def cells_hint() -> html.P:
    """Returns the sentence that says what can be done with the cells."""
    return html.P(
        [
            html.Span("Point at the photo to read a cell; drag, or Shift and arrow keys, to add up several."),
            html.Span(" With a finger, tap, or drag sideways.", className="for-touch"),
        ],
        id="cells-hint",
        className="cells-hint dimmed",
    )


def cell_sums() -> list[html.Div | html.P]:
    """Returns what the selected cells add up to, what the model answered without them, and what is read aloud."""
    return [
        html.Div(
            [
                html.P("", id="erased-text", role="status"),
                html.Button("Undo", type="button", id="undo-erase", className="button button-small"),
            ],
            id="erased",
            className="region region-erased",
            hidden=True,
        ),
        html.Div(
            [
                html.P("", id="region-text"),
                html.Div(
                    [html.Span(id=f"region-bar-{part}", **{"data-part": part}) for part in PARTS],
                    className="region-bar",
                    **{"aria-hidden": "true"},
                ),
                html.Div(
                    [
                        html.P(
                            [html.Span("", id=f"region-{part}", **{"data-part": part}) for part in (*PARTS, "logit")],
                            className="region-sum number",
                        ),
                        html.Button("Erase and ask again", type="button", id="erase", className="button button-small"),
                        html.Button(
                            "Clear selection", type="button", id="clear-region", className="button button-small"
                        ),
                    ],
                    className="actions",
                ),
            ],
            id="region",
            className="region",
            role="group",
            hidden=True,
            **{"aria-label": "Selected cells"},
        ),
        html.P("", id="cell-said", className="visually-hidden", role="status"),
    ]
