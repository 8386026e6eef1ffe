"""From photos in a folder, in any of the three forms, to a manifest."""

import io
import os
import re
import shutil
import socket
import struct
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from car_classifier.data.indexing import index_photos
from car_classifier.data.manifest import read_manifest
from car_classifier.data.photo_files import open_photo
from car_classifier.errors import UserError
from car_classifier.files import sha256_of
from tests.support.pictures import blotches


def indexed(source, tmp_path, **options):
    """The result of indexing, and the manifest in the file."""
    result = index_photos(source, tmp_path / "out" / "manifest.csv", **options)
    assert read_manifest(result.manifest.path) == result.manifest
    return result


def rows_by_name(result, *columns):
    return {
        row.file_name.rpartition("/")[2]: tuple(getattr(row, column) for column in columns)
        for row in result.manifest.rows
    }


FLAT = ("Kia_Rio_2015_20.jpg", "Kia_Rio_2016.JPG", "Audi_A4 Avant_nan_30.Jpeg", "deep/er/Audi_A4 Avant_1.PNG")


def test_a_flat_folder(photos_in, tmp_path):
    result = indexed(photos_in(*FLAT, ".hidden_x.jpg", ".cache/Kia_Rio_1.jpg"), tmp_path)
    assert rows_by_name(result, "make", "model", "label", "year", "width", "height", "near_duplicate_group") == {
        "Kia_Rio_2015_20.jpg": ("Kia", "Rio", "Kia_Rio", 2015, 64, 48, ""),
        "Kia_Rio_2016.JPG": ("Kia", "Rio", "Kia_Rio", 2016, 64, 48, ""),
        "Audi_A4 Avant_nan_30.Jpeg": ("Audi", "A4 Avant", "Audi_A4 Avant", None, 64, 48, ""),
        "Audi_A4 Avant_1.PNG": ("Audi", "A4 Avant", "Audi_A4 Avant", None, 64, 48, ""),
    }
    for row in result.manifest.rows:
        path = result.manifest.photo_path(row)
        assert path.is_file()
        assert row.sha256 == sha256_of(path)
    assert result.left_out == ()


def test_a_folder_for_each_class(photos_in, tmp_path):
    names = ("Kia_Rio/1.jpg", "Kia_Rio/front/2.jpg", "Aston Martin_V8_Vantage/IMG_3.jpg", "Kia_Rio/Kia_Rio_2015.jpg")
    result = indexed(photos_in(*names), tmp_path)
    assert rows_by_name(result, "make", "model", "year") == {
        "1.jpg": ("Kia", "Rio", None),
        "2.jpg": ("Kia", "Rio", None),
        "IMG_3.jpg": ("Aston Martin", "V8_Vantage", None),
        "Kia_Rio_2015.jpg": ("Kia", "Rio", 2015),
    }


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("train", "train"), ("Training", "train"), ("validation", "validation"), ("val", "validation"),
        ("VALID", "validation"), ("test", "test"), ("sets/test", "test"),
    ],
)  # fmt: skip
def test_folders_of_a_split(photos_in, tmp_path, folder, split):
    names = [f"{folder}/Kia_Rio/1.jpg", f"{folder}/Kia_Rio_2015.jpg"]
    names += [f"{other}/Audi_A4/{i}.jpg" for i, other in enumerate(("train", "val", "test"))]
    result = indexed(photos_in(*names), tmp_path, validation=0, test=0)
    assert Counter(result.manifest.counts()) == Counter(["train", "validation", "test", split, split])
    assert {row.split for row in result.manifest.rows if row.make == "Kia"} == {split}


LISTED = ("1.jpg", "sub/2.jpg", "3.png")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "file_name,make,model\n1.jpg,Kia,Rio\nsub/2.jpg, Audi , A4 \n",
            {"1.jpg": ("Kia", "Rio", None, "train"), "2.jpg": ("Audi", "A4", None, "train")},
        ),
        (
            "\ufeffmodel,file_name,make,split,year,note\nRio,1.jpg,Kia,test,2015,x\nA_4,sub/2.jpg,A_udi,,no,\n"
            "A_4,3.png,A_udi,Val,,\n",
            {
                "1.jpg": ("Kia", "Rio", 2015, "test"),
                "2.jpg": ("A_udi", "A_4", None, "train"),
                "3.png": ("A_udi", "A_4", None, "validation"),
            },
        ),
        (
            'file_name,make,model\r\n"1.jpg","Kia","Rio, ""S"""\r\n\r\n3.png,Kia,Rio\r\n',
            {"1.jpg": ("Kia", 'Rio, "S"', None, "train"), "3.png": ("Kia", "Rio", None, "train")},
        ),
    ],
)
@pytest.mark.parametrize("by", ["file", "folder"])
def test_a_csv_of_photos(photos_in, tmp_path, content, expected, by):
    folder = photos_in(*LISTED)
    (folder / "list.csv").write_bytes(content.encode())
    result = indexed(folder / "list.csv" if by == "file" else folder, tmp_path, validation=0, test=0)
    assert rows_by_name(result, "make", "model", "year", "split") == expected
    assert result.left_out == ()


