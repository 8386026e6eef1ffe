"""From visitors' feedback to photos and manifest rows, with a database that the dashboard made."""

import hashlib
import io
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from car_classifier.data.feedback_database import open_feedback
from car_classifier.data.feedback_import import (
    CONTRADICTORY,
    HELD_OUT,
    NO_CONSENT,
    NO_LABEL,
    UNUSABLE,
    FeedbackImport,
    import_feedback,
)
from car_classifier.data.file_names import parse_file_name
from car_classifier.data.indexing import index_photos
from car_classifier.data.manifest import Manifest, read_manifest
from car_classifier.errors import UserError
from car_classifier.files import write_csv
from dashboard.database import Feedback, open_database
from tests.support.commands import in_process
from tests.support.pictures import blotches

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def jpeg(seed: int, size: tuple[int, int] = (64, 48), kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    blotches(seed, size).save(buffer, kind, quality=90)
    return buffer.getvalue()


def png(seed: int) -> bytes:
    return jpeg(seed, kind="PNG")


@pytest.fixture
def manifest(photos_in, tmp_path) -> Manifest:
    """`m.csv`: two photos of each class for training, one for validation or the test."""
    names = ["Kia_Rio_1.jpg", "Kia_Rio_2.jpg", "Kia_Rio_3.jpg", "Audi_A4_1.jpg", "Audi_A4_2.jpg", "Audi_A4_3.jpg"]
    splits = ["train", "train", "test", "train", "train", "validation"]
    lines = [f"{name},{split}\n" for name, split in zip(names, splits, strict=True)]
    (tmp_path / "split.csv").write_text("file_name,split\n" + "".join(lines))
    return index_photos(photos_in(*names), tmp_path / "m.csv", tmp_path / "split.csv").manifest


@pytest.fixture
def says(database_url) -> Callable[..., None]:
    """Gives feedback as a visitor of the dashboard: on a photo, its answer, and whether that is right."""
    database = open_database(database_url)

    def say(photo: bytes, answer: str, right: bool, label: str | None = None, *, visitor="anna", may_train=True):
        database.feedback.add(
            Feedback(
                visitor=visitor,
                photo_sha256=hashlib.sha256(photo).hexdigest(),
                model="cars",
                version="1",
                answer_label=answer,
                probability=0.5,
                answer_is_right=right,
                right_label=label,
                may_train=may_train,
                photo=photo if may_train else None,
            )
        )

    yield say
    database.engine.dispose()


@pytest.fixture
def imported(database_url, manifest, tmp_path) -> Callable[[], FeedbackImport]:
    """Imports the feedback so far."""

    def run() -> FeedbackImport:
        with open_feedback(database_url) as table:
            return import_feedback(table, read_manifest(manifest.path), tmp_path / "from visitors")

    return run


@pytest.fixture
def run_import(database_url, manifest, tmp_path):
    """Imports it through the command line."""

    def run(url: str = database_url):
        options = ["--data", "m.csv", "--out", "from visitors"]
        return in_process("data", "import-feedback", *options, cwd=tmp_path, env={"DATABASE_URL": url})

    return run


def test_photos_that_visitors_left_are_added_for_training(says, run_import, manifest, tmp_path):
    says(jpeg(101), "Kia_Rio", right=True)
    says(png(102), "Kia_Rio", right=False, label="Audi_A4")
    says(jpeg(103), "Kia_Rio", right=False, label="Alfa_Romeo_Giulia 1.6")
    says(jpeg(104), "Kia_Rio", right=True, may_train=False)
    says(jpeg(105), "Kia_Rio", right=False)
    done = run_import()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "from visitors: 3 new photos, for training only.",
        "m.csv: 8 photos of 2 classes (1 test, 6 train, 1 validation).",
        "Next: car-classifier train --data m.csv",
        "Or, in seconds, for a classifier in closed form: car-classifier teach m.csv",
    ]
    assert "Left out 1: not to be trained on." in done.stderr
    assert "Left out 1: nobody said what they show." in done.stderr
    assert "until you empty that column: Alfa_Romeo_Giulia 1.6" in done.stderr

    after = read_manifest(tmp_path / "m.csv")
    assert set(manifest.rows) < set(after.rows)
    added = {row.sha256: row for row in set(after.rows) - set(manifest.rows)}
    assert {row.split for row in added.values()} == {"train"}
    for photo, label in [(jpeg(101), "Kia_Rio"), (png(102), "Audi_A4"), (jpeg(103), "Alfa_Romeo_Giulia 1.6")]:
        row = added[hashlib.sha256(photo).hexdigest()]
        assert (row.label, row.width, row.height, bool(row.excluded)) == (label, 64, 48, label.startswith("Alfa"))
        assert after.photo_path(row).read_bytes() == photo
        suffix = "png" if label == "Audi_A4" else "jpg"
        assert Path(row.file_name).name == f"{label}_{row.sha256[:8]}.{suffix}"


