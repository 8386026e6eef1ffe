"""`car-classifier data …` as a user runs it."""

import json
import os
import subprocess
import sys

import pytest

from car_classifier.data.manifest import read_manifest
from tests.support import commands
from tests.support.commands import in_process


def test_index_says_what_it_found_and_what_to_do_next(photos_in, tmp_path):
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    (folder / "Kia_Rio_[red].jpg").write_bytes(b"")
    done = commands.car_classifier("data", "index", folder, "--out", "new/manifest.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "new/manifest.csv: 2 photos of 2 classes (2 train), 1 left out.",
            "Next: car-classifier train --data new/manifest.csv",
        ],
    )
    assert f"Left out {folder / 'Kia_Rio_[red].jpg'}: empty file" in done.stderr
    assert len(read_manifest(tmp_path / "new" / "manifest.csv").rows) == 2


def test_many_files_that_are_left_out_for_one_reason_have_one_line(photos_in, tmp_path):
    folder = photos_in(
        "cats/1.jpg", "dogs/1.jpg", *(f"{i}.jpg" for i in range(9)), *(f"cats/{i}.mp4" for i in range(3))
    )
    (folder / "list.csv").write_text("file_name,label\n0.jpg,a\n1.jpg,b\n" + "1.jpg,b\n" * 8)
    done = in_process("data", "index", folder, "--classes", "folders", "--out", "m.csv", cwd=tmp_path)
    lines = [line for line in done.stderr.splitlines() if line.startswith("Left out")]
    assert len(lines) == 4
    assert f"Left out 9 files, such as {folder}/0.jpg: lies in no class folder, and its name does not" in done.stderr
    done = in_process("data", "index", folder, "--classes", "list", "--out", "m.csv", cwd=tmp_path)
    assert f"Left out 8 files, such as {folder}/1.jpg: listed a second time in line 4 of list.csv" in done.stderr


def test_index_with_a_split(photos_in, tmp_path):
    (tmp_path / "split.csv").write_text("file_name,split\nKia_Rio_1.jpg,train\nAudi_A4_1.jpg,validation\n")
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    done = in_process("data", "index", folder, "--split-file", tmp_path / "split.csv", "--out", tmp_path / "m.csv")
    assert done.returncode == 0
    assert "2 photos of 2 classes (1 train, 1 validation), 0 left out." in done.stdout
    assert "Note: 1 class has no photo for train: Audi_A4" in done.stderr


def test_photos_for_validation_alone_train_nothing(photos_in, tmp_path):
    folder = photos_in(*(f"val/{name}/{i}.jpg" for name in ("cats", "dogs") for i in range(5)))
    done = in_process("data", "index", folder, "--out", tmp_path / "m.csv")
    assert done.returncode == 0
    assert "Note: No photo is for training, so that these photos can measure a model, but train none." in done.stderr
    assert f"index the folder inside, such as {folder / 'val'}, or name the split of each" in done.stderr
    assert "Next:" not in done.stdout and "for train:" not in done.stderr
    done = in_process("data", "index", folder / "val", "--out", tmp_path / "m.csv")
    assert "Next: car-classifier train" in done.stdout


def test_index_the_most_frequent_classes(photos_in, tmp_path):
    folder = photos_in("Kia_Rio_1.jpg", "Kia_Rio_2.jpg", "Audi_A4_1.jpg", "Fiat_500_1.jpg", "Fiat_500_2.jpg")
    done = in_process("data", "index", folder, "--top", 2, "--out", "m.csv", cwd=tmp_path)
    assert done.stdout.startswith("m.csv: 4 photos of 2 classes (4 train), 1 of rarer classes excluded, 0 left out.\n")


