"""Frames for plots: a plot is drawn when the reader scrolls near its frame.

Plotly is more than half of the page's bytes, and many readers never reach a plot. So the skeleton has only frames of a
fixed height, and `assets/scripts/model.mjs` reports which of them are near; nothing moves when a plot fills its frame.
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
"""Draws the choice of version, photos of the measurement, and other version; None if the version's files lack it."""


def frame(name: str) -> html.Figure:
    """Returns the frame of a plot; callbacks describe the plot in its `aria-label`.

    Args:
        name: Name of one of the drawings given to `register`.
    """
    return html.Figure(id=frame_id(name), className="model-graph-frame", **{"aria-label": "Not drawn yet"})


def frame_id(name: str) -> dict[str, str]:
    """Returns the id of a frame. Its `data-cell` holds the y and x of the last click, one per line."""
    return {"frame": name}


def register(app: dash.Dash, services: Services, drawings: Mapping[str, Drawing]) -> None:
    """Draws the plots that are near the reader, and redraws them after another choice.

    Args:
        app: The app.
        services: The services that the drawings get.
        drawings: The drawings, by the names of their frames.
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
