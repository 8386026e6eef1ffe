"""The published versions in a model folder."""

from pathlib import Path


def versions(model_dir: Path) -> list[int]:
    """Numbers of the published versions, ascending. As for servers, a version is a folder whose name is an integer."""
    if not model_dir.is_dir():
        return []
    names = (path.name for path in model_dir.iterdir() if path.is_dir())
    return sorted(int(name) for name in names if name.isdecimal() and name == str(int(name)))
