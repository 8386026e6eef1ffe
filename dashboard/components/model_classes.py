"""The table of classes: the figures of a version for each class."""

from typing import Any

import dash
import dash_ag_grid as dag  # type: ignore[import-untyped]  # it ships no types
from dash import Input, Output, html

from dashboard.callbacks import callback
from dashboard.components.model_section import CHOSEN, OTHER, presence, present, section, version_and_report
from dashboard.names import display_name
from dashboard.reports.results import ClassRow, Report
from dashboard.services import Services

PERCENT = {"function": "params.value == null ? '–' : d3.format('.1%')(params.value)"}
POINTS = {"function": "params.value == null ? '–' : d3.format('+.1f')(100 * params.value)"}
NUMBER = {"filter": "agNumberColumnFilter", "type": "rightAligned", "width": 115}
COLUMNS: list[dict[str, Any]] = [
    {"field": "name", "headerName": "Class", "pinned": "left", "minWidth": 170, "flex": 2},
    {"field": "make", "headerName": "Make", "minWidth": 110, "flex": 1},
    {"field": "photos", "headerName": "Photos", **NUMBER},
    {"field": "precision", "headerName": "Precision", "valueFormatter": PERCENT, **NUMBER, "width": 125},
    {"field": "recall", "headerName": "Recall", "valueFormatter": PERCENT, **NUMBER},
    {"field": "interval", "headerName": "Recall: 95 % interval", "sortable": False, "filter": False, "width": 190},
    {"field": "f1", "headerName": "F1", "valueFormatter": PERCENT, **NUMBER},
    {"field": "gain", "headerName": "F1 gain", "valueFormatter": POINTS, **NUMBER},
    {"field": "confused", "headerName": "Most confused with", "minWidth": 200, "flex": 2},
]


def classes() -> html.Section:
    """Returns the section with the table, empty at first."""
    return section(
        "classes",
        "Class by class",
        "Click a heading to sort, or the symbol beside it to filter. Choose a class with a click or the space bar to "
        "see its photos below.",
        html.Div(
            dag.AgGrid(
                id="model-class-table",
                columnDefs=COLUMNS,
                rowData=[],
                defaultColDef={"filter": True, "resizable": True, "sortable": True},
                getRowId="params.data.label",
                dashGridOptions={
                    "rowSelection": {"mode": "singleRow", "enableClickSelection": True, "checkboxes": False},
                    "animateRows": False,
                },
                className="model-grid",
                style={"height": "100%"},
            ),
            className="model-grid-frame",
        ),
    )


def register(app: dash.Dash, services: Services) -> None:
    """Fills the table with the figures of the chosen version."""

    @callback(
        app,
        output={
            **presence("classes"),
            "rows": Output("model-class-table", "rowData"),
            "columns": Output("model-class-table", "columnDefs"),
        },
        inputs=[*CHOSEN, Input(OTHER, "value")],
    )
    def show(number: str | None, measured_on: str | None, other_number: str | None) -> dict[str, object]:
        version, report = version_and_report(services, number, measured_on)
        _, other = version_and_report(services, other_number, measured_on)
        hidden = {"gain"} if not other.classes else set()
        if all(row.make in ("", row.label) for row in report.classes):
            hidden.add("make")
        columns = [{**column, "hide": column["field"] in hidden} for column in COLUMNS]
        return {
            **present("classes", version, report.classes),
            "rows": rows_of(report, other),
            "columns": columns,
        }


def rows_of(report: Report, other: Report) -> list[dict[str, Any]]:
    """Returns the rows of the table, the weakest classes first."""
    before = {row.label: row.f1 for row in other.classes}
    rows = sorted(report.classes, key=lambda row: (row.f1 is None, row.f1, row.label))
    return [_row(row, before.get(row.label)) for row in rows]


def _row(row: ClassRow, before: float | None) -> dict[str, Any]:
    confused = row.most_confused_with
    return {
        "label": row.label,
        "name": display_name(row.label),
        "make": display_name(row.make),
        "photos": row.support,
        "precision": row.precision,
        "recall": row.recall,
        "interval": f"{row.recall_interval[0]:.0%} to {row.recall_interval[1]:.0%}" if row.recall_interval else "",
        "f1": row.f1,
        "gain": None if row.f1 is None or before is None else row.f1 - before,
        "confused": f"{display_name(confused.name)} ({confused.count})" if confused else "",
    }
