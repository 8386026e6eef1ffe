"""Predictions of a published model."""

import io
import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from car_classifier.commands.predict import describe_answer
from car_classifier.data.manifest import Manifest, ManifestRow, read_manifest
from car_classifier.errors import UserError
from car_classifier.evaluation.predictions import (
    Answer,
    LabelledPhoto,
    Unreadable,
    ask_about,
    classify,
    find_labelled_photos,
)
from car_classifier.words import SURE_ABOVE
from dashboard import Settings
from dashboard.reports import versions
from tests.support.commands import in_process

LABELS = ("Audi_A4", "Kia_Rio", "Land Rover_Range Rover")


@pytest.mark.parametrize(
    ("path", "truth"),
    [
        ("Kia_Rio_2014_x.jpg", "Kia_Rio"),
        ("Land Rover_Range Rover_1.PNG", "Land Rover_Range Rover"),
        ("Kia_Rio/IMG_0001.jpg", "Kia_Rio"),
        ("test/Audi_A4/side/1.jpg", "Audi_A4"),
        ("Audi_A4/Kia_Rio_1.jpg", "Kia_Rio"),
        ("IMG_0001.jpg", None),
        ("photo.jpg", None),
    ],
)
def test_the_name_of_a_photo_or_its_folder_gives_a_label_that_the_model_knows(tmp_path, path, truth):
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    assert find_labelled_photos([tmp_path / path], LABELS) == [LabelledPhoto(tmp_path / path, truth)]
    assert find_labelled_photos([tmp_path], LABELS) == [LabelledPhoto(tmp_path / path, truth)]


def test_a_folder_gives_its_photos_alone_and_a_file_is_taken_whatever_its_name(tmp_path):
    for name in ("b.jpg", "a.jpeg", "c.webp", "notes.txt", ".hidden.jpg", ".cache/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    photos = find_labelled_photos([tmp_path / "notes.txt", tmp_path], LABELS)
    assert [photo.path.name for photo in photos] == ["notes.txt", "a.jpeg", "b.jpg", "c.webp"]
    with pytest.raises(UserError, match="holds no photo: no file in it ends in .jpg"):
        (tmp_path / "empty").mkdir()
        find_labelled_photos([tmp_path / "empty"], LABELS)


@pytest.fixture
def bad_photos(tmp_path, demo_data) -> dict[str, str]:
    """Files that the model cannot read, and why."""
    whole = next((demo_data / "images").glob("*.jpg")).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[:3000])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "words.jpg").write_text("no photo")
    Image.new("RGB", (8, 8)).save(tmp_path / "other.jpg", "WEBP")
    os.mkfifo(tmp_path / "pipe.jpg")
    return {
        "cut.jpg": "truncated",
        "empty.jpg": "empty file",
        "words.jpg": "not a picture, or damaged",
        "other.jpg": "a WEBP file; car-classifier data index --convert makes a JPEG of it",
        "gone.jpg": "no such file",
        "pipe.jpg": "not a file",
    }


@pytest.mark.slow
def test_answers_come_in_order_around_what_cannot_be_read(demo_model, demo_data, bad_photos, tmp_path):
    rows = read_manifest(demo_data / "manifest.csv").rows[:40]
    good = [LabelledPhoto(demo_data / row.file_name, row.label) for row in rows]
    bad = [LabelledPhoto(tmp_path / name, None) for name in bad_photos]
    asked = good[:3] + bad + good[3:]
    answered = list(classify(demo_model, asked))
    assert [answer.photo for answer in answered] == asked
    for answer, reason in zip(answered[3 : 3 + len(bad)], bad_photos.values(), strict=True):
        assert isinstance(answer, Unreadable)
        assert reason in answer.reason
    answers = [answer for answer in answered if isinstance(answer, Answer)]
    assert len(answers) == 40
    for answer in answers:
        assert set(answer.labels) == set(demo_model.names.labels)
        assert list(answer.probabilities) == sorted(answer.probabilities, reverse=True)
        assert sum(answer.probabilities) == pytest.approx(1, abs=1e-5)
        assert answer.is_right is (answer.labels[0] == answer.photo.truth)


