"""Overviews of a data set: table, statistics and pictures."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from car_classifier.data.figures import draw_class_distribution, draw_sample_batch
from car_classifier.data.manifest import Manifest, ManifestRow
from car_classifier.data.statistics import describe, statistics_of
from car_classifier.data.table import TABLE_COLUMNS, write_table
from car_classifier.errors import UserError


def row(name: str, label: str, year: int | None = None, split="train", **others) -> ManifestRow:
    make, _, model = label.partition("_")
    values = {"width": 64, "height": 48, "near_duplicate_group": ""} | others
    return ManifestRow(name, "ab", make, model, label, year, split=split, **values)


def table_of(rows, tmp_path) -> list[dict[str, str]]:
    write_table(Manifest(tmp_path / "manifest.csv", tuple(rows)), tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_table_holds_all_details_of_a_name(tmp_path):
    name = "images/BMW_2-Series_2014_32_17_240_20_4_69_55_174_23_RWD_4_2_2dr_OGt.jpg"
    (cells,) = table_of([row(name, "BMW_2-Series", 2014, "test")], tmp_path)
    assert tuple(cells) == TABLE_COLUMNS
    assert cells == {
        "file_name": name, "split": "test", "excluded": "", "label": "BMW_2-Series", "make": "BMW",
        "model": "2-Series", "year": "2014", "msrp": "32.0", "front_wheel_size": "17.0", "horsepower": "240.0",
        "displacement": "20.0", "cylinders": "4", "width": "69.0", "height": "55.0", "length": "174.0",
        "mileage": "23.0", "drivetrain": "RWD", "passengers": "4", "doors": "2", "body_style": "2dr", "id": "OGt",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "label", "year", "msrp"),
    [
        ("Kia_Rio/1.jpg", "Kia_Rio", "", ""),
        ("IMG_2011_30.jpg", "Kia_Rio", "2015", ""),  # another car by its name: the manifest knows better
        ("Kia_Rio_2011_30.jpg", "Kia_Rio", "2015", "30.0"),
        ("Audi_A_4_1.jpg", "Audi_A_4", "2015", ""),
    ],
)
def test_the_table_prefers_the_manifest(tmp_path, name, label, year, msrp):
    (cells,) = table_of([row(name, label, int(year) if year else None, excluded="dark")], tmp_path)
    assert (cells["label"], cells["year"], cells["msrp"], cells["excluded"]) == (label, year, msrp, "dark")
    assert f"{cells['make']}_{cells['model']}" == label


def test_description_and_figures():
    rows = [
        row("1", "Kia_Rio", 2010), row("2", "Kia_Rio", 2012, near_duplicate_group="1"),
        row("3", "Kia_Rio", None, "test", near_duplicate_group="1"), row("4", "Kia_Ceed", 2019, width=32),
        row("5", "Audi_A4", None, "validation", excluded="prefilter: low", near_duplicate_group="2"),
        row("6", "Audi_A3", 2020, near_duplicate_group="2"), row("7", "Audi_A3", 1950, excluded="dark: very"),
    ]  # fmt: skip
    assert statistics_of(Manifest(None, tuple(rows))) == {
        "photos": 5,
        "splits": {"train": 4, "test": 1},
        "makes": 2,
        "classes": {"Kia_Rio": 3, "Audi_A3": 1, "Kia_Ceed": 1},
        "years": {"min": 2010, "median": 2015.5, "max": 2020, "unknown": 1},
        "sizes": [{"width": 64, "height": 48, "photos": 4}, {"width": 32, "height": 48, "photos": 1}],
        "near_duplicates": {"photos": 2, "groups": 1},
        "excluded": {"dark": 1, "prefilter": 1},
    }
    assert dict(describe(Manifest(None, tuple(rows)))) == {
        "photos": "5",
        "per split": "train 4, test 1",
        "classes": "3",
        "makes": "2",
        "photos in a class": "1 to 3, median 1",
        "largest classes": "Kia_Rio 3, Audi_A3 1, Kia_Ceed 1",
        "smallest classes": "Kia_Ceed 1, Audi_A3 1, Kia_Rio 3",
        "years": "2010 to 2020, median 2015.5; unknown for 1 photo",
        "photo sizes": "64×48 most often (4 photos), 32 to 64 wide and 48 to 48 high, in pixels",
        "near-duplicates": "2 photos (groups: 1)",
        "excluded": "2 (1 by dark, 1 by prefilter)",
    }


@pytest.mark.parametrize("rows", [[row("1", "Kia_Rio")], [row("1", "Kia_Rio", excluded="dark")]])
def test_a_description_of_next_to_nothing(rows):
    described = dict(describe(Manifest(None, tuple(rows))))
    assert described["photos"] == str(sum(not row.excluded for row in rows))
    assert described.get("years", "unknown") == "unknown"


@pytest.mark.parametrize("classes", [2, 8, 76, pytest.param(300, marks=pytest.mark.slow)])
def test_the_class_distribution_has_room_for_all_classes(tmp_path, classes):
    labels = [f"Make_{'Model $x$ ' * 5}{i}" for i in range(classes)]
    rows = [row(str(i), label, split=split) for i, label in enumerate(labels) for split in ("train", "test")]
    draw_class_distribution(Manifest(tmp_path / "m.csv", tuple(rows)), tmp_path / "new" / "classes.png")
    with Image.open(tmp_path / "new" / "classes.png") as figure:
        assert figure.format == "PNG"
        assert min(figure.size) > 300
        assert max(figure.size) < 3000


@pytest.mark.long
def test_a_sample_batch_is_seeded_and_of_training_photos(photos_in, tmp_path):
    folder = photos_in(*(f"{i}.jpg" for i in range(50)))
    rows = tuple(row(f"photos/{i}.jpg", "Kia_Rio", split="train" if i < 45 else "test") for i in range(50))
    manifest = Manifest(tmp_path / "manifest.csv", rows)

    def drawn(seed: int):
        draw_sample_batch(manifest, tmp_path / "batch.png", seed)
        return np.asarray(Image.open(tmp_path / "batch.png"))

    for i in range(45, 50):
        (folder / f"{i}.jpg").unlink()
    assert np.array_equal(drawn(1), drawn(1))
    assert not np.array_equal(drawn(1), drawn(2))
    manifest = replace(manifest, rows=rows[45:])
    with pytest.raises(UserError, match="is gone"):
        drawn(1)
