"""`docs/reference/file-formats.md` lists exactly the columns and keys of the files."""

import csv
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from car_classifier.data.manifest import read_manifest
from car_classifier.data.table import write_table
from car_classifier.demo_cars.drawing import WRONG_COLUMNS
from dashboard.database.tables import metadata
from tests.support.datasets import runs_dir_of
from tests.support.repository import ROOT

PAGE = ROOT / "docs" / "reference" / "file-formats.md"
Paths = dict[str, Any]


def documented(title: str) -> set[str]:
    """The names in the first cells of the tables under a heading."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"\n### {title}\n")
    assert rest, f"no heading {title}"
    cells = re.findall(r"^\| (`.*?) \|", rest.partition("\n#")[0], re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def paths(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The paths in a JSON value that lead to no further object, with their values."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from paths(inner, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for item in value:
            yield from paths(item, f"{place}[]")
    else:
        yield place, value


def differences(names: set[str], found: Paths) -> set[str]:
    """The names that only the page or only the file has. `*` and a last `N` stand for any name or number.

    A null or empty value has no keys to compare.
    """

    def fits(name: str, path: str) -> bool:
        pattern = re.escape(name).replace(r"\*", "[^.]+")
        return bool(re.fullmatch(re.sub("_N$", r"_\\d", pattern), path))

    def is_within(name: str, path: str) -> bool:
        above = (name[: place.start()] for place in re.finditer(r"\.|\[\]", name))
        return found[path] in (None, {}, []) and any(fits(one, path) for one in above)

    missing = {name for name in names if not any(fits(name, path) or is_within(name, path) for path in found)}
    return missing | {path for path in found if not any(fits(name, path) or is_within(name, path) for name in names)}


def of_json(path: Path) -> Paths:
    # Lists may hold an object for which something is null and one for which it is not: the one that says more counts.
    found: Paths = {}
    for place, value in paths(json.loads(path.read_text(encoding="utf-8"))):
        found[place] = found.get(place) or value
    parents = {place for place in found for other in found if other.startswith((f"{place}.", f"{place}["))}
    return {place: value for place, value in found.items() if place not in parents}


def of_csv(path: Path) -> Paths:
    with path.open(newline="", encoding="utf-8") as file:
        return dict.fromkeys(next(csv.reader(file)), "")


def of_npz(path: Path) -> Paths:
    with np.load(path) as arrays:
        return dict.fromkeys(arrays, "")


def of_text_proto(path: Path) -> Paths:
    from google.protobuf.json_format import MessageToDict

    from car_classifier.registry.labels import read_config

    return dict(paths(MessageToDict(read_config(path), preserving_proto_field_name=True)))


READERS: dict[str, Callable[[Path], Paths]] = {
    ".json": of_json,
    ".csv": of_csv,
    ".npz": of_npz,
    ".config": of_text_proto,
}


def read(path: Path) -> Paths:
    return READERS[path.suffix](path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("title", "file"),
    [
        ("`manifest.csv`", "data/manifest.csv"),
        ("`parts.csv`", "data/parts.csv"),
        ("`demo.json`", "data/demo.json"),
        ("`config.json` of a run", "run/config.json"),
        ("`history.csv`", "run/history.csv"),
        ("`progress.json`", "run/progress.json"),
        ("`watch/photos.json`", "run/watch/photos.json"),
        ("`watch/<stage>-<epoch>.json`", "run/watch/1-001.json"),
        ("`history.csv`", "assets/history.csv"),
        ("`labels.json`", "assets/labels.json"),
        ("`config.json`", "assets/config.json"),
        ("`metrics.json`", "assets/metrics.json"),
        ("`predictions.csv`", "assets/predictions.csv"),
        ("`golden/answers.json`", "assets/golden/answers.json"),
        ("`models.config`", "model/models.config"),
    ],
)
def test_a_file_has_what_the_page_lists(demo_data, demo_model_dir, title, file):
    (run,) = runs_dir_of(demo_model_dir).iterdir()
    folder, _, name = file.partition("/")
    assets = demo_model_dir / "1" / "assets.extra"
    folders = {"data": demo_data, "run": run, "assets": assets, "model": demo_model_dir}
    assert differences(documented(title), read(folders[folder] / name)) == set()


def test_the_list_of_wrong_labels():
    assert documented("`wrong_labels.csv`") == set(WRONG_COLUMNS)


@pytest.mark.slow
def test_every_file_of_a_run_is_on_the_page(demo_model_dir):
    (run,) = runs_dir_of(demo_model_dir).iterdir()
    page = PAGE.read_text(encoding="utf-8")
    for path in run.iterdir():
        assert f"`{path.name}`" in page or f"`{path.name}/" in page, path


def test_the_note_about_the_model_server(tmp_path):
    from rich.console import Console

    from car_classifier.supervision import Bounds, ModelServer, stop

    server = ModelServer([sys.executable, "-c", ""], "http://127.0.0.1:9", tmp_path / "note.json", Console(quiet=True))
    server.look_after()
    stop(server.process, Bounds())
    assert differences(documented("`model_server.json`"), read(tmp_path / "note.json")) == set()


@pytest.mark.slow
def test_a_runs_metrics_are_the_versions_and_its_name(demo_model_dir):
    (run,) = runs_dir_of(demo_model_dir).iterdir()
    names = documented("`metrics.json`") | documented("`metrics.json` of a run")
    assert differences(names, read(run / "metrics.json")) == set()


def test_a_table_of_names(demo_data, tmp_path):
    write_table(read_manifest(demo_data / "manifest.csv"), tmp_path / "table.csv")
    assert differences(documented("`data table`"), read(tmp_path / "table.csv")) == set()


@pytest.mark.parametrize("table", metadata.tables.values(), ids=lambda table: table.name)
def test_a_table_of_the_database(table):
    assert documented(f"Table `{table.name}`") == {column.name for column in table.columns}


@pytest.fixture(scope="module")
def used(demo_data, demo_model_dir, tmp_path_factory) -> SimpleNamespace:
    """A version and photos with every possible measurement."""
    from rich.console import Console

    from car_classifier.evaluation.photo_features import write_photo_features
    from car_classifier.evaluation.report import evaluate_on, rows_of
    from car_classifier.explanations.evaluation import evaluate_explanations
    from car_classifier.explanations.methods import METHODS
    from car_classifier.explanations.photo_explanation import Explainer
    from car_classifier.explanations.writing import write_explanation
    from car_classifier.files import write_json
    from car_classifier.registry.published_version import PublishedVersion

    folder, quiet = tmp_path_factory.mktemp("used"), Console(quiet=True)
    version = PublishedVersion(Path(shutil.copytree(demo_model_dir / "1", folder / "1")))
    data = Path(shutil.copytree(demo_data, folder / "data"))
    manifest = read_manifest(data / "manifest.csv")
    evaluation = folder / "evaluation.json"
    write_json(evaluation, evaluate_on(version, data, "test", quiet))
    write_photo_features(manifest.path, version)
    rows = rows_of(manifest, "test", manifest.labels, 2)
    boxes = {row.file_name: [(0, 0, 9, 9)] for row in rows}
    methods = [method for method in METHODS.values() if method.name == "exact" or method.is_baseline]
    report = evaluate_explanations(version, manifest, rows, methods, boxes, "test", 0, 1, quiet)
    photo = manifest.photo_path(rows[0])
    explained = write_explanation(
        Explainer(version.folder).explain(photo.read_bytes()), photo.read_bytes(), photo, folder / "x"
    )
    scores = version.assets / report["per_photo"]
    return SimpleNamespace(
        version=version,
        evaluation=evaluation,
        features=data / "features.npz",
        explanations=report,
        scores=scores,
        explained=explained[-1],
    )


@pytest.mark.long
def test_what_is_measured_later(used):
    evaluated = read(used.evaluation)
    assert differences(documented("`metrics.json`") | documented("`evaluations/`"), evaluated) == set()
    assert differences(documented("`features.npz`"), read(used.features)) == set()
    assert differences(documented("`explain PHOTO`"), read(used.explained)) == set()
    in_metrics = used.version.read_metrics()
    assert used.explanations in in_metrics["explanations"].values()
    found = dict(paths(used.explanations)) | read(used.scores)
    assert differences(documented("`explanations`"), found) == set()


def test_differences_are_noticed():
    assert differences({"a", "b.*"}, {"a": 1, "b.c": 2}) == set()
    assert differences({"a", "b.c"}, {"a": 1, "b": None}) == set()
    assert differences({"a[].b", "c.*.d.*"}, {"a": [], "c.x.d": {}}) == set()
    assert differences({"a_N"}, {"a_1": "", "a_2": ""}) == set()
    assert differences({"a", "b"}, {"a": 1, "c": 2}) == {"b", "c"}
    assert differences({"a.b"}, {"a": 1}) == {"a.b", "a"}