@pytest.mark.parametrize(
    ("probabilities", "is_sure"), [((0.9, 0.1), True), ((0.5, 0.5), True), ((0.499, 0.3), False), ((0.2, 0.1), False)]
)
def test_an_unlikely_answer_is_called_not_sure_as_on_the_page(probabilities, is_sure):
    answer = Answer(LabelledPhoto(Path("photo.jpg"), None), LABELS[:2], probabilities)
    assert (answer.is_sure, answer.as_json()["sure"]) == (is_sure, is_sure)
    output = io.StringIO()
    Console(file=output, width=80).print(describe_answer(answer))
    _, first, second = output.getvalue().splitlines()
    assert first.rstrip().endswith("not sure") is not is_sure
    assert "not sure" not in second


def test_another_limit_makes_answers_sure():
    answer = Answer(LabelledPhoto(Path("photo.jpg"), None), LABELS[:2], (0.3, 0.1), sure_above=0.25)
    assert answer.as_json()["sure"]


def test_the_page_and_predict_are_sure_from_the_same_probability():
    """Unless the settings name another, it is each version's own; `test_track_record` compares how both read it."""
    assert Settings().sure_above is None
    assert versions.SURE_ABOVE == SURE_ABOVE


def test_a_batch_that_is_refused_as_a_whole_blames_no_photo(tmp_path):
    import tensorflow as tf

    def at_most_two(image_bytes: tf.Tensor) -> tf.Tensor:
        tf.debugging.assert_less(tf.size(image_bytes), 3)
        return image_bytes

    rows = [ManifestRow(f"{i}.jpg", "", "A", "a", "A_a", None, 4, 3, "test", "") for i in range(3)]
    manifest = Manifest(tmp_path / "manifest.csv", tuple(rows))
    for row in rows:
        manifest.photo_path(row).write_bytes(row.file_name.encode())
    assert ask_about(at_most_two, manifest, rows[:2]).numpy().tolist() == [b"0.jpg", b"1.jpg"]
    with pytest.raises(tf.errors.InvalidArgumentError):
        ask_about(at_most_two, manifest, rows)
    manifest.photo_path(rows[1]).unlink()
    with pytest.raises(UserError, match=r"1.jpg cannot be used \(no such file\)"):
        ask_about(at_most_two, manifest, rows)


@pytest.mark.slow
def test_the_command_answers_the_good_photos_and_names_the_bad(demo_model_dir, demo_data, bad_photos, tmp_path):
    known = sorted((demo_data / "images").glob("*.jpg"))[0]
    shutil.copy(known, tmp_path / "IMG_1.jpg")
    arguments = ("IMG_1.jpg", *bad_photos, known, "--model", demo_model_dir, "--figure", "new/figure.png")
    result = in_process("predict", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stdout.splitlines()[0] == "IMG_1.jpg"
    assert len(result.stdout.splitlines()) >= 2 + 2 * 4
    assert result.stdout.count("%") == 8
    assert result.stdout.count("✓") == 1  # the truth of the one whose name tells it
    assert result.stderr.count("Not read: ") == len(bad_photos)
    for name, reason in bad_photos.items():
        assert any(f"Not read: {name}" in line and reason in line for line in result.stderr.splitlines())
    assert "Traceback" not in result.stderr
    with Image.open(tmp_path / "new" / "figure.png") as picture:
        assert picture.width > 300


@pytest.mark.slow
def test_json(demo_model_dir, demo_data, tmp_path):
    (tmp_path / "words.jpg").write_text("no photo")
    known = sorted((demo_data / "images").glob("*.jpg"))[0]
    result = in_process("predict", known, tmp_path / "words.jpg", "--model", demo_model_dir, "--json", "-")
    assert result.returncode == 2
    good, bad = json.loads(result.stdout)
    assert bad == {"photo": str(tmp_path / "words.jpg"), "truth": None, "error": "not a picture, or damaged"}
    assert (good["photo"], good["truth"]) == (str(known), "_".join(known.name.split("_")[:2]))
    assert len(good["answers"]) == 4
    assert sum(answer["probability"] for answer in good["answers"]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("a.jpg", "--model", "nowhere"), "There is no published model in nowhere"),
        (("a.jpg", "--figure", "a.txt"), "a.txt must end in the name of a format for figures"),
        (("a.jpg", "--figure", "a.jpg"), "a.jpg is read by this command, so it stays as it is."),
    ],
)
def test_mistakes(tmp_path, arguments, sentence):
    (tmp_path / "a.jpg").touch()
    result = in_process("predict", *arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
