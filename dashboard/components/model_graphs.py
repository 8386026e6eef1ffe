"""The places of the plots: each is drawn when the reader comes near it.

Plotly is more than half of what the page would load, and many readers never come to a plot. So the skeleton has only
frames of a fixed height, and `assets/scripts/model.mjs` says which of them are near; nothing moves when a plot comes
into one.
"""

from collections.abc import Callable, Mapping

import dash
import plotly.graph_objects as go  # type: ignore[import-untyped]  # plotly ships no types
from dash import MATCH, Input, Output, dcc, html

from dashboard.callbacks import callback, run_in_browser
from dashboard.components.model_section import CHOSEN, OTHER
from dashboard.reports.figures import CONFIG, nothing
from dashboard.services import Services

Drawing = Callable[[Services, str | None, str | None, str | None], go.Figure | None]
"""Draws what is chosen: version, photos it was measured on, other version. None if its files do not have it."""


def frame(name: str) -> html.Figure:
    """The place of a plot; callbacks write what it shows into the `aria-label`.

    Args:
        name: One of the drawings that `register` is given.
    """
    return html.Figure(id=frame_id(name), className="model-graph-frame", **{"aria-label": "Not drawn yet"})


def frame_id(name: str) -> dict[str, str]:
    """The id of a frame, which has an `aria-label` and `data-cell`: the y and x last clicked, a line each."""
    return {"frame": name}


def register(app: dash.Dash, services: Services, drawings: Mapping[str, Drawing]) -> None:
    """Draws the plots that are near, and draws them again when something else is chosen.

    Args:
        app: The app.
        services: What the page works with.
        drawings: By the frame's name.
    """
    each_frame = {"frame": MATCH}
    run_in_browser(app, "model.watchFrame", Input(each_frame, "id"), starts_with=each_frame)
    run_in_browser(app, "model.keepCell", Input({"graph": MATCH}, "clickData"), starts_with=each_frame)

    @callback(
        app, Output({"frame": MATCH}, "children"), Input({"frame": MATCH}, "data-near"), prevent_initial_call=True
    )
    def put(_: str) -> dcc.Graph:
        name = dash.ctx.triggered_id["frame"]
        return dcc.Graph(id={"graph": name}, figure=nothing(), config=CONFIG, className="model-graph", responsive=True)

    @callback(app, Output({"graph": MATCH}, "figure"), *CHOSEN, Input(OTHER, "value"))
    def draw(number: str | None, measured_on: str | None, other_number: str | None) -> go.Figure:
        name = dash.ctx.outputs_list["id"]["graph"]
        return drawings[name](services, number, measured_on, other_number) or nothing()
