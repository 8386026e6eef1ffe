"""The training runs, for whoever watches them.

GET  /runs?show=ID,ID              {is_ready, has_version, preparation, drawn, runs, shown}: `is_ready`, whether the
                                       model server has a model; `preparation`, the progress of making the demo model,
                                       or null; `drawn`, names of cars, newest first, while they are drawn; `runs`, id,
                                       title and state of all; `shown`, everything about the runs that are asked for,
                                       or else about those that are going on, or else about the newest
GET  /runs/ID/watch/NAME.json      the answers for the watched test photos after an epoch
GET  /runs/ID/watch/NAME.jpg       a watched test photo
GET  /runs/drawn/NAME.jpg          a drawn car
"""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import NotFound

from dashboard.endpoints.pictures import picture_response
from dashboard.reports.runs import MOST_DRAWN, MOST_SHOWN, Run, State
from dashboard.services import Services

GONE = "This file of the run is gone. Load the page again."


def blueprint(services: Services) -> Blueprint:
    """Defines the addresses above."""
    routes = Blueprint("runs", __name__, url_prefix="/runs")
    runs = services.runs

    def found(run_id: str) -> Run:
        run = runs.find(run_id)
        if run is None:
            raise NotFound("This run is gone. Load the page again.")
        return run

    @routes.get("")
    def show() -> Response:
        everything = runs.all()
        states = {run.id: run.progress().state_now() for run in everything}
        preparation = runs.preparation()
        is_drawing = preparation is not None and preparation.state_now() == "running"
        asked = request.args.get("show", "").split(",")
        return jsonify(
            is_ready=services.watch.last_version is not None,
            has_version=bool(services.versions.all()),
            preparation=preparation and preparation.as_json(),
            drawn=runs.drawn(MOST_DRAWN) if is_drawing else [],
            runs=[{"id": run.id, "title": _title(run), "state": states[run.id]} for run in everything],
            shown=[_details(run) for run in _chosen(everything, asked, states)],
        )

    @routes.get("/<run_id>/watch/<name>.json")
    def snapshot(run_id: str, name: str) -> Response:
        content = found(run_id).snapshot(name)
        if content is None:
            raise NotFound(GONE)
        return jsonify(content)

    @routes.get("/<run_id>/watch/<name>.jpg")
    def watched(run_id: str, name: str) -> Response:
        content = found(run_id).watched_photo(f"{name}.jpg")
        if content is None:
            raise NotFound(GONE)
        return picture_response(content, "private, max-age=3600")

    @routes.get("/drawn/<name>.jpg")
    def drawn(name: str) -> Response:
        content = runs.drawn_photo(f"{name}.jpg")
        if content is None:
            raise NotFound("This photo is gone. Load the page again.")
        return picture_response(content, "private, max-age=3600")

    return routes


def _chosen(runs: list[Run], asked: list[str], states: dict[str, State]) -> list[Run]:
    """Returns the runs to show, newest first."""
    chosen = [run for run in runs if run.id in asked]
    going_on = [run for run in runs if states[run.id] == "running"]
    return (chosen or going_on or runs[:1])[:MOST_SHOWN]


def _title(run: Run) -> str:
    """Returns the time at which a run began, as its folder has it, for people."""
    day, _, time = run.folder.name.partition("T")
    return f"{day} {time.replace('-', ':', 2)[:5]} UTC" if time else run.folder.name


def _details(run: Run) -> dict[str, Any]:
    return run.progress().as_json() | {
        "id": run.id,
        "title": _title(run),
        "history": [epoch.model_dump() for epoch in run.history()],
        "version": run.version(),
        "photos": run.watched_photos(),
        "snapshots": run.snapshots(),
    }
