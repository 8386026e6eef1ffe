"""The published versions in a model folder."""

from pathlib import Path

from car_classifier.errors import UserError


def versions(model_dir: Path) -> list[int]:
    """Numbers of the published versions, ascending. As for servers, a version is a folder whose name is an integer."""
    if not model_dir.is_dir():
        return []
    names = (path.name for path in model_dir.iterdir() if path.is_dir())
    return sorted(int(name) for name in names if name.isdecimal() and name == str(int(name)))


def check_model_folder(path: Path) -> Path:
    """A path, which must not be a version in place of the folder that it lies in.

    Raises:
        UserError: It is a version.
    """
    if (path / "saved_model.pb").is_file():
        model_dir = path.absolute().parent if path.name in ("", "..") else path.parent
        raise UserError(f"{path} is a version itself. Give the folder that it is in: {model_dir}")
    return path
