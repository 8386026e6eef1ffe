"""The shell around every page: header, colours, the state of the model server."""

from collections.abc import Iterable

import dash
import dash_mantine_components as dmc
from dash import Input, dcc, html

from dashboard.callbacks import run_in_browser
from dashboard.components.demo_banner import demo_banner
from dashboard.subject import CAR, Subject

STATUS_SECONDS = 5
NOT_FOUND = "not_found_404"  # Dash looks for a page of this name, which no link leads to

# Ten shades, light to dark; shade 8 carries white text at a contrast of 5.4.
PETROL = "#edf7fa #d8ecf1 #b0d8e3 #84c3d4 #60b1c8 #4aa6c0 #3ca1bd #2c8ca6 #1c7389 #0a6276".split()
SYSTEM_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"

# Dash's own page, with a language, a sentence for browsers without scripts, and a script that sets dark or light, and
# hides a banner that was closed, before the browser paints.
INDEX = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <meta name="color-scheme" content="light dark">
        <meta name="theme-color" content="#1c7389">
        <link rel="manifest" href="/app.webmanifest" crossorigin="use-credentials">
        <title>{%title%}</title>
        {%favicon%}
        <script>
            (() => {
                const kept = localStorage.getItem("mantine-color-scheme-value");
                const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
                document.documentElement.dataset.mantineColorScheme =
                    kept === "dark" || kept === "light" ? kept : dark;
                document.documentElement.dataset.demoBanner = sessionStorage.getItem("demo-banner") || "open";
            })();
        </script>
        {%css%}
        <!-- modules -->
    </head>
    <body>
        <noscript>
            <style>#react-entry-point { display: none; }</style>
            <p class="noscript">
                This page needs JavaScript, which this browser does not run. Allow JavaScript for this address and
                reload the page. The model also answers without the page: see docs/serving.md.
            </p>
        </noscript>
        {%app_entry%}
        <footer>
            {%config%}
            {%scripts%}
            {%renderer%}
        </footer>
    </body>
</html>"""


# Lists open inside the page's main part, where screen readers look for them. A long list scrolls by itself (base.css),
# with the tab stop also by keys in every browser.
SELECT = {
    "comboboxProps": {"portalProps": {"target": "main"}},
    "withScrollArea": False,
    "attributes": {"options": {"tabIndex": 0}},
}


def index(modules: Iterable[str]) -> str:
    """Returns the HTML document around the app.

    Args:
        modules: Paths of the scripts' modules in `assets/`. The browser fetches all of them at once, instead of each
            when it reaches the import.
    """
    links = (f'<link rel="modulepreload" href="/assets/{module}">' for module in modules)
    return INDEX.replace("<!-- modules -->", "\n        ".join(links))


def icon_link(subject: Subject) -> str:
    """Returns the link to the icon of the document.

    Args:
        subject: What the photos show.
    """
    return f'<link rel="icon" type="image/svg+xml" href="{_brand_icon(subject)}">'


def _brand_icon(subject: Subject) -> str:
    return "/assets/favicon.svg" if subject == CAR else "/assets/favicon-photo.svg"


def layout(subject: Subject, demo_classes: int = 0) -> dmc.MantineProvider:
    """Returns the shell with an empty place for the page.

    Args:
        subject: What the photos show.
        demo_classes: Number of invented cars that the served model knows; 0 if it is not the demo.
    """
    return dmc.MantineProvider(
        dmc.AppShell(
            [
                html.A("Skip to the page", href="#page", className="skip-link"),
                dmc.AppShellHeader(_header(subject)),
                # Not AppShellMain: each page is itself the only "main" element of the document.
                html.Div(
                    [
                        demo_banner(demo_classes),
                        html.P("", id="status-detail", className="status-detail", role="status"),
                        html.Div(dash.page_container, id="page", tabIndex=-1),
                    ],
                    className="below-header",
                ),
                dcc.Interval(id="status-tick", interval=STATUS_SECONDS * 1000),
            ],
            header={"height": 60},
            padding=0,
        ),
        theme={
            "colors": {"petrol": PETROL},
            "primaryColor": "petrol",
            "primaryShade": 8,
            "fontFamily": SYSTEM_FONT,
            "defaultRadius": "md",
            "cursorType": "pointer",
            "respectReducedMotion": True,
            "components": {"Select": {"defaultProps": SELECT}},
        },
        defaultColorScheme="auto",
    )


def register(app: dash.Dash) -> None:
    """Keeps the header up to date: the model server's status, from `/status`, and the mark of the open page."""
    run_in_browser(app, "shell.showStatus", Input("status-tick", "n_intervals"), starts_with="status")
    run_in_browser(app, "shell.markPage", Input("_pages_location", "pathname"), starts_with="page")


def _header(subject: Subject) -> html.Div:
    return html.Div(
        [
            html.A(
                [
                    html.Img(src=_brand_icon(subject), alt="", width=30, height=30),
                    html.Span(subject.title),
                ],
                href="/",
                className="brand",
                **{"aria-label": subject.title},
            ),
            html.Nav(
                [
                    dcc.Link(page["name"], href=page["relative_path"], className="nav-link")
                    for page in dash.page_registry.values()
                    if page["module"] != NOT_FOUND
                ],
                className="nav",
                **{"aria-label": "Pages"},
            ),
            html.Div(
                [
                    html.Span("Checking…", id="status", className="status", role="status"),
                    dmc.ColorSchemeToggle(
                        id="colours",
                        lightIcon=_icon("sun"),
                        darkIcon=_icon("moon"),
                        variant="subtle",
                        color="gray",
                        size="lg",
                        **{"aria-label": "Switch between light and dark"},
                    ),
                ],
                className="header-end",
            ),
        ],
        className="header",
    )


def _icon(name: str) -> html.Span:
    """Returns an icon, which the style sheet draws in the colour of the text."""
    return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})
