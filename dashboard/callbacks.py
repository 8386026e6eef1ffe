"""How a page is built: a store holds its state, functions turn states into properties, and everything has a name.

In the browser, a page or a widget is a function that is given the values of its inputs as `{"id.property": value}` and
returns what to write as `{id: {property: value}}`; `assets/scripts/props.mjs` writes it, for all of them. Wherever a
function has much to work out, that part is a pure `render(state)`, tested in `tests/scripts/`. A page's state lives in
one `dcc.Store`; whatever changes it (a click, an answer of the server) writes the store, and that renders the page.

    run_in_browser(app, "play.update", Input("play-view", "data"), Input("play-make", "value"))

In the server, a callback with several outputs names them, and returns a dictionary with the same names:

    @callback(app, output={"text": Output("count", "children"), "photos": Output("wall", "data")}, inputs=[...])
    def show(...) -> dict[str, object]:
        return {"text": "3 photos", "photos": [...]}

Outputs of the server are declared, not written by `dash.set_props`, because Dash then waits with a callback until
those that write its inputs are done.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import dash
from dash import ClientsideFunction, Input, Output, State

F = TypeVar("F", bound=Callable[..., Any])


def callback(app: dash.Dash, *arguments: Any, **options: Any) -> Callable[[F], F]:
    """`app.callback` for functions that keep their types, which Dash's own decorator takes away."""
    return cast(Callable[[F], F], app.callback(*arguments, **options))


def run_in_browser(
    app: dash.Dash, name: str, *inputs: Input | State, starts_with: Any = None, outputs: Sequence[Output] = ()
) -> None:
    """Calls a function of `assets/scripts/main.mjs` whenever an input changes.

    Args:
        app: The app.
        name: The function's name there, such as `play.update`.
        inputs: What it is given.
        starts_with: The id of a component. The function is called when that appears, too; without it, only when an
            input changes.
        outputs: What it writes that callbacks of the server have as inputs: they wait for it.
    """
    # Dash finds the functions to call for a new component by their outputs; this one is never written.
    started = [Output(starts_with, f"data-{name.replace('.', '-')}")] if starts_with is not None else []
    app.clientside_callback(
        ClientsideFunction("scripts", name), *started, *outputs, *inputs, prevent_initial_call=not started
    )
