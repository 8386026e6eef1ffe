"""The manifest file: written whole or not at all, read back as written, its mistakes named by line."""

from dataclasses import replace

import pytest

from car_classifier.data.manifest import (
    COLUMNS,
    Manifest,
    ManifestRow,
    class_indices,
    is_manifest,
    read_manifest,
    write_manifest,
)
from car_classifier.errors import UserError
from car_classifier.files import write_atomically, write_json

ROWS = (
    ManifestRow("images/Kia_Rio, red.jpg", "ab", "Kia", "Rio", "Kia_Rio", 2015, 320, 212, "train", ""),
    ManifestRow("images/Audi_A4.jpg", "cd", "Audi", "A4", "Audi_A4", None, 640, 480, "validation", "1"),
    ManifestRow('images/Citroën_"C4".jpg', "ef", "Citroën", "C4", "Citroën_C4", 1999, 1, 1, "test", "1"),
)
HEADER = ",".join(COLUMNS)
LINE = "a.jpg,ab,Kia,Rio,Kia_Rio,2015,320,212,train,"


def test_what_is_written_is_read_back_sorted(tmp_path):
    written = write_manifest(tmp_path / "new" / "folder" / "manifest.csv", ROWS)
    assert read_manifest(written.path) == read_manifest(written.path.parent) == written
    assert [row.file_name for row in written.rows] == sorted(row.file_name for row in ROWS)
    assert is_manifest(written.path)


def test_counts_and_classes_of_a_manifest(tmp_path):
    manifest = write_manifest(tmp_path / "manifest.csv", ROWS)
    assert manifest.labels == ("Audi_A4", "Citroën_C4", "Kia_Rio")
    assert manifest.makes() == {"Audi_A4": "Audi", "Citroën_C4": "Citroën", "Kia_Rio": "Kia"}
    assert manifest.counts() == {"train": 1, "validation": 1, "test": 1}
    assert manifest.split("train") == (ROWS[0],)
    assert manifest.photo_path(ROWS[0]) == tmp_path / "images" / "Kia_Rio, red.jpg"
    assert class_indices(ROWS, manifest.labels) == [2, 0, 1]


def test_excluded_rows_count_nowhere(tmp_path):
    rows = (*ROWS[:2], replace(ROWS[2], excluded="blurred, dark", prefilter_score=0.25))
    manifest = write_manifest(tmp_path / "manifest.csv", rows)
    assert read_manifest(manifest.path) == manifest
    assert len(manifest.rows) == 3
    assert set(manifest.kept) == set(ROWS[:2])
    assert manifest.split("test") == ()
    assert manifest.labels == ("Audi_A4", "Kia_Rio")
    assert set(manifest.makes()) == {"Audi_A4", "Kia_Rio"}
    assert manifest.counts() == {"train": 1, "validation": 1}
    assert manifest.label_counts() == {"Audi_A4": 1, "Kia_Rio": 1}


def test_a_manifest_of_an_earlier_version_excludes_nothing(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text(f"{HEADER}\n{LINE}\n")
    (row,) = read_manifest(path).kept
    assert (row.excluded, row.prefilter_score) == ("", None)


@pytest.mark.parametrize(
    ("cells", "excluded", "score"),
    [(",", "", None), (" ,0.5", "", 0.5), ("dark,", "dark", None), ("dark", "dark", None)],
)
def test_the_optional_columns(tmp_path, cells, excluded, score):
    path = tmp_path / "manifest.csv"
    path.write_text(f"{HEADER},excluded,prefilter_score\n{LINE},{cells}\n")
    (row,) = read_manifest(path).rows
    assert (row.excluded, row.prefilter_score) == (excluded, score)


def test_photos_that_are_gone_are_named(tmp_path):
    manifest = write_manifest(tmp_path / "manifest.csv", ROWS)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "Audi_A4.jpg").write_bytes(b"x")
    manifest.check_photos([ROWS[1]])
    with pytest.raises(UserError, match="Rio, red.jpg is gone. Make the manifest again"):
        manifest.check_photos(ROWS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_files_that_a_spreadsheet_saved(tmp_path, encoding, newline):
    path = tmp_path / "manifest.csv"
    path.write_bytes(f"extra,{HEADER}{newline}x,{LINE}{newline}{newline}".encode(encoding))
    assert [row.label for row in read_manifest(path).rows] == ["Kia_Rio"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no manifest at .*manifest.csv. Make one with: car-classifier data index PHOTOS"),
        ("", "it has no column file_name, sha256"),
        ("file_name,make,model\na.jpg,Kia,Rio\n", "it has no column sha256, label, .* car-classifier data index"),
        (HEADER + "\n", "lists no photos"),
        (f"{HEADER}\n{LINE.replace('Kia_Rio', ' ')}\n", "line 2: label is empty. Write one, or remove the line."),
        (f"{HEADER}\n{LINE}\n{LINE.replace('train', 'dev')}\n", "line 3: split must be one of train, .*'dev'"),
        (f"{HEADER}\n{LINE.replace('320', '-1')}\n", "line 2: width must be 1 pixel or more. Received: -1"),
        (f"{HEADER}\n\n\n{LINE.replace('320', 'wide')}\n", "line 4: width must be a whole number. .*'wide'. Make"),
        (
            f'{HEADER}\n"a\nb{LINE[1:5]}"{LINE[5:]}\n{LINE.replace("2015", "soon")}\n',
            "line 4: year must be .*'soon'",
        ),
        (f"{HEADER},prefilter_score\n{LINE},low\n", "line 2: prefilter_score must be a number. Received: 'low'"),
        (f"{HEADER}\n{LINE}\na.jpg,ab,Kia\n", "line 3: the row is cut short"),
        (f"{HEADER}\n{LINE}\n".replace("Kia", "Citro\xebn").encode("latin-1"), "cannot be read as a CSV file in UTF-8"),
        ((HEADER + "\n").encode("utf-16"), "lists no photos"),
    ],
)
def test_files_that_are_no_manifest(tmp_path, content, message):
    path = tmp_path / "manifest.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=message):
        read_manifest(path)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "manifest.csv"
    write_manifest(path, ROWS)
    before = path.read_bytes()

    def write(target):
        target.write_text("half of it")
        raise error

    with pytest.raises(error):
        write_atomically(path, write)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_json_that_other_programs_could_not_read_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("files", "rows", "expected"),
    [
        (["demo.json"], ["images/a.jpg", "images/b.jpg"], True),
        (["demo.json"], ["images/a.jpg", "../mine/b.jpg"], False),
        ([], ["images/a.jpg"], False),
    ],
)
def test_a_manifest_knows_whether_all_its_photos_are_drawn(tmp_path, files, rows, expected):
    for name in files:
        (tmp_path / name).write_text("{}")
    row = ManifestRow("", "0" * 64, "", "a", "a", None, 1, 1, "train", "")
    assert (
        Manifest(tmp_path / "manifest.csv", tuple(replace(row, file_name=name) for name in rows)).is_drawn == expected
    )
