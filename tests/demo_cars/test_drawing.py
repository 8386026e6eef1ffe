"""Cars drawn in code: the content of a drawn set, which its settings determine to the byte."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from car_classifier.data.file_names import parse_file_name
from car_classifier.data.indexing import index_photos
from car_classifier.data.manifest import read_manifest
from car_classifier.demo_cars import CATALOGUE, DemoSettings, draw_demo_set
from car_classifier.demo_cars.catalogue import TWINS, models_of
from car_classifier.demo_cars.photo import draw_photo
from car_classifier.errors import UserError
from car_classifier.files import sha256_of

pytestmark = pytest.mark.slow

SMALL = DemoSettings(classes=3, per_class=3, seed=5)
SMALLER = DemoSettings(classes=2, per_class=2, seed=5)


@pytest.fixture(scope="module")
def small_set(tmp_path_factory):
    """A drawn set that no test changes, and the calls of its report."""
    folder, calls = tmp_path_factory.mktemp("drawn"), []
    assert draw_demo_set(folder, SMALL, lambda done, total: calls.append((done, total)))
    return folder, calls


@pytest.fixture(scope="module")
def smaller_set(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    draw_demo_set(folder, SMALLER)
    return folder


def contents(folder) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256_of(path) for path in folder.rglob("*") if path.is_file()}


def parts_of(folder) -> list[dict[str, str]]:
    with (folder / "parts.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_set_is_photos_with_a_list_of_parts(small_set):
    folder, calls = small_set
    photos = sorted((folder / "images").iterdir())
    assert sorted(path.name for path in folder.iterdir()) == ["demo.json", "images", "parts.csv"]
    assert len(photos) == 9
    assert {row["file_name"] for row in parts_of(folder)} == {f"images/{path.name}" for path in photos}
    assert calls[-1] == (9, 9)
    for path in photos:
        with Image.open(path) as image:
            image.load()
            assert (image.format, image.size, image.mode) == ("JPEG", (480, 320), "RGB")


def test_names_follow_the_contract_of_photos(small_set):
    names = [parse_file_name(path.name) for path in (small_set[0] / "images").iterdir()]
    assert {name.label for name in names} == {model.label for model in CATALOGUE[:3]}
    assert all(value is not None for name in names for value in vars(name).values())


def test_the_seed_decides_every_byte(small_set, tmp_path):
    assert draw_demo_set(tmp_path / "same", SMALL)
    assert contents(tmp_path / "same") == contents(small_set[0])


def test_another_seed_draws_other_bytes(small_set, tmp_path):
    draw_demo_set(tmp_path, DemoSettings(classes=2, per_class=2, seed=6))
    before, after = contents(small_set[0] / "images"), contents(tmp_path / "images")
    assert not set(before.values()) & set(after.values())


def test_a_larger_set_holds_the_smaller_one(small_set, smaller_set):
    assert contents(smaller_set / "images").items() <= contents(small_set[0] / "images").items()


def test_a_set_that_lost_a_photo_is_drawn_again(smaller_set, tmp_path):
    shutil.copytree(smaller_set, tmp_path, dirs_exist_ok=True)
    next((tmp_path / "images").iterdir()).unlink()
    assert draw_demo_set(tmp_path, SMALLER)
    assert contents(tmp_path) == contents(smaller_set)


@pytest.mark.parametrize("index", range(len(CATALOGUE)), ids=[model.label for model in CATALOGUE])
def test_every_model_is_drawn_with_the_box_of_its_part(index, drawn_photos):
    """The box lies in the picture, is neither a speck nor all of it, and does not hold a plain area."""
    model, photo = CATALOGUE[index], drawn_photos[index]
    height, width, _ = photo.pixels.shape
    assert len(photo.part_boxes) in {"lamps": (1, 2), "wheels": (2,)}.get(model.part, (1,))
    for left, top, right, bottom in photo.part_boxes:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert 0.001 < (right - left) * (bottom - top) / (width * height) < 0.5
        assert photo.pixels[top:bottom, left:right].std() > 8
    assert photo.pixels.min() < 40 < 150 < photo.pixels.max()


def test_the_parts_of_a_make_are_where_its_models_differ():
    """Two models of a make, drawn with the same randomness, differ inside the boxes and hardly outside."""
    pairs = [(a, b) for a in CATALOGUE for b in CATALOGUE if a.make == b.make and a.model < b.model]
    drawn = {model: draw_photo(model, np.random.default_rng(8)) for model in CATALOGUE}
    for a, b in pairs:
        if a.part == "silhouette":
            continue  # bodies of their own: everything moves
        photo, other = drawn[a], drawn[b]
        changed = np.abs(photo.pixels.astype(int) - other.pixels).max(axis=2) > 30
        inside = np.zeros(changed.shape, dtype=bool)
        for left, top, right, bottom in photo.part_boxes + other.part_boxes:
            inside[max(top - 3, 0) : bottom + 3, max(left - 3, 0) : right + 3] = True
        assert changed[inside].mean() > 0.03, (a, b)
        assert changed[~inside].mean() < 0.01, (a, b)


def test_labels_are_all_different():
    assert len({model.label for model in CATALOGUE}) == len({(m.part, m.variant) for m in CATALOGUE}) == len(CATALOGUE)


def test_a_finished_set_is_left_alone(small_set):
    folder, _ = small_set
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert not draw_demo_set(folder, SMALL)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"images/mine.jpg": "x"}, "holds photos that this command did not draw. Choose another folder with --out"),
        ({"images/mine.jpg": "x", "demo.json": "{"}, "holds photos that this command did not draw"),
        (
            {"images/Calder_Hauler.jpg": "x", "demo.json": json.dumps({"classes": 3, "per_class": 3, "seed": 6})},
            r"holds a drawn set with other settings \(.*'seed': 6",
        ),
        ({"images": "a file"}, "cannot be made"),
    ],
)
def test_another_set_in_the_folder_is_refused(tmp_path, files, message):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    before = contents(tmp_path)
    with pytest.raises(UserError, match=message):
        draw_demo_set(tmp_path, SMALL)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": 1}, f"--classes must be from 2 to {len(CATALOGUE)}. Received: 1"),
        ({"classes": len(CATALOGUE) + 1}, "--classes must be from 2"),
        ({"per_class": 0}, "--per-class must be at least 1. Received: 0"),
        ({"seed": -1}, "--seed must be 0 or more. Received: -1"),
        ({"classes": 2, "is_hard": True}, "--hard needs at least 3 models and 3 photos of each."),
        ({"per_class": 2, "is_hard": True}, "--hard needs at least 3 models"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(UserError, match=message):
        DemoSettings(**settings)


@pytest.mark.parametrize(
    ("count", "is_hard", "labels"),
    [
        (8, False, [model.label for model in CATALOGUE[:8]]),
        (3, True, ["Estrel_Lumen", *TWINS]),
        (8, True, [*(model.label for model in (*CATALOGUE[2:6], CATALOGUE[7], CATALOGUE[10])), *TWINS]),
    ],
)
def test_a_hard_set_ends_with_the_twins_and_leaves_out_what_is_easy(count, is_hard, labels):
    assert [model.label for model in models_of(count, is_hard)] == labels
    assert set(models_of(len(CATALOGUE), is_hard)) == set(CATALOGUE)


def test_wrong_labels_of_a_hard_set_are_listed_and_are_test_photos(tmp_path):
    settings = DemoSettings(classes=4, per_class=12, seed=5, is_hard=True)
    assert draw_demo_set(tmp_path, settings)
    index_photos(tmp_path / "images", tmp_path / "manifest.csv")
    rows = {row.file_name: row for row in read_manifest(tmp_path / "manifest.csv").rows}
    with (tmp_path / "wrong_labels.csv").open(newline="", encoding="utf-8") as file:
        wrong = list(csv.DictReader(file))
    assert sorted(row["true_label"] for row in wrong) == sorted(model.label for model in settings.models)
    for row in wrong:
        assert rows[row["file_name"]].label == row["label"]
        assert row["label"].split("_")[0] != row["true_label"].split("_")[0]  # another make's: no twin
        assert rows[row["file_name"]].split == "test"
    assert {row["file_name"] for row in parts_of(tmp_path)} == set(rows)
    before = contents(tmp_path)
    assert not draw_demo_set(tmp_path, settings)
    (tmp_path / "parts.csv").unlink()  # interrupted just before the end
    assert draw_demo_set(tmp_path, settings)
    assert contents(tmp_path) == before


@pytest.mark.slow
@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_set_that_was_interrupted_is_finished_by_the_same_command(smaller_set, tmp_path, blow):
    command = [sys.executable, "-m", "car_classifier", "data", "demo", "--classes", "2", "--seed", "5"]
    command += ["--out", str(tmp_path), "--per-class"]
    with subprocess.Popen([*command, "120"], stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr.readline().startswith("Drawing cars: ")
        # Ctrl-C in a terminal reaches the workers as well.
        (os.killpg if blow == signal.SIGINT else os.kill)(process.pid, blow)
        said = process.stderr.read()  # ends only when the workers have ended too
        assert process.wait(timeout=300) == (130 if blow == signal.SIGINT else -blow)
    assert "Traceback" not in said
    assert not (tmp_path / "parts.csv").exists()
    assert 0 < len(list((tmp_path / "images").glob("*.jpg"))) < 240

    # To finish 240 photos would take long: let the folder be what is left of drawing four.
    (tmp_path / "demo.json").write_text((smaller_set / "demo.json").read_text())
    for path in (tmp_path / "images").glob("*.jpg"):
        if not (smaller_set / "images" / path.name).exists():
            path.unlink()
    (tmp_path / "images" / ".Calder_Hauler.jpg.abc123.jpg").write_bytes(b"half of a photo")
    assert subprocess.run([*command, "2"], check=False, capture_output=True, timeout=300).returncode == 0
    assert contents(tmp_path) == contents(smaller_set)
