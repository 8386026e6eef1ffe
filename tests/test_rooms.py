"""The direction of imports: which rooms each room of the two programs may import from."""

import ast
from pathlib import Path

import pytest

from tests.support.repository import ROOT

LEAVES = {"errors", "files", "progress", "settings"}
CAR_CLASSIFIER = {
    "errors": set(),
    "files": {"errors"},
    "progress": set(),
    "settings": {"errors"},
    "data": LEAVES,
    "registry": LEAVES,
    "network": {"data"} | LEAVES,
    "serving": {"registry"} | LEAVES,
    "demo_cars": {"data"} | LEAVES,
    "prefilter": {"network", "data"} | LEAVES,
    "training": {"network", "data"} | LEAVES,
    "evaluation": {"training", "network", "registry", "data"} | LEAVES,
    "explanations": {"evaluation", "training", "network", "registry", "demo_cars", "data"} | LEAVES,
    "publishing": {"evaluation", "training", "network", "serving", "registry", "data"} | LEAVES,
}
"""Entry points (`cli`, `commands`, `doctor`, `up`, `quiz`) may import everything and are imported by nobody else."""

SERVING = {
    "errors": set(),
    "settings": set(),
    "metrics": {"errors"},
    "models": {"metrics", "errors", "settings"},
    "http": {"models", "metrics", "errors", "settings"},
    "grpc": {"models", "metrics", "errors", "settings"},
    "server": {"http", "grpc", "models", "metrics", "errors", "settings"},
}
DASHBOARD_LEAVES = {"names", "changing_file", "settings", "web"}
DASHBOARD = {
    "names": set(),
    "changing_file": set(),
    "settings": set(),
    "web": set(),
    "model_server": DASHBOARD_LEAVES,
    "photos": DASHBOARD_LEAVES,
    "database": DASHBOARD_LEAVES,
    "reports": {"model_server", "photos"} | DASHBOARD_LEAVES,
    "game": {"photos"} | DASHBOARD_LEAVES,
    "services": {"model_server", "photos", "database", "reports"} | DASHBOARD_LEAVES,
    "components": {"services", "model_server", "photos", "reports", "game", "callbacks"} | DASHBOARD_LEAVES,
    "endpoints": {"services", "model_server", "photos", "database", "reports", "game"} | DASHBOARD_LEAVES,
    "pages": {"components", "services", "photos", "game", "callbacks"} | DASHBOARD_LEAVES,
}


def imports_between_rooms(package: str) -> set[tuple[str, str, str]]:
    """Room, module and imported room, for every import between rooms of a package."""
    folder = ROOT.joinpath(*package.split("."))
    found = set()
    for path in folder.rglob("*.py"):
        room = path.relative_to(folder).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                imported = name.removeprefix(f"{package}.").split(".")[0]
                if (
                    name.startswith(f"{package}.")
                    and imported != room
                    and (folder / imported).with_suffix(".py").exists() | (folder / imported).is_dir()
                ):
                    found.add((room, str(path.relative_to(ROOT)), imported))
    return found


@pytest.mark.parametrize(
    ("package", "rooms"),
    [("car_classifier", CAR_CLASSIFIER), ("car_classifier.serving", SERVING), ("dashboard", DASHBOARD)],
)
def test_rooms_import_downwards_only(package, rooms):
    crossings = imports_between_rooms(package)
    assert crossings
    assert [
        crossing for crossing in sorted(crossings) if crossing[0] in rooms and crossing[2] not in rooms[crossing[0]]
    ] == []


@pytest.mark.parametrize("package", ["car_classifier", "dashboard"])
def test_the_programs_do_not_import_each_other(package):
    other = {"car_classifier": "dashboard", "dashboard": "car_classifier"}[package]
    lines = [f"from {other}", f"import {other}"]
    sources = {path: path.read_text(encoding="utf-8") for path in Path(ROOT / package).rglob("*.py")}
    assert [path for path, text in sources.items() if any(line in text for line in lines)] == []