def test_a_manifest_is_such_a_csv(photos_in, tmp_path):
    first = indexed(photos_in(*FLAT), tmp_path, validation=0.5)
    again = index_photos(first.manifest.path, tmp_path / "elsewhere" / "manifest.csv", seed=9)
    assert rows_by_name(again, "sha256", "label", "split") == rows_by_name(first, "sha256", "label", "split")


def test_the_same_command_again_sees_new_photos_though_its_manifest_lies_among_them(photos_in):
    folder = photos_in(*FLAT)
    index_photos(folder, folder / "manifest.csv")
    shutil.copy(folder / FLAT[0], folder / "Kia_Rio_new.jpg")
    assert len(index_photos(folder, folder / "manifest.csv").manifest.rows) == len(FLAT) + 1


def png_header(width: int, height: int) -> bytes:
    """A PNG file that ends after its header."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + b"\0\0\1\0IDAT"


def encoded(format: str, image=None, **options) -> bytes:
    file = io.BytesIO()
    (image or blotches(99)).save(file, format, **options)
    return file.getvalue()


BAD_FILES = {
    "empty": ("Kia_Rio_bad.jpg", b"", "empty file"),
    "half a JPEG": ("Kia_Rio_bad.jpg", encoded("JPEG")[:-200], "cannot be read: .*truncated"),
    "half a PNG": ("Kia_Rio_bad.png", encoded("PNG")[:600], "cannot be read: it is cut off"),
    "only a signature": ("Kia_Rio_bad.jpg", b"\xff\xd8\xff", "not a picture, or damaged"),
    "text": ("Kia_Rio_bad.jpg", b"<html>404</html>", "not a picture, or damaged"),
    "a PNG without its last byte": ("Kia_Rio_bad.png", encoded("PNG")[:-1], "cannot be read: it is cut off"),
    "a PNG without its last part": ("Kia_Rio_bad.png", encoded("PNG")[:-12], "cannot be read: it is cut off"),
    "a PNG without its last checksum": ("Kia_Rio_bad.png", encoded("PNG")[:-16], "cannot be read: it is cut off"),
    "a PNG with a wrong checksum": (
        "Kia_Rio_bad.png",
        encoded("PNG")[:-16] + bytes(4) + encoded("PNG")[-12:],
        "cannot be read: a checksum in it is wrong",
    ),
    "another format": ("Kia_Rio_bad.jpg", encoded("WEBP"), "a WEBP file; .* --convert makes a JPEG of it"),
    "a GIF": ("Kia_Rio_bad.png", encoded("GIF"), "a GIF file; .* --convert"),
    "another format by its name, too": ("Kia_Rio_bad.webp", encoded("WEBP"), "a WEBP file; .* --convert"),
    "huge": ("Kia_Rio_bad.png", png_header(10_000, 5_001), "10000×5001 pixels; at most 50 megapixels"),
    "huge enough for Pillow to warn": ("Kia_Rio_bad.png", png_header(10_000, 10_000), "10000×10000 pixels; at most 50"),
    "huge enough for Pillow to refuse": ("Kia_Rio_bad.png", png_header(60_000, 60_000), "far more than 50 megapixels"),
    "a format with a vowel": ("Kia_Rio_bad.avif", encoded("AVIF"), "^an AVIF file; car-classifier data index"),
    "no photo by its name": ("Kia_Rio_bad.pdf", encoded("PDF"), "not a JPEG or PNG file by its name"),
    "no car by its name": ("holiday.jpg", encoded("JPEG"), "its name says no class; put it into"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_that_cannot_be_used_is_left_out_by_name_and_reason(photos_in, tmp_path, case):
    name, content, reason = BAD_FILES[case]
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    (folder / name).write_bytes(content)
    result = indexed(folder, tmp_path)
    assert [row.file_name.rpartition("/")[2] for row in result.manifest.rows] == ["Audi_A4_1.jpg", "Kia_Rio_1.jpg"]
    (left_out,) = result.left_out
    assert left_out.path == folder / name
    assert re.search(reason, left_out.reason)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)


@pytest.mark.parametrize("make", [os.mkfifo, make_socket])
def test_a_pipe_or_a_socket_is_no_photo(photos_in, tmp_path, monkeypatch, make):
    folder = photos_in("cats/1.jpg", "dogs/1.jpg")
    monkeypatch.chdir(folder)  # the path of a socket must be short
    make("cats/pipe.jpg")
    (folder / "dogs" / "link.jpg").symlink_to(folder / "cats" / "pipe.jpg")
    assert {str(item) for item in indexed(folder, tmp_path).left_out} == {
        f"{folder / name}: not a file" for name in ("cats/pipe.jpg", "dogs/link.jpg")
    }
    with pytest.raises(UserError, match=r"cats/pipe\.jpg"):
        open_photo(folder / "cats" / "pipe.jpg")


@pytest.mark.parametrize(
    ("line", "name", "reason"),
    [
        ("gone.jpg,Kia,Rio", "gone.jpg", "no such file"),
        ("sub,Kia,Rio", "sub", "cannot be read: .*directory"),
        ("3.png,Kia,nan", "3.png", "line 4 of list.csv gives it no model"),
        ("3.png,,", "3.png", "line 4 of list.csv gives it no model"),
        ("1.jpg,Audi,A4", "1.jpg", "listed a second time in line 4 of list.csv"),
        ("pipe.jpg,Kia,Rio", "pipe.jpg", "^not a file$"),
    ],
)
def test_a_line_of_a_csv_that_cannot_be_used_is_left_out(photos_in, tmp_path, line, name, reason):
    folder = photos_in(*LISTED)
    if name == "pipe.jpg":
        os.mkfifo(folder / name)
    (folder / "list.csv").write_text(f"file_name,make,model\n1.jpg,Kia,Rio\nsub/2.jpg,Audi,A4\n{line}\n")
    result = indexed(folder, tmp_path)
    assert rows_by_name(result, "label") == {"1.jpg": ("Kia_Rio",), "2.jpg": ("Audi_A4",)}
    (left_out,) = result.left_out
    assert left_out.path == folder / name
    assert re.search(reason, left_out.reason)


@pytest.mark.parametrize(
    ("mode", "options"),
    [("L", {}), ("CMYK", {}), ("RGBA", {}), ("LA", {}), ("P", {"transparency": b"\0\x80"}), ("1", {}), ("I;16", {})],
)
def test_every_kind_of_pixel_can_be_read(photos_in, tmp_path, mode, options):
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    image = Image.new(mode, (64, 48)) if mode == "I;16" else blotches(5).convert(mode)
    image.save(folder / f"Kia_Rio_2.{'jpg' if mode == 'CMYK' else 'png'}", **options)
    result = indexed(folder, tmp_path)
    assert (len(result.manifest.rows), result.left_out) == (3, ())


def test_damaged_bytes_never_end_the_run(photos_in, tmp_path):
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = {"jpg": encoded("JPEG", exif=exif), "png": encoded("PNG", exif=exif)}
    for suffix, content in whole.items():
        for place in range(0, 240):
            damaged = bytearray(content)
            damaged[place] ^= 0x5A
            (folder / f"Kia_Rio_{place}x.{suffix}").write_bytes(damaged)
    result = indexed(folder, tmp_path)
    assert len(result.manifest.rows) + len(result.left_out) == 2 + 2 * 240
    assert all(item.reason for item in result.left_out)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "holds no usable photo. Photos are JPEG or PNG files. Put them into one folder for each class, or give a"),
        *(
            ((f"cat{end}.jpg", f"dog{end}.jpg"), "no class; .* Put them into one folder .* columns file_name,label")
            for end in (".0", " (0)", "-0", "0")
        ),
        (
            [f"{name}_00{i}.jpg" for name in ("DSC", "IMG") for i in range(3)],
            "Nearly every photo in .* of its own by its name: DSC_000.jpg is .* of make DSC. Put them into one folder",
        ),
        ([f"holiday_{letter}.jpg" for letter in "abcdefghijk"], "Nearly every photo in .* use --classes names"),
        (
            ("holiday.jpg", "party.png"),
            "no usable photo. The first of 2 files left out: .*holiday.jpg: its name says no class",
        ),
        (("okapi/red_panda_1.jpg", "okapi/red_panda_2.jpg"), "All 2 usable photos in .* are of one class, okapi. "),
        (("Kia_Rio_1.jpg", "Kia_Rio_2.jpg"), "All 2 usable photos in .* are of one class, Kia_Rio. .* at least two"),
    ],
)
def test_a_folder_that_will_not_do(photos_in, tmp_path, names, message):
    (tmp_path / "photos").mkdir()
    with pytest.raises(UserError, match=message):
        index_photos(photos_in(*names), tmp_path / "manifest.csv")
    assert not (tmp_path / "manifest.csv").exists()


def test_only_the_most_frequent_classes_are_used(photos_in, tmp_path):
    names = ("Kia_Rio_1.jpg", "Kia_Rio_2.jpg", "Audi_A4_1.jpg", "Fiat_500_1.jpg", "Fiat_500_2.jpg")
    result = indexed(photos_in(*names), tmp_path, top=2)
    assert result.manifest.labels == ("Fiat_500", "Kia_Rio")
    assert rows_by_name(result, "excluded")["Audi_A4_1.jpg"] == ("top: not among the 2 most frequent classes",)
    assert not any("Audi" in note for note in result.warnings)


def test_one_class_will_do_where_the_caller_says_so(photos_in, tmp_path):
    assert indexed(photos_in("Kia_Rio_1.jpg"), tmp_path, min_classes=1).manifest.labels == ("Kia_Rio",)


WRONG_COLUMNS = "as a list of photos: its first line must name the columns file_name and label, or .*make and model."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file_name,make\n1.jpg,Kia\n", f"{WRONG_COLUMNS} It names: file_name, make"),
        ("photo,label\n1.jpg,Kia\n", f"{WRONG_COLUMNS} It names: photo, label"),
        ("", f"{WRONG_COLUMNS} It names: nothing"),
        ("1.jpg,Kia\n", f"{WRONG_COLUMNS} It names: 1.jpg, kia. .* write a line such as file_name,label above it."),
        ("file_name,make,model,split\n1.jpg,Kia,Rio,side\n", "line 2: split must be one of train, .* Received: 'side'"),
        ("file_name,make,model\n\n1.jpg,Kia\n", "line 3: the row is cut short"),
        (b"file_name,make,model\n1.jpg,Citro\x81n,C4\n", "cannot be read as a CSV file in UTF-8"),
        (f"file_name,make,model\n1.jpg,Kia,{'x' * 200_000}\n", "cannot be read as a CSV .*field larger"),
    ],
)
def test_a_csv_that_will_not_do(photos_in, tmp_path, content, message):
    path = photos_in(*LISTED) / "list.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=message):
        index_photos(path, tmp_path / "manifest.csv")


def test_two_lists_in_a_folder_must_be_chosen_from(photos_in, tmp_path):
    folder = photos_in(*LISTED)
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("file_name,make,model\n1.jpg,Kia,Rio\n")
    with pytest.raises(UserError, match="several lists of photos: a.csv, b.csv. Give the one"):
        index_photos(folder, tmp_path / "manifest.csv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation": 0.5, "test": 0.5}, "must leave some for training. Received: 0.5, 0.5"),
        ({"validation": -0.1}, "Received: -0.1"),
        ({"top": 1}, "--top must be at least 2"),
        ({"test": float("nan")}, "Received: 0.2, nan"),
        ({"source": "nowhere"}, "There is no folder or CSV file at .*nowhere"),
        ({"split_csv": "nowhere.csv"}, "There is no file at .*nowhere.csv"),
        ({"out": "photos"}, "photos is a folder. Name a file in it, such as"),
        ({"out": "photos/Kia_Rio_1.jpg/manifest.csv"}, "Kia_Rio_1.jpg is a file, not a folder"),
    ],
)
def test_arguments_that_will_not_do(photos_in, tmp_path, options, message):
    photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    arguments = {"source": "photos", "out": "manifest.csv"} | options
    arguments = {name: tmp_path / value if isinstance(value, str) else value for name, value in arguments.items()}
    with pytest.raises(UserError, match=message):
        index_photos(**arguments)


# --- the split ---

SPLIT_PHOTOS = ("Kia_Rio_1.jpg", "Kia_Rio_2.jpg", "Audi_A4/1.jpg", "Audi_A4/2.jpg", "val/Audi_A4/3.jpg")


@pytest.mark.parametrize(
    "content",
    [
        "file_name,split\nKia_Rio_1.jpg,test\nKia_Rio_2.jpg,validation\nAudi_A4/1.jpg,Test\nAudi_A4/2.jpg, val \n"
        "val/Audi_A4/3.jpg,train\n",
        "Path;Split\nKia_Rio_1.jpg;test\nKia_Rio_2.jpg;validation\n1.jpg;test\n2.jpg;dev\n3.jpg;train\n",
        "\ufeffmake_model,split,near,file_name\nx,test,,photos/Kia_Rio_1.jpg\nx,validation,7,./photos/Kia_Rio_2.jpg\n"
        "x,test,,1.jpg\nx,val,,2.jpg\nx,training,,3.jpg\nx,train,,of_another_set.jpg\n",
    ],
)
def test_a_given_split_is_used_as_it_is(photos_in, tmp_path, content):
    (tmp_path / "split.csv").write_bytes(content.encode())
    result = indexed(photos_in(*SPLIT_PHOTOS), tmp_path, split_csv=tmp_path / "split.csv")
    assert rows_by_name(result, "split") == {
        "Kia_Rio_1.jpg": ("test",),
        "Kia_Rio_2.jpg": ("validation",),
        "1.jpg": ("test",),
        "2.jpg": ("validation",),
        "3.jpg": ("train",),
    }
    assert not any("are not in" in note for note in result.warnings)


def test_photos_that_a_given_split_does_not_name(photos_in, tmp_path):
    (tmp_path / "split.csv").write_text("file_name,split\nKia_Rio_1.jpg,test\n")
    result = indexed(photos_in(*SPLIT_PHOTOS), tmp_path, split_csv=tmp_path / "split.csv", validation=0, test=0, seed=4)
    assert result.manifest.counts() == {"test": 1, "train": 3, "validation": 1}
    assert result.warnings[0] == f"3 photos are not in {tmp_path / 'split.csv'}; the split was drawn with seed 4."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file_name,side\na.jpg,train\n", "has no column split"),
        ("photograph,split\na.jpg,train\n", "has no column file_name"),
        ("file_name,split\na.jpg,train\nb.jpg,\n", "line 3: split must be one of .* Received: ''"),
        ("file_name,split\na.jpg,train\na.jpg,test\n", "line 3: a.jpg is in test here, but in train before"),
    ],
)
def test_a_given_split_that_will_not_do(photos_in, tmp_path, content, message):
    (tmp_path / "split.csv").write_text(content)
    with pytest.raises(UserError, match=message):
        indexed(photos_in(*FLAT), tmp_path, split_csv=tmp_path / "split.csv")


def written_with_copies(folder, pictures):
    """Photos of two classes; each car has a smaller copy and an exact one beside it."""
    folder.mkdir()
    for i, picture in enumerate(pictures):
        name = f"Kia_Rio_{i}" if i % 2 else f"Audi_A4_{i}"
        picture.save(folder / f"{name}.jpg", quality=92)
        picture.resize((120, 80)).save(folder / f"{name}_small.jpg", quality=60)
        shutil.copy(folder / f"{name}.jpg", folder / f"{name}_copy.jpg")
    return folder


@pytest.mark.parametrize("seed", [0, 1])
def test_copies_never_lie_in_two_splits(tmp_path, pictures, seed):
    result = indexed(written_with_copies(tmp_path / "photos", pictures), tmp_path, validation=0.3, test=0.3, seed=seed)
    groups: dict[str, list] = {}
    for row in result.manifest.rows:
        groups.setdefault(row.near_duplicate_group, []).append(row)
    assert sorted(map(len, groups.values())) == [3] * len(pictures)
    assert all(len({row.split for row in rows}) == 1 for rows in groups.values())
    assert set(result.manifest.counts()) == {"train", "validation", "test"}


def test_a_given_split_may_tear_copies_with_a_warning(tmp_path, pictures):
    folder = written_with_copies(tmp_path / "photos", pictures[:4])
    (tmp_path / "split.csv").write_text("file_name,split\nAudi_A4_0.jpg,train\nAudi_A4_0_small.jpg,test\n")
    result = indexed(folder, tmp_path, split_csv=tmp_path / "split.csv")
    splits = rows_by_name(result, "split")
    assert (splits["Audi_A4_0.jpg"], splits["Audi_A4_0_small.jpg"]) == (("train",), ("test",))
    assert any("Near-duplicates lie in different splits" in note and "(groups: 1)" in note for note in result.warnings)


def test_the_split_is_seeded_and_stable_under_renaming(photos_in, tmp_path):
    names = [f"{label}_{i}.jpg" for label in ("Kia_Rio", "Audi_A4") for i in range(20)]
    folder = photos_in(*names)
    split_of = lambda result: {row.sha256: row.split for row in result.manifest.rows}  # noqa: E731
    first = indexed(folder, tmp_path, seed=3)
    for label in ("Kia_Rio", "Audi_A4"):
        counts = Counter(row.split for row in first.manifest.rows if row.label == label)
        assert counts == {"train": 12, "validation": 4, "test": 4}
    assert split_of(indexed(folder, tmp_path, seed=4)) != split_of(first)
    for i, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / f"{path.stem.rpartition('_')[0]}_{7 * i % 40:02}_renamed.JPEG")
    assert split_of(indexed(folder, tmp_path, seed=3)) == split_of(first)


@pytest.mark.parametrize(
    ("names", "note"),
    [
        (
            ("train/Kia_Rio/1.jpg", "val/Kia_Rio/2.jpg", "train/Audi_A4/3.jpg"),
            "1 class has no photo for validation: Audi_A4",
        ),
        (("test/Kia_Rio/1.jpg", "train/Audi_A4/3.jpg"), "1 class has no photo for train: Kia_Rio"),
    ],
)
def test_a_class_without_photos_in_a_split_is_named(photos_in, tmp_path, names, note):
    assert note in indexed(photos_in(*names), tmp_path).warnings


@pytest.mark.parametrize(
    ("names", "doubted"),
    [
        (("IMG_1a.jpg", "IMG_1b.jpg", "IMG_1c.jpg"), True),
        (("robin/IMG_1.jpg", "robin/IMG_2.jpg", "wren/IMG_3.jpg"), False),
        (("robin/IMG_1.jpg", "robin/IMG_2.jpg", "wren/IMG_1b_1.jpg", "wren/IMG_1_4.jpg"), False),
        (("Bird_Robin/IMG_1.jpg", "Bird_Robin/IMG_2.jpg", "Bird_Wren/IMG_3.jpg"), False),
    ],
)
def test_names_of_a_camera_that_were_read_as_classes_raise_doubt(photos_in, tmp_path, names, doubted):
    notes = indexed(photos_in(*names), tmp_path).warnings
    assert any("Each photo is a class of its own, such as IMG_1a." in note for note in notes) is doubted


def test_size_and_hash_are_of_the_upright_photo(photos_in, tmp_path):
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    blotches(9).save(folder / "Kia_Rio_2.jpg", exif=exif)
    blotches(9).transpose(Image.Transpose.ROTATE_270).save(folder / "Kia_Rio_3.jpg")
    result = indexed(folder, tmp_path)
    assert rows_by_name(result, "width", "height")["Kia_Rio_2.jpg"] == (48, 64)
    groups = {name: group for name, (group,) in rows_by_name(result, "near_duplicate_group").items()}
    assert groups["Kia_Rio_2.jpg"] == groups["Kia_Rio_3.jpg"] == "1"


def test_sixteen_bits_of_grey_count(photos_in, tmp_path):
    folder = photos_in("Kia_Rio_1.jpg", "Audi_A4_1.jpg")
    for i in range(4):
        grey = np.asarray(blotches(20 + i).convert("L")).astype(np.uint16)
        Image.fromarray(grey * 200 + 300).save(folder / f"Kia_Rio_grey{i}.png")
    assert {row.near_duplicate_group for row in indexed(folder, tmp_path).manifest.rows} == {""}


def test_progress_counts_every_file(photos_in, tmp_path):
    calls = []
    indexed(photos_in(*FLAT), tmp_path, report=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_list_of_the_users_own_is_never_replaced(photos_in, tmp_path):
    """Neither the list that is the source nor one in the indexed folder: a manifest replaces only a manifest."""
    folder = photos_in(*FLAT)
    own = folder / "manifest.csv"
    own.write_text("file_name,make,model\nKia_Rio_2015_20.jpg,Kia,Ceed\n")
    for source in (own, folder):
        with pytest.raises(UserError, match="is there already and is no manifest"):
            index_photos(source, own)
    assert own.read_text().splitlines()[1] == "Kia_Rio_2015_20.jpg,Kia,Ceed"
