"""The page for an address that does not exist, with a link to the first page."""

import dash
from dash import dcc, html
from flask import Flask, Response, request

from dashboard.components.shell import NOT_FOUND

ANY_PATH = "/<path:path>"  # Dash's rule for every address that has no rule of its own


def register(app: dash.Dash) -> None:
    """Adds the page to the app, after all other pages; every response that shows it has the status 404."""
    paths = {page["path"].strip("/") for page in dash.page_registry.values() if page["module"] != NOT_FOUND}
    dash.register_page(NOT_FOUND, name="Not found", title="Not found", layout=layout())
    server: Flask = app.server

    @server.after_request
    def set_status(response: Response) -> Response:
        rule = request.url_rule
        if rule is not None and rule.rule == ANY_PATH and request.path.strip("/") not in paths:
            response.status_code = 404
        return response


def layout() -> html.Main:
    """Returns the page; the header above it links to all other pages."""
    return html.Main(
        html.Div(
            [
                html.H1("There is no such page"),
                html.P("The address may be mistyped, or the page was removed.", className="dimmed"),
                dcc.Link("Classify a photo", href="/", className="link-button"),
            ],
            className="page-head",
        ),
        className="page",
    )
