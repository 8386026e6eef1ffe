"""Data sets for games."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.photos.dataset import Dataset, read_dataset

LABELS = ("Aurelio_Vela", "Aurelio_Corsa", "Brandt_Nord", "Maki_Hoshi", "Maki_Tsuki", "Orsini_Lince")


@pytest.fixture
def dataset_of(tmp_path: Path) -> Callable[..., Dataset]:
    """Makes a data set with some photos of each label."""

    def make(each: int = 4, labels: tuple[str, ...] = LABELS) -> Dataset:
        lines = ["file_name,label,split"]
        for label in labels:
            for number in range(each):
                (tmp_path / f"{label} {number}.jpg").write_bytes(b"photo")
                lines.append(f"{label} {number}.jpg,{label},test")
        manifest = tmp_path / "manifest.csv"
        manifest.write_text("\n".join(lines) + "\n")
        return read_dataset(manifest)

    return make
