"""Callbacks that run in the server."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import dash

F = TypeVar("F", bound=Callable[..., Any])


def callback(app: dash.Dash, *arguments: Any, **options: Any) -> Callable[[F], F]:
    """`app.callback` for functions that keep their types, which Dash's own decorator takes away."""
    return cast(Callable[[F], F], app.callback(*arguments, **options))
