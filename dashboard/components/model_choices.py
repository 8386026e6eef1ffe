"""The choices of the page "Model": a version, another version to compare it with, and the photos of the measurement."""

import dash
import dash_mantine_components as dmc
from dash import Input, Output, State, html

from dashboard.callbacks import callback, run_in_browser
from dashboard.components.model_section import OTHER, PHOTOS, VERSION
from dashboard.model_server.errors import ModelServerError
from dashboard.reports.results import reports_of
from dashboard.services import Services

TEST_PHOTOS = "Test photos of the training"
Options = list[dict[str, str]]


def choices(services: Services, number: str | None, other: str | None) -> html.Div:
    """Returns the select boxes.

    Args:
        services: The services; they know the published versions.
        number: The version that is chosen at first, if there is one.
        other: The version to compare it with, if any.
    """
    versions = version_options(services)
    photos = photo_options(services, number)
    return html.Div(
        [
            dmc.Select(
                id=VERSION, label="Version", data=versions, value=number, allowDeselect=False, className="model-choice"
            ),
            html.Div(
                dmc.Select(
                    id=OTHER,
                    label="Compare with",
                    data=versions,
                    value=other,
                    placeholder="No other version",
                    clearable=True,
                    clearButtonProps={"aria-label": "Compare with no other version"},
                    className="model-choice",
                ),
                id="model-other-box",
                hidden=len(versions) < 2,
            ),
            html.Div(
                dmc.Select(
                    id=PHOTOS,
                    label="Measured on",
                    data=photos,
                    value=photos[0]["value"],
                    allowDeselect=False,
                    className="model-choice",
                ),
                id="model-measured-on-box",
                hidden=len(photos) < 2,
            ),
        ],
        className="model-choices",
    )


def version_options(services: Services) -> Options:
    """Returns the published versions, newest first."""
    return [{"value": str(version.number), "label": f"Version {version.number}"} for version in services.versions.all()]


def photo_options(services: Services, number: str | None) -> Options:
    """Returns the sets of photos that a version was measured on; the test photos come first if they have figures."""
    version = services.versions.find(number)
    reports = reports_of(version) if version else {}
    names = sorted(reports, key=lambda name: not reports[name].headlines) or [""]
    return [{"value": name, "label": name or TEST_PHOTOS} for name in names]


def register(app: dash.Dash, services: Services) -> None:
    """Keeps the options up to date with the published versions, and the address with the choices."""
    run_in_browser(app, "model.keepAddress", Input(VERSION, "value"), Input(OTHER, "value"))

    @callback(
        app,
        output={
            "live": Output("model-live", "children"),
            "versions": Output(VERSION, "data"),
            "others": Output(OTHER, "data"),
            "has_no_other": Output("model-other-box", "hidden"),
        },
        inputs=[Input("status", "children")],  # changes when the model server does
    )
    def refresh(_: str) -> dict[str, object]:
        versions = version_options(services)
        return {
            "live": _live(services),
            "versions": versions,
            "others": versions,
            "has_no_other": len(versions) < 2,
        }

    @callback(
        app,
        output={
            "options": Output(PHOTOS, "data"),
            "value": Output(PHOTOS, "value"),
            "is_hidden": Output("model-measured-on-box", "hidden"),
        },
        inputs=[Input(VERSION, "value"), State(PHOTOS, "value")],
        prevent_initial_call=True,
    )
    def photos(number: str | None, measured_on: str | None) -> dict[str, object]:
        options = photo_options(services, number)
        values = [option["value"] for option in options]
        value = measured_on if measured_on in values[1:] else values[0]
        return {"options": options, "value": value, "is_hidden": len(options) < 2}


def _live(services: Services) -> str:
    """Returns a sentence about the live version."""
    try:
        status = services.watch.status()
    except ModelServerError:
        return "The model server does not answer now, so there are no heatmaps."
    if not status.ready:
        return "The model server is starting; heatmaps come later."
    return f"Version {status.version} is live; heatmaps come from it."
