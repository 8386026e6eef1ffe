"""Small data sets: written by hand, and the drawn demo's."""

import csv
import json
from pathlib import Path

from PIL import Image

from tests.support.local_model_server import ALL_LABELS


def write_small_dataset(folder: Path, photo: bytes) -> Path:
    """Writes a manifest with three labels of two photos each, and returns its path."""
    data = folder / "data"
    (data / "images").mkdir(parents=True)
    lines = ["file_name,make,model,label,split"]
    for label in ("Aurelio_Vela", "Maki_Hoshi", "Orsini_Lince"):
        for number in (1, 2):
            name = f"images/{label}_{number}.jpg"
            (data / name).write_bytes(photo)
            lines.append(f"{name},{label.split('_')[0]},{label.split('_')[1]},{label},test")
    manifest = data / "manifest.csv"
    manifest.write_text("\n".join(lines) + "\n")
    return manifest


def write_plain_photos(folder: Path, colours: dict[str, str], each: int, size: tuple[int, int]) -> Path:
    """Write test photos of one colour, `each` of them for each label, and a manifest. Gives the manifest's path."""
    lines = ["file_name,label,split"]
    for label, colour in colours.items():
        for number in range(1, each + 1):
            Image.new("RGB", size, colour).save(folder / f"{label}_{number}.jpg")
            lines.append(f"{label}_{number}.jpg,{label},test")
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join(lines) + "\n")
    return manifest


def write_labels_of_version_3(folder: Path) -> Path:
    """Writes the classes of the local server's version, and returns the model folder."""
    assets = folder / "model" / "3" / "assets.extra"
    assets.mkdir(parents=True)
    (assets / "labels.json").write_text(json.dumps({"labels": ALL_LABELS}), encoding="utf-8")
    return folder / "model"


def runs_dir_of(model_dir: Path) -> Path:
    """The folder of the run that made the demo model."""
    return model_dir.with_name(f"{model_dir.name}_runs")


def manifest_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def kept_in(folder: Path) -> dict[str, object]:
    """The settings of a dashboard that keeps visitors' photos and its database in a folder."""
    return {"photo_folder": folder / "photos", "database_url": f"sqlite:///{folder}/dashboard.sqlite3"}
