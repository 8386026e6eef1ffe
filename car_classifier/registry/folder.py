"""The published versions in a model folder."""

from pathlib import Path

from car_classifier.errors import UserError


def find_version(path: Path) -> Path:
    """The folder of a version: `path` itself, or the newest version in it.

    Raises:
        UserError: There is none.
    """
    if (path / "saved_model.pb").is_file():
        return path
    published = versions(path)
    if not published:
        raise UserError(
            f"There is no published model in {path}. Give a model folder, or a version in it such as model/1."
        )
    return path / str(published[-1])


def versions(model_dir: Path) -> list[int]:
    """Numbers of the published versions, ascending: folders with an integer for a name, as servers see them."""
    if not model_dir.is_dir():
        return []
    names = (path.name for path in model_dir.iterdir() if path.is_dir())
    return sorted(int(name) for name in names if name.isdecimal() and name == str(int(name)))
