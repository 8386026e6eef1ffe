"""Callbacks in the browser and in the server, with named inputs and outputs.

In the browser, a page or a widget is a function. It gets the values of its inputs as `{"id.property": value}` and
returns the properties to write as `{id: {property: value}}`; `assets/scripts/props.mjs` writes them, for all functions.
Where a function has much to work out, that part is a pure `render(state)`, tested in `tests/scripts/`. A page's state
lives in one `dcc.Store`; whatever changes the state (a click, an answer of the server) writes the store, and the new
state renders the page.

    run_in_browser(app, "play.update", Input("play-view", "data"), Input("play-make", "value"))

In the server, a callback with several outputs names them, and returns a dictionary with the same names:

    @callback(app, output={"text": Output("count", "children"), "photos": Output("wall", "data")}, inputs=[...])
    def show(...) -> dict[str, object]:
        return {"text": "3 photos", "photos": [...]}

Callbacks in the server declare their outputs instead of calling `dash.set_props`: from the declarations, Dash knows
which callbacks write the inputs of another, and runs that one after them.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import dash
from dash import ClientsideFunction, Input, Output, State

F = TypeVar("F", bound=Callable[..., Any])


def callback(app: dash.Dash, *arguments: Any, **options: Any) -> Callable[[F], F]:
    """Registers a callback as `app.callback` does, and keeps the function's type, which Dash's own decorator drops."""
    return cast(Callable[[F], F], app.callback(*arguments, **options))


def run_in_browser(
    app: dash.Dash, name: str, *inputs: Input | State, starts_with: Any = None, outputs: Sequence[Output] = ()
) -> None:
    """Calls a function of `assets/scripts/main.mjs` whenever an input changes.

    Args:
        app: The app.
        name: The function's name in that module, such as `play.update`.
        inputs: The properties that the function gets.
        starts_with: The id of a component. The function is also called when this component appears; without it, only
            when an input changes.
        outputs: Those of the written properties that are inputs of callbacks in the server. Dash runs these callbacks
            after the function.
    """
    # Dash finds the functions to call for a new component by their outputs. Nothing ever writes this output.
    started = [Output(starts_with, f"data-{name.replace('.', '-')}")] if starts_with is not None else []
    app.clientside_callback(
        ClientsideFunction("scripts", name), *started, *outputs, *inputs, prevent_initial_call=not started
    )