def test_table_and_stats(photos_in, tmp_path):
    folder = photos_in("Kia_Rio_2015_20.jpg", "Kia_Rio_2016.jpg", "Audi_A4_1999_31_17_240.jpg")
    assert in_process("data", "index", folder, "--out", "m.csv", cwd=tmp_path).returncode == 0
    done = in_process("data", "table", "--data", "m.csv", "--out", "new/table.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "new/table.csv: 3 photos.\n"), done.stderr
    done = in_process("data", "stats", "--data", "m.csv", "--out", "seen", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "classes             2\n" in done.stdout
    assert done.stdout.endswith("Figures: seen/classes.png, seen/sample_batch.png\n")
    assert {path.name for path in (tmp_path / "seen").iterdir()} == {"classes.png", "sample_batch.png"}
    done = in_process("data", "stats", "--data", "m.csv", "--out", "seen", "--json", "-", cwd=tmp_path)
    assert json.loads(done.stdout)["classes"] == {"Kia_Rio": 2, "Audi_A4": 1}
    done = in_process("data", "stats", "--data", "m.csv", "--out", "seen", "--json", "m.csv", cwd=tmp_path)
    assert done.returncode == 2 and "m.csv is a manifest, so it stays as it is." in done.stderr


def test_demo_and_then_what_it_says_comes_next(tmp_path):
    arguments = ("data", "demo", "--classes", 2, "--per-class", 2, "--out", "set")
    first, second = (in_process(*arguments, cwd=tmp_path) for _ in range(2))
    following = "Next: car-classifier data index set/images --out set/manifest.csv"
    assert first.stdout.splitlines() == ["set: 4 photos of 2 models.", following]
    assert second.stdout.splitlines() == ["set: 4 photos of 2 models, drawn before.", following]
    done = in_process(*following.split()[2:], cwd=tmp_path)
    assert done.stdout.startswith("set/manifest.csv: 4 photos of 2 classes"), done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("index", "nowhere"), "There is no folder or CSV file at nowhere."),
        (("index", "empty"), "empty holds no usable photo."),
        (("index", "photos"), "is of one class, Kia_Rio. A classifier needs at least two"),
        (("index", "photos", "--out", "empty"), "empty is a folder. Name a file in it, such as"),
        (("index", "photos", "--test", "1"), "must leave some for training. Received: 0.2, 1.0"),
        (("index", "photos", "--split-file", "no.csv"), "There is no file at no.csv."),
        (("index", "photos", "--top", "1"), "--top must be at least 2"),
        (("prefilter", "--contact-sheet", "sheet.gif"), "--contact-sheet must be named .jpg or .png"),
        (("prefilter", "--weights", "no.h5"), "--weights must be imagenet or the path of a weights file."),
        (("table", "--out", "t.csv"), "There is no manifest at data/manifest.csv."),
        (("stats",), "There is no manifest at data/manifest.csv."),
        (("stats", "--out", "photos/Kia_Rio_1.jpg"), "cannot be written"),
        (("demo", "--classes", "1"), "--classes must be from 2 to"),
        (("demo", "--out", "photos/Kia_Rio_1.jpg"), "cannot be made: Not a directory"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(photos_in, tmp_path, arguments, sentence):
    photos_in("Kia_Rio_1.jpg")
    (tmp_path / "empty").mkdir()
    done = in_process("data", *arguments, cwd=tmp_path)
    said = [line for line in done.stderr.splitlines() if not line.startswith("Reading photos: ")]
    assert (done.returncode, done.stdout, len(said)) == (2, "", 1), done.stderr
    assert said[0].startswith("Error: ")
    assert sentence in said[0]


@pytest.mark.parametrize(
    ("arguments", "taken"),
    [
        (("table", "--out", "m.csv"), "m.csv"),
        (("prefilter", "--weights", "w.h5", "--contact-sheet", "photos/Kia_Rio_1.jpg"), "photos/Kia_Rio_1.jpg"),
    ],
)
def test_what_is_read_is_never_replaced(photos_in, tmp_path, arguments, taken):
    photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    (tmp_path / "w.h5").touch()
    assert in_process("data", "index", "photos", "--out", "m.csv", cwd=tmp_path).returncode == 0
    before = (tmp_path / taken).read_bytes()
    done = in_process("data", *arguments, "--data", "m.csv", cwd=tmp_path)
    assert (done.returncode, (tmp_path / taken).read_bytes()) == (2, before)
    assert "so it stays as it is. Name another file to write." in done.stderr


def test_a_name_that_is_no_utf8_is_left_out(photos_in, tmp_path):
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg", "old.jpg")
    (folder / "old.jpg").rename(os.fsdecode(os.fsencode(folder) + b"/Citro\xebn_C4_1.jpg"))
    done = in_process("data", "index", folder, "--out", tmp_path / "m.csv")
    assert done.returncode == 0, done.stderr
    assert "Citro\ufffdn_C4_1.jpg: its name is no UTF-8" in done.stderr
    assert len(read_manifest(tmp_path / "m.csv").rows) == 2


def test_stats_name_a_photo_that_was_damaged_since_it_was_indexed(photos_in, tmp_path):
    photo = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg") / "Kia_Rio_1.jpg"
    assert in_process("data", "index", "photos", "--out", "m.csv", cwd=tmp_path).returncode == 0
    photo.write_bytes(photo.read_bytes()[:500])
    done = in_process("data", "stats", "--data", "m.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert "photos              2\n" in done.stdout
    assert "Not in the sample: photos/Kia_Rio_1.jpg cannot be read: " in done.stderr
    (photo.parent / "Audi_A4_1.jpg").write_bytes(b"x")
    done = in_process("data", "stats", "--data", "m.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "Error: photos/" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("data", "--help"), ("data", "index", "--help")])
def test_help_loads_nothing_heavy(arguments):
    program = """
import sys
from car_classifier.cli import main
try:
    main()
finally:
    loaded = {"tensorflow", "keras", "numpy", "cv2", "PIL", "scipy"} & set(sys.modules)
    print("loaded:", *loaded, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "loaded:\n")
    assert "Usage" in done.stdout


def test_indexing_and_drawing_load_no_tensorflow():
    program = (
        "import sys, car_classifier.data.indexing, car_classifier.demo_cars; sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
