"""The direction of imports: which rooms each room of the two programs may import from."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT

LEAVES = {"errors", "files", "progress", "settings", "subject", "words"}
CAR_CLASSIFIER = {
    "errors": set(),
    "files": {"errors"},
    "progress": {"words"},
    "words": set(),
    "subject": {"errors", "files"},
    "terminal": set(),
    "preflight": set(),
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
ENTRY_POINTS = {
    "car_classifier": {"__main__", "cli", "commands", "doctor", "supervision", "up", "quiz"},
    "car_classifier.serving": set(),
    "dashboard": {"__main__", "app", "callbacks", "housekeeping"},
}
"""They may import everything of their package, and are imported by one another alone."""

SERVING = {
    "errors": set(),
    "settings": set(),
    "metrics": {"errors"},
    "models": {"metrics", "errors", "settings"},
    "http": {"models", "metrics", "errors", "settings"},
    "grpc": {"models", "metrics", "errors", "settings"},
    "server": {"http", "grpc", "models", "metrics", "errors", "settings"},
}
DASHBOARD_LEAVES = {"names", "subject", "changing_file", "settings", "web"}
DASHBOARD = {
    "names": set(),
    "subject": set(),
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


def folder_of(package: str) -> Path:
    return ROOT.joinpath(*package.split("."))


def rooms_of(package: str) -> set[str]:
    """The modules and folders of modules directly in a package."""
    folder = folder_of(package)
    folders = {path.parent.relative_to(folder).parts[0] for path in folder.glob("*/**/*.py")}
    return folders | {path.stem for path in folder.glob("*.py")} - {"__init__"}


def imported_names(path: Path) -> Iterator[str]:
    """The full name of everything that a module imports, relative imports included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imports_between_rooms(package: str) -> set[tuple[str, str, str]]:
    """Room, module and imported room, for every import between rooms of a package."""
    folder, rooms, crossings = folder_of(package), rooms_of(package), set()
    for path in folder.rglob("*.py"):
        room = path.relative_to(folder).with_suffix("").parts[0]
        for name in imported_names(path):
            imported = name.removeprefix(f"{package}.").split(".")[0]
            if name.startswith(f"{package}.") and imported != room and imported in rooms:
                crossings.add((room, str(path.relative_to(ROOT)), imported))
    return crossings


PACKAGES = {"car_classifier": set(), "car_classifier.serving": {"settings", "server"}, "dashboard": {"settings", "app"}}
"""What the packages themselves offer, from which rooms."""

ROOMS = {"car_classifier": CAR_CLASSIFIER, "car_classifier.serving": SERVING, "dashboard": DASHBOARD}


@pytest.mark.parametrize("package", ROOMS)
def test_every_room_is_in_the_table(package):
    assert rooms_of(package) == set(ROOMS[package]) | ENTRY_POINTS[package]


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_import_downwards_only(package):
    rooms = ROOMS[package] | {"__init__": PACKAGES[package]}
    rooms |= dict.fromkeys(ENTRY_POINTS[package], ENTRY_POINTS[package] | set(ROOMS[package]))
    crossings = imports_between_rooms(package)
    assert crossings
    assert [crossing for crossing in sorted(crossings) if crossing[2] not in rooms[crossing[0]]] == []


@pytest.mark.parametrize("package", ["car_classifier", "dashboard"])
def test_the_programs_do_not_import_each_other(package):
    other = {"car_classifier": "dashboard", "dashboard": "car_classifier"}[package]
    crossings = [
        (str(path), name)
        for path in (ROOT / package).rglob("*.py")
        for name in imported_names(path)
        if name.split(".")[0] == other
    ]
    assert crossings == []