def test_the_index_reads_make_and_model_back_from_the_names(says, imported, tmp_path):
    labels = ["BMW_2-Series", "Kia_Rio", "Škoda_Octavia RS", "Alfa_Romeo_Giulia"]
    for seed, label in enumerate(labels, start=101):
        says(jpeg(seed), label, right=True)
    added = {row.sha256: row for row in imported().added}
    again = index_photos(tmp_path / "from visitors", tmp_path / "again.csv").manifest
    assert sorted(row.label for row in again.rows) == sorted(labels)
    for row in again.rows:
        assert (row.make, row.model, row.year) == (added[row.sha256].make, added[row.sha256].model, None)
    assert parse_file_name(next((tmp_path / "from visitors" / "BMW_2-Series").iterdir()).name).label == "BMW_2-Series"


def test_a_second_import_adds_nothing(says, imported, run_import, tmp_path):
    says(jpeg(101), "Kia_Rio", right=True)
    imported()
    before = (tmp_path / "m.csv").read_bytes()
    done = run_import()
    assert (done.returncode, done.stdout) == (0, "m.csv stays as it is: no new photo.\n")
    assert "Left out 1: in the manifest already." in done.stderr
    assert (tmp_path / "m.csv").read_bytes() == before
    says(jpeg(102), "Kia_Rio", right=True)
    assert len(imported().added) == 1


@sqlite_only
@pytest.mark.parametrize(
    ("opinions", "reason"),
    [
        ([("Kia_Rio", True, None, True), ("Kia_Rio", True, None, False)], None),
        ([("Kia_Rio", False, "Audi_A4", True), ("Kia_Rio", False, None, True)], None),
        ([("Kia_Rio", True, None, True), ("Kia_Rio", False, "Audi_A4", True)], CONTRADICTORY),
        ([("Kia_Rio", True, None, True), ("Kia_Rio", False, None, False)], CONTRADICTORY),
        ([("Audi_A4", True, None, True), ("Kia_Rio", True, None, False)], CONTRADICTORY),
        ([("Kia_Rio", False, None, True), ("Kia_Rio", False, None, True)], NO_LABEL),
        ([("Kia_Rio", True, None, False), ("Kia_Rio", True, None, False)], NO_CONSENT),
    ],
)
def test_a_photo_counts_if_all_agree_on_it(says, imported, opinions, reason):
    for number, (answer, right, label, may_train) in enumerate(opinions):
        says(jpeg(101), answer, right, label, visitor=f"visitor {number}", may_train=may_train)
    result = imported()
    assert result.left_out == (Counter({reason: 1}) if reason else Counter())
    assert len(result.added) == (0 if reason else 1)


