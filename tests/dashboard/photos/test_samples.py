"""The gallery's photos are chosen from the manifest."""

from collections import Counter
from pathlib import Path

import pytest

from dashboard.photos.dataset import Dataset, read_dataset
from dashboard.photos.samples import choose_samples

HEADER = "file_name,make,model,label,split"


def dataset_of(folder: Path, *rows: str, header: str = HEADER) -> Dataset:
    """Writes a manifest and a file for each photo that it names."""
    for row in rows:
        path = folder / row.split(",")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"photo")
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_dataset(manifest)


def rows_of(label: str, count: int, split: str) -> list[str]:
    make, model = label.split("_")
    return [f"images/{label} {split} {i}.jpg,{make},{model},{label},{split}" for i in range(count)]


def test_photos_that_the_model_has_not_seen_are_preferred(tmp_path):
    dataset = dataset_of(tmp_path, *rows_of("A_One", 5, "train"), *rows_of("B_Two", 2, "test"))
    assert [sample.name for sample in choose_samples(dataset, 12)] == ["B Two", "B Two"]


def test_without_a_test_split_all_photos_count(tmp_path):
    dataset = dataset_of(tmp_path, *rows_of("A_One", 2, "train"), *rows_of("B_Two", 1, "validation"))
    assert len(choose_samples(dataset, 12)) == 3


def test_the_choice_is_spread_over_the_labels_and_the_same_each_time(tmp_path):
    rows = [row for label in ("A_One", "B_Two", "C_Three", "D_Four") for row in rows_of(label, 6, "test")]
    dataset = dataset_of(tmp_path, *rows)
    chosen = choose_samples(dataset, 10)
    assert sorted(Counter(sample.name for sample in chosen).values()) == [2, 2, 3, 3]
    assert len({sample.path for sample in chosen}) == 10
    assert choose_samples(dataset, 10) == chosen
    assert choose_samples(dataset, 10, seed=1) != chosen


def test_names_are_written_as_people_write_them(tmp_path):
    dataset = dataset_of(
        tmp_path,
        "a.jpg,Brandt-Kessler,Nord Kap,Brandt-Kessler_Nord Kap,test",
        "b.jpg,Maki,Hoshi,,test",
    )
    assert {sample.name for sample in choose_samples(dataset, 9)} == {
        "Brandt-Kessler Nord Kap",
        "Maki Hoshi",
    }


def test_photos_that_are_excluded_are_left_aside(tmp_path):
    rows = [
        "a.jpg,A,One,A_One,test,",
        "b.jpg,A,One,A_One,test,no car",
        "c.jpg,B,Two,B_Two,test, ",
        "d.jpg,B,Two,B_Two,test",
    ]
    dataset = dataset_of(tmp_path, *rows, header=f"{HEADER},excluded")
    assert {sample.path.name for sample in choose_samples(dataset, 12)} == {"a.jpg", "c.jpg", "d.jpg"}


def test_photos_that_are_gone_are_passed_over(tmp_path):
    dataset = dataset_of(tmp_path, *rows_of("A_One", 3, "test"))
    (tmp_path / "images/A_One test 1.jpg").unlink()
    assert len(choose_samples(dataset, 12)) == 2


@pytest.mark.parametrize("content", [None, "", HEADER, "no,manifest\n1,2\n", "\xff\xfe\x00"])
def test_without_a_usable_manifest_there_is_no_gallery(tmp_path, content):
    manifest = tmp_path / "manifest.csv"
    if content is not None:
        manifest.write_bytes(content.encode("latin-1"))
    assert choose_samples(read_dataset(manifest), 12) == ()


def test_a_gallery_of_size_none_is_none(small_manifest):
    assert choose_samples(read_dataset(small_manifest), 0) == ()
