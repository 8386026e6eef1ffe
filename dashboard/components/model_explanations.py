"""The quality of a version's explanations: the scores of each method, and which method is best."""

from typing import Any

import dash
import dash_ag_grid as dag  # type: ignore[import-untyped]  # it ships no types
import dash_mantine_components as dmc
from dash import Input, Output, State, html

from dashboard.callbacks import callback
from dashboard.components.model_section import VERSION, presence, present, section
from dashboard.names import counted
from dashboard.reports.explanation_scores import SCORES, best_methods
from dashboard.reports.results import Explanations, Report
from dashboard.services import Services

FORMAT = {
    "function": "params.value == null ? '' : d3.format('.3f')(params.value)"
    " + (params.data.unsure.includes(params.colDef.field) ? '*' : '')"
    " + (params.data.best.includes(params.colDef.field) ? ' ★' : '')"
}


def explanations() -> html.Section:
    """Returns the section with the table, empty at first, and a choice of photos if several sets were measured."""
    return section(
        "explanations",
        "How good its explanations are",
        "↑: more is better, ↓: less is better. ★: the best method; *: not surely better than a map that knows nothing.",
        html.Div(
            dmc.Select(id="model-explained-on", label="Measured on", data=[], value=None, allowDeselect=False),
            id="model-explained-on-box",
            hidden=True,
            className="model-choice",
        ),
        html.P("", id="model-explained-count"),
        dag.AgGrid(
            id="model-explanation-table",
            columnDefs=[],
            rowData=[],
            defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
            dashGridOptions={"domLayout": "autoHeight", "animateRows": False},
            getRowId="params.data.method",
            className="model-grid",
            style={"height": None},
        ),
        html.Details(
            [
                html.Summary("What the scores mean"),
                html.Dl(
                    [
                        part
                        for kind in SCORES.values()
                        for part in (html.Dt(f"{kind.title} {kind.arrow}"), html.Dd(kind.meaning))
                    ],
                    className="score-meanings",
                ),
            ],
            className="model-details",
        ),
    )


def register(app: dash.Dash, services: Services) -> None:
    """Fills the table with the scores of the chosen version."""

    def reports(number: str | None) -> dict[str, Explanations]:
        version = services.versions.find(number)
        return dict(Report(version.metrics).explanations) if version else {}

    @callback(
        app,
        output={
            "options": Output("model-explained-on", "data"),
            "value": Output("model-explained-on", "value"),
            "is_hidden": Output("model-explained-on-box", "hidden"),
        },
        inputs=[Input(VERSION, "value"), State("model-explained-on", "value")],
    )
    def photos(number: str | None, name: str | None) -> dict[str, object]:
        names = list(reports(number))
        value = name if name in names else next(iter(names), None)
        return {"options": names, "value": value, "is_hidden": len(names) < 2}

    @callback(
        app,
        output={
            **presence("explanations"),
            "count": Output("model-explained-count", "children"),
            "columns": Output("model-explanation-table", "columnDefs"),
            "rows": Output("model-explanation-table", "rowData"),
        },
        inputs=[Input(VERSION, "value"), Input("model-explained-on", "value")],
    )
    def show(number: str | None, name: str | None) -> dict[str, object]:
        by_photos = reports(number)
        report = by_photos.get(name or "") or next(iter(by_photos.values()), None)
        shown = present("explanations", services.versions.find(number), report)
        if report is None:
            return {**shown, "count": "", "columns": [], "rows": []}
        split = f" of the {report.split} split" if report.split else ""
        return {
            **shown,
            "count": f"Measured on {counted(report.photos, 'photo')}{split}.",
            "columns": columns_of(report),
            "rows": rows_of(report),
        }


def columns_of(report: Explanations) -> list[dict[str, Any]]:
    """Returns a column for each measured score, known scores first."""
    measured = {name for method in report.methods.values() for name in method.scores}
    names = [name for name in SCORES if name in measured] + sorted(measured - SCORES.keys())
    method: dict[str, Any] = {"field": "title", "headerName": "Method", "pinned": "left", "width": 205}
    return [method, *(_column(name) for name in names)]


def _column(name: str) -> dict[str, Any]:
    kind = SCORES.get(name)
    return {
        "field": name,
        "headerName": f"{kind.title} {kind.arrow}" if kind else name,
        "headerTooltip": kind.meaning if kind else "",
        "type": "rightAligned",
        "valueFormatter": FORMAT,
        "cellClassRules": {"best-score": f"params.data.best.includes('{name}')"},
        "minWidth": 105,
        "wrapHeaderText": True,
        "autoHeaderHeight": True,
        "flex": 1,
    }


def rows_of(report: Explanations) -> list[dict[str, Any]]:
    """Returns a row for each method; the baselines, which know nothing about the photo, come last."""
    best = best_methods(report)
    rows = [
        {
            "method": name,
            "title": f"{method.title} (baseline)" if method.is_baseline else method.title,
            "best": [score for score, winners in best.items() if name in winners],
            "unsure": list(method.no_better_than),
            **{score: figure.mean for score, figure in method.scores.items()},
        }
        for name, method in report.methods.items()
    ]
    return sorted(rows, key=lambda row: report.methods[row["method"]].is_baseline)