@sqlite_only
def test_what_resembles_a_photo_of_validation_or_test_is_left_out(says, imported):
    # The manifest's photos are the blotches 0 to 5: 2 is for the test, 5 for validation, 1 for training.
    for seed, label in [(2, "Kia_Rio"), (5, "Audi_A4"), (1, "Kia_Rio")]:
        says(jpeg(seed, (96, 72)), label, right=True)
    result = imported()
    assert result.left_out == {HELD_OUT: 2}
    alike = [row for row in result.manifest.rows if row.near_duplicate_group]
    assert [(row.label, row.split) for row in alike] == [("Kia_Rio", "train")] * 2
    assert result.added[0] in alike, "the photo of training and the new one like it are one group"
    assert len({row.near_duplicate_group for row in alike}) == 1


@sqlite_only
@pytest.mark.parametrize(
    ("photo", "label"),
    [
        (b"no photo", "Kia_Rio"),
        # The dashboard lets no such name in; another program might.
        (jpeg(101), "Kia_../../Rio"),
        (jpeg(101), "nan"),
        (jpeg(101), "Kia_Rio\n2"),
        (jpeg(101), ".Kia_Rio"),
        (jpeg(101), "Kia_" + "é" * 190),
    ],
)
def test_what_can_be_no_photo_or_no_file_is_left_out(says, imported, tmp_path, photo, label):
    says(photo, label, right=True)
    result = imported()
    assert (result.added, result.left_out) == ((), {UNUSABLE: 1})
    assert not list((tmp_path / "from visitors").iterdir())


@sqlite_only
@pytest.mark.parametrize("label", ["C/V Cargo Van", "../..", "👩‍👩‍👧 family", "é" * 190, ".hidden"])
def test_a_known_class_that_can_be_no_folder_gets_its_photos(says, database_url, photos_in, tmp_path, label):
    photos_in("1.jpg", "2.jpg")
    rows = [{"file": "1.jpg", "label": label}, {"file": "2.jpg", "label": "other"}]
    write_csv(tmp_path / "photos" / "list.csv", ("file", "label"), rows)
    manifest = index_photos(tmp_path / "photos" / "list.csv", tmp_path / "m.csv").manifest
    says(jpeg(101), label, right=True)
    with open_feedback(database_url) as table:
        (added,) = import_feedback(table, manifest, tmp_path / "from visitors").added
    assert (added.label, added.excluded) == (label, "")
    path = read_manifest(manifest.path).photo_path(added)
    assert path.is_file()
    assert path.resolve().parent.parent == (tmp_path / "from visitors").resolve()


def test_nobody_has_said_anything(says, run_import):
    done = run_import()
    assert (done.returncode, done.stdout) == (0, "Nobody has said anything yet.\n")


def test_a_database_that_is_not_there_is_a_sentence(run_import):
    done = run_import(url="sqlite:///none.sqlite3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: There is no database at none.sqlite3. The dashboard makes it when it starts.\n"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:///{folder}/text", "The database cannot be read (file is not a database). Check --database-url."),
        ("sqlite:///{folder}/empty", "The database has no table feedback: it is no dashboard's. Check --database-url."),
        ("hush-hush", "--database-url should look like sqlite:///data/dashboard.sqlite3."),
        ("mysql://me:hush-hush@host/x", "must begin with sqlite:/// or postgresql://. Received: mysql://…"),
        ("postgresql://me:hush-hush@localhost:1/x", "The database cannot be read (connection failed"),
    ],
)
def test_a_database_that_cannot_be_used_is_a_sentence(tmp_path, url, sentence):
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("This is a text and no database. " * 100)
    with pytest.raises(UserError) as caught, open_feedback(url.format(folder=tmp_path)):
        pass
    assert sentence in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_without_the_package_for_postgresql_it_says_which_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UserError) as caught, open_feedback("postgresql://me:hush-hush@localhost/cars"):
        pass
    assert "pip install 'car-classification[postgres]'" in str(caught.value)
    assert "hush-hush" not in str(caught.value)
